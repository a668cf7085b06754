/**
 * `token create|list|revoke`: the tokens of one service, by talking to it, or
 * with `--state-dir` by writing the table of a service that does not run yet.
 *
 * @module
 */
import {
  type Command,
  type CommandUnknownOpts,
  Option,
  type OptionValues,
} from "@commander-js/extra-typings";
import { z } from "zod";
import {
  openTokenTable,
  TOKEN_ROLES,
  TokenInfo,
  type TokenRequest,
  type TokenTable,
} from "../../auth/mod.ts";
import type { HttpClient } from "../../http/client.ts";
import { AppError } from "../../model/errors.ts";
import {
  type ClientFlags,
  HTTP_SERVICES,
  type HttpService,
} from "../client_config.ts";
import type { CliContext } from "../context.ts";
import { duration, table } from "../core/table.ts";
import {
  examples,
  printJson,
  wholeNumber,
  withClientFlags,
  withMaster,
  withService,
} from "../flags.ts";
import { durationBetween } from "../duration_flag.ts";

const DAY_MS = 86_400_000;
/** From making a one-time token to typing it in on the worker. */
const ONE_TIME_MS = 3_600_000;
/** Ten years: longer-lived ones can as well have no end. */
const MAX_DAYS = 3650;

/** One way to a table: the service's own, or the file. */
interface Tokens {
  create(request: TokenRequest): Promise<{ token: string; id: string }>;
  list(): Promise<TokenInfo[]>;
  revoke(id: string): Promise<void>;
}

interface TokenFlags extends ClientFlags {
  service: "master" | HttpService;
  url?: string | undefined;
  stateDir?: string | undefined;
}

function tokensOfTable(context: CliContext, tokens: TokenTable): Tokens {
  return {
    create: async (request) => {
      const { token, info } = tokens.create(request, {
        now: context.clock.now(),
        random: context.random,
      });
      return { token, id: info.id };
    },
    list: async () => tokens.list(),
    revoke: async (id) => tokens.revoke(id),
  };
}

const Created = z.object({
  token: z.string(),
  info: z.object({ id: z.string() }),
});
const Listed = z.object({ tokens: z.array(TokenInfo) });

async function withTokensOf<T>(
  context: CliContext,
  service: HttpService,
  flags: TokenFlags,
  action: (tokens: Tokens) => Promise<T>,
): Promise<T> {
  const path = "/api/v1/tokens";
  const over = (client: HttpClient): Tokens => ({
    create: async (request) => {
      const made = await client.json(Created, path, {
        method: "POST",
        json: request,
      });
      return { token: made.token, id: made.info.id };
    },
    list: async () => (await client.json(Listed, path)).tokens,
    revoke: async (id) => {
      const response = await client.request(
        `${path}/${encodeURIComponent(id)}`,
        { method: "DELETE" },
      );
      await response.body?.cancel();
    },
  });
  return await withService(
    context,
    service,
    flags,
    (client) => action(over(client)),
  );
}

async function withTokens<T>(
  context: CliContext,
  flags: TokenFlags,
  action: (tokens: Tokens) => Promise<T>,
): Promise<T> {
  if (flags.stateDir !== undefined) {
    const table = openTokenTable(flags.stateDir);
    try {
      return await action(tokensOfTable(context, table));
    } finally {
      table.close();
    }
  }
  if (flags.service !== "master") {
    return await withTokensOf(context, flags.service, flags, action);
  }
  return await withMaster(context, flags, (master) =>
    action({
      create: (request) => master.createToken(request),
      list: () => master.listTokens(),
      revoke: (id) => master.revokeToken(id),
    }));
}

function withTokenFlags<Args extends unknown[], Opts extends OptionValues>(
  command: Command<Args, Opts>,
) {
  return withClientFlags(command)
    .addOption(
      new Option("--service <service>", "whose tokens").choices(
        ["master", ...HTTP_SERVICES] as const,
      ).default("master" as const),
    )
    .option(
      "--url <url>",
      "where the service is, when not in the client configuration",
    )
    .option(
      "--state-dir <dir>",
      "the service's own directory: writes its table directly, for the first token",
    );
}

/**
 * The flags of one-time tokens. Beside the typed ones, of which `create` has so
 * many that the compiler takes minutes over one more.
 */
function withOneTime(create: CommandUnknownOpts): void {
  create.option(
    "--one-time",
    "it logs nobody in: `worker enroll` exchanges it, once",
  ).option(
    "--expires <duration>",
    "when it expires: 30s, 5m, 1h, 7d (one-time: 1h when not given)",
    durationBetween(1000, MAX_DAYS * DAY_MS),
  );
}

/** What {@linkcode withOneTime} came to. */
function oneTimeOf(flags: object): { oneTime: boolean; expiresMs?: number } {
  const given = Object.fromEntries<unknown>(Object.entries(flags));
  const { oneTime, expires } = given;
  return {
    oneTime: oneTime === true,
    ...(typeof expires === "number" ? { expiresMs: expires } : {}),
  };
}

function addCreate(parent: Command, context: CliContext): void {
  const create = parent.command("create");
  withOneTime(create);
  withTokenFlags(create)
    .description("make a token and print it, once")
    .addOption(
      new Option("--role <role>", "what it may do").choices(TOKEN_ROLES)
        .makeOptionMandatory(),
    )
    .requiredOption("--name <name>", "whose it is, for people")
    .option(
      "--days <days>",
      "when it expires; never when not given",
      wholeNumber(1, MAX_DAYS),
    )
    .addHelpText(
      "after",
      examples(
        "token create --role worker --one-time --name w4",
        "token create --role admin --name me --state-dir /var/lib/procurator/master",
        "token create --role viewer --name screen --days 30",
        "token create --service cache --role publisher --name ci",
      ),
    )
    .action((flags) =>
      withTokens(context, flags, async (tokens) => {
        const { oneTime, expiresMs } = oneTimeOf(flags);
        if (oneTime && flags.service !== "master") {
          throw new AppError(
            "usage",
            `Cannot make a one-time token for ${flags.service}: workers enrol with the master`,
          );
        }
        const forMs = expiresMs ??
          (flags.days === undefined ? undefined : flags.days * DAY_MS) ??
          (oneTime ? ONE_TIME_MS : undefined);
        const made = await tokens.create({
          role: flags.role,
          name: flags.name,
          ...(forMs === undefined
            ? {}
            : { expiresAtMs: context.clock.now() + forMs }),
          ...(oneTime ? { oneTime } : {}),
        });
        if (flags.json === true) {
          printJson(context, { ...made, role: flags.role, name: flags.name });
        } else context.out(`${made.token}\n`);
      })
    );
}

function addList(parent: Command, context: CliContext): void {
  withTokenFlags(parent.command("list"))
    .description("list the tokens, without their secrets")
    .addHelpText(
      "after",
      examples("token list", "token list --service hub --json"),
    )
    .action((flags) =>
      withTokens(context, flags, async (tokens) => {
        const list = await tokens.list();
        if (flags.json === true) return printJson(context, list);
        const now = context.clock.now();
        const rows = list.map((info) => [
          info.id,
          info.oneTime === true ? `${info.role}, one-time` : info.role,
          info.name,
          `${duration(now - info.createdAtMs)} ago`,
          info.oneTime === true && info.worker !== undefined
            ? `used by ${info.worker}`
            : info.expiresAtMs === null
            ? "never"
            : info.expiresAtMs <= now
            ? { text: "expired", tone: "bad" as const }
            : `in ${duration(info.expiresAtMs - now)}`,
        ]);
        context.out(
          rows.length === 0 ? "no tokens\n" : table(
            ["ID", "ROLE", "NAME", "CREATED", "EXPIRES"],
            rows,
            context.paint,
          ),
        );
      })
    );
}

function addRevoke(parent: Command, context: CliContext): void {
  withTokenFlags(parent.command("revoke"))
    .argument("<id>", "the id that `token list` shows")
    .description("end a token at once")
    .addHelpText("after", examples("token revoke 0123456789abcdef"))
    .action((id, flags) =>
      withTokens(context, flags, async (tokens) => {
        if (!/^[0-9a-f]{16}$/.test(id)) {
          throw new AppError(
            "usage",
            "Cannot revoke that: it is not the id of a token",
            {
              hint: "see `procurator token list`",
            },
          );
        }
        await tokens.revoke(id);
        if (flags.json === true) printJson(context, { revoked: id });
        else context.out(`revoked ${id}\n`);
      })
    );
}

export function addToken(program: Command, context: CliContext): void {
  const token = program.command("token").description(
    "make, list and revoke tokens",
  ).addHelpText(
    "after",
    examples("token create --role viewer --name screen", "token list"),
  );
  addCreate(token, context);
  addList(token, context);
  addRevoke(token, context);
}
