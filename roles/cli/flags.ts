/**
 * The flags that several commands share, and opening a session by them. What a
 * session needs is loaded when one is opened: most of it is of no use to
 * commands that read a directory, and takes longer to load than those run.
 *
 * @module
 */
import type {
  Command,
  CommandUnknownOpts,
  OptionValues,
} from "@commander-js/extra-typings";
import { InvalidArgumentError } from "@commander-js/extra-typings";
import type { HttpClient } from "../http/client.ts";
import { AppError } from "../model/errors.ts";
import type { ClientFlags, HttpService } from "./client_config.ts";
import type { CliContext } from "./context.ts";
import type { MasterClient } from "./master_client.ts";

/** Adds the flags of every command that talks to a running service. */
export function withClientFlags<
  Args extends unknown[],
  Opts extends OptionValues,
>(
  command: Command<Args, Opts>,
) {
  return command
    .option(
      "--master <url>",
      "the master's RPC: tls://HOST:6440, tcp://127.0.0.1:6440 or unix:/PATH",
    )
    .option("--token-file <file>", "a file with the token to show")
    .option("--ca-file <file>", "the CA to trust")
    .option("--client <file>", "another client configuration")
    .option("--json", "print JSON and nothing else");
}

/** Adds the flags of every command that talks to an HTTP service. */
export function withServiceFlags<
  Args extends unknown[],
  Opts extends OptionValues,
>(
  command: Command<Args, Opts>,
  service: HttpService,
) {
  return command
    .option("--url <url>", `the URL of the ${service}`)
    .option("--token-file <file>", "a file with the token to show")
    .option("--ca-file <file>", "the CA to trust")
    .option("--client <file>", "another client configuration")
    .option("--json", "print JSON and nothing else");
}

/** Adds `--cluster`, which is needed only where there are several. */
export function withCluster<Args extends unknown[], Opts extends OptionValues>(
  command: Command<Args, Opts>,
) {
  return command.option(
    "--cluster <name>",
    "the cluster, where there are several",
  );
}

/** A command that is there already, for words below it. */
export function commandNamed(
  program: Command,
  name: string,
): CommandUnknownOpts {
  const found = program.commands.find((command) => command.name() === name);
  if (found === undefined) throw new Error(`there is no command ${name} yet`);
  return found;
}

/** Opens a session, does `action`, closes it. */
export async function withMaster<T>(
  context: CliContext,
  flags: ClientFlags,
  action: (master: MasterClient) => Promise<T>,
): Promise<T> {
  const { masterTarget } = await import("./client_config.ts");
  const target = await masterTarget(flags, context.env);
  await using master = await context.connectMaster(target);
  return await action(master);
}

/** Opens a client of an HTTP service, does `action`, closes it. */
export async function withService<T>(
  context: CliContext,
  service: HttpService,
  flags: ClientFlags & { url?: string | undefined },
  action: (client: HttpClient) => Promise<T>,
): Promise<T> {
  const { httpClient } = await import("../http/client.ts");
  const { serviceTarget } = await import("./client_config.ts");
  using client = httpClient(await serviceTarget(service, flags, context.env));
  try {
    return await action(client);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const lacksToken = error.code === "unauthenticated" ||
      error.code === "denied";
    if (!lacksToken) throw error;
    throw new AppError(error.code, error.message, {
      cause: error.cause,
      hint:
        `keep a token that may: procurator login ${client.url} --service ${service}`,
    });
  }
}

/** A whole number within bounds, as a commander argument parser. */
export function wholeNumber(min: number, max: number) {
  return (text: string): number => {
    const value = Number(text);
    if (!/^[0-9]+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(
        `It must be a whole number from ${min} to ${max}.`,
      );
    }
    return value;
  };
}

/** A generation's number. */
export const generationNumber = wholeNumber(1, Number.MAX_SAFE_INTEGER);

/** The examples at the end of a command's help. */
export function examples(...lines: string[]): string {
  return `\nExamples:\n${
    lines.map((line) => `  $ procurator ${line}`).join("\n")
  }`;
}

/** Writes a value as JSON. */
export function printJson(context: CliContext, value: unknown): void {
  context.out(`${JSON.stringify(value, null, 2)}\n`);
}
