/**
 * The command line: reads the words, runs the command, turns whatever comes
 * of it into an exit status and one message.
 *
 * @module
 */
import { Command, CommanderError } from "@commander-js/extra-typings";
import {
  AppError,
  EXIT_STATUS,
  formatError,
  toAppError,
} from "../model/errors.ts";
import { type CliContext, systemContext } from "./context.ts";
import { plainLines } from "./core/table.ts";
import { errorBody } from "../http/core/error_body.ts";
import { examples } from "./flags.ts";
import { COMMANDS } from "./registry.ts";
import type { RoleTable } from "./roles.ts";
import { VERSION } from "./version.ts";

export * from "./client_config.ts";
export * from "./context.ts";
export * from "./master_client.ts";
export type * from "./roles.ts";
export { VERSION } from "./version.ts";

/** Wide enough for a sentence; narrower terminals wrap. */
const HELP_WIDTH = 100;

/** The program with every command. */
export function buildProgram(
  context: CliContext,
  table: RoleTable,
  writeErr: (text: string) => void = (text) => context.err(text),
): Command {
  const program = new Command("procurator")
    .description("from a Git commit to running, healthy virtual machines")
    .version(VERSION, "-V, --version")
    .addHelpText(
      "after",
      examples(
        "demo",
        "dev",
        "status --wait 60",
        "master --state-dir /var/lib/procurator/master",
      ),
    )
    .showSuggestionAfterError()
    .showHelpAfterError("(--help shows what is possible)")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.out(text),
      writeErr,
      getOutHelpWidth: () => HELP_WIDTH,
      getErrHelpWidth: () => HELP_WIDTH,
    });
  // Settings are copied into a subcommand when it is made, so they come first.
  for (const add of COMMANDS) add(program, context, table);
  return program;
}

function report(error: unknown, context: CliContext, json: boolean): number {
  const appError = toAppError(error);
  if (json) context.out(`${JSON.stringify(errorBody(appError))}\n`);
  else context.err(`${plainLines(formatError(error))}\n`);
  if (!(error instanceof AppError) && error instanceof Error) {
    // A broken invariant of ours, not the user's doing: the place helps to mend it.
    context.err(`${error.stack ?? ""}\n`);
  }
  return EXIT_STATUS[appError.code];
}

/** Commander has said what is wrong with the words, or shown help. */
function reportUsage(
  error: CommanderError,
  said: string,
  context: CliContext,
  json: boolean,
): number {
  if (error.exitCode === 0) return 0;
  if (json) {
    const message = error.message.replace(/^error: /, "");
    report(new AppError("usage", message), context, json);
  } else context.err(said);
  return EXIT_STATUS.usage;
}

/** Runs one command line and returns its exit status. */
export async function runCli(
  args: readonly string[],
  table: RoleTable,
  context: CliContext = systemContext(),
): Promise<number> {
  const json = args.includes("--json") || args[0] === "rpc";
  let said = "";
  try {
    const program = buildProgram(context, table, (text) => {
      said += text;
    });
    if (args.length === 0) {
      context.err(program.helpInformation());
      return EXIT_STATUS.usage;
    }
    await program.parseAsync([...args], { from: "user" });
    return context.exitStatus;
  } catch (error) {
    return error instanceof CommanderError
      ? reportUsage(error, said, context, json)
      : report(error, context, json);
  }
}
