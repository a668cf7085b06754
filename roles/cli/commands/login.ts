/**
 * `login URL`: checks a token by asking who it is, then keeps it.
 *
 * @module
 */
import { type Command, Option } from "@commander-js/extra-typings";
import { z } from "zod";
import { isAbsolute, resolve } from "node:path";
import { type Identity, loadCa, TOKEN_ROLES } from "../../auth/mod.ts";
import { readTokens } from "../../config/mod.ts";
import { httpClient } from "../../http/client.ts";
import { AppError } from "../../model/errors.ts";
import {
  clientFile,
  type ClientFlags,
  HTTP_SERVICES,
  type HttpService,
  readClientConfig,
  writeClientConfig,
} from "../client_config.ts";
import type { CliContext } from "../context.ts";
import { parseMasterUrl } from "../core/master_url.ts";
import { examples, printJson } from "../flags.ts";
import type { MasterTarget } from "../master_client.ts";

const Who = z.object({
  role: z.enum(TOKEN_ROLES),
  name: z.string(),
  tokenId: z.string(),
});

async function readToken(
  context: CliContext,
  service: string,
  tokenFile: string | undefined,
): Promise<string> {
  const token = tokenFile === undefined
    ? await context.readSecret(`Token for the ${service}: `)
    : (await readTokens(tokenFile))(service);
  if (token === undefined || token === "") {
    throw new AppError(
      "usage",
      `Cannot log in: there is no token for the ${service}`,
      {
        hint: "give it on standard input or by --token-file",
      },
    );
  }
  return token;
}

async function whoami(
  context: CliContext,
  service: "master" | HttpService,
  target: MasterTarget,
): Promise<Identity> {
  if (service === "master") {
    await using master = await context.connectMaster(target);
    return await master.whoami();
  }
  using client = httpClient(target);
  return await client.json(Who, "/api/v1/tokens/whoami");
}

function warnOfPlainText(context: CliContext, url: string): void {
  const far = /^(tcp|http):\/\//.test(url) &&
    !/^\w+:\/\/(127\.|localhost[:/]|\[::1\])/.test(url);
  if (far) {
    context.err(
      `warning: ${url} is not encrypted, the token can be read on the way\n`,
    );
  }
}

interface LoginFlags extends ClientFlags {
  service: "master" | HttpService;
  json?: true | undefined;
}

function urlOf(service: LoginFlags["service"], text: string): string {
  const url = text.replace(/\/+$/, "");
  if (service !== "master") return url;
  try {
    return parseMasterUrl(text);
  } catch (error) {
    const isWeb = /^https?:\/\//.test(url);
    if (!(error instanceof AppError) || !isWeb) throw error;
    throw new AppError(error.code, error.message, {
      hint:
        `${error.hint} for the master; if it is another one's: procurator login ${url} --service hub`,
    });
  }
}

async function login(
  context: CliContext,
  text: string,
  flags: LoginFlags,
): Promise<void> {
  const { service } = flags;
  const url = urlOf(service, text);
  const file = clientFile(flags, context.env);
  const config = await readClientConfig({}, {
    ...context.env,
    PROCURATOR_CLIENT: file,
  });
  const caFile = flags.caFile === undefined
    ? config.caFile
    : isAbsolute(flags.caFile)
    ? flags.caFile
    : resolve(flags.caFile);
  warnOfPlainText(context, url);
  const token = await readToken(context, service, flags.tokenFile);
  const identity = await whoami(context, service, {
    url,
    token,
    caCert: await loadCa(caFile),
  });
  await writeClientConfig(file, {
    ...config,
    ...(caFile === undefined ? {} : { caFile }),
    ...(service === "master"
      ? { master: url, token }
      : { services: { ...config.services, [service]: { url, token } } }),
  });
  if (flags.json === true) {
    return printJson(context, { ...identity, url, file });
  }
  context.out(
    `logged in to ${url} as ${identity.role} "${identity.name}", kept in ${file}\n`,
  );
}

export function addLogin(program: Command, context: CliContext): void {
  program.command("login <url>")
    .description(
      "check a token with the master (or another service) and keep it for this user",
    )
    .addOption(
      new Option("--service <service>", "which service the URL is of")
        .choices(["master", ...HTTP_SERVICES] as const).default(
          "master" as const,
        ),
    )
    .option("--token-file <file>", "a file with the token; asked for otherwise")
    .option("--ca-file <file>", "the CA to trust, kept too")
    .option("--client <file>", "write another client configuration")
    .option("--json", "print JSON and nothing else")
    .addHelpText(
      "after",
      examples(
        "login tls://control-plane-1:6440 --ca-file ca.crt",
        "login https://hub-1:3001 --service hub < token",
      ),
    )
    .action((url, flags) => login(context, url, flags));
}
