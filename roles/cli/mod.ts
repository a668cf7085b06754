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
import { errorBody } from "../http/core/error_body.ts";
import { COMMANDS } from "./registry.ts";
import type { RoleTable } from "./roles.ts";
import { VERSION } from "./version.ts";

export * from "./client_config.ts";
export * from "./context.ts";
export * from "./master_client.ts";
export type * from "./roles.ts";
export { VERSION } from "./version.ts";

const USAGE_STATUS = 2;

/** Wide enough for a sentence; narrower terminals wrap. */
const HELP_WIDTH = 100;

/** The program with every command. */
export function buildProgram(context: CliContext, table: RoleTable): Command {
  const program = new Command("procurator")
    .description("from a Git commit to running, healthy virtual machines")
    .version(VERSION, "-V, --version")
    .showSuggestionAfterError()
    .showHelpAfterError("(--help shows what is possible)")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.out(text),
      writeErr: (text) => context.err(text),
      getOutHelpWidth: () => HELP_WIDTH,
      getErrHelpWidth: () => HELP_WIDTH,
    });
  // Settings are copied into a subcommand when it is made, so they come first.
  for (const add of COMMANDS) add(program, context, table);
  return program;
}

function report(error: unknown, context: CliContext, json: boolean): number {
  if (error instanceof CommanderError) {
    // Commander has written its message or the help already.
    return error.exitCode === 0 ? 0 : USAGE_STATUS;
  }
  const appError = toAppError(error);
  if (json) context.out(`${JSON.stringify(errorBody(appError))}\n`);
  else context.err(`${formatError(error)}\n`);
  if (!(error instanceof AppError) && error instanceof Error && !json) {
    // A broken invariant of ours, not the user's doing: the place helps to mend it.
    context.err(`${error.stack ?? ""}\n`);
  }
  return EXIT_STATUS[appError.code];
}

/** Runs one command line and returns its exit status. */
export async function runCli(
  args: readonly string[],
  table: RoleTable,
  context: CliContext = systemContext(),
): Promise<number> {
  const json = args.includes("--json") || args[0] === "rpc";
  try {
    const program = buildProgram(context, table);
    if (args.length === 0) {
      context.err(program.helpInformation());
      return USAGE_STATUS;
    }
    await program.parseAsync([...args], { from: "user" });
    return context.exitStatus;
  } catch (error) {
    return report(error, context, json);
  }
}
