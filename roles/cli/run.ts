/**
 * The command line: reads the words, loads and runs the command, turns
 * whatever comes of it into an exit status and one message. Imports little:
 * what is imported here is loaded at each start.
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
import { type CliContext, ReaderGone, systemContext } from "./context.ts";
import { plainLines } from "./core/table.ts";
import { examples } from "./flags.ts";
import type { AddCommand } from "./registry.ts";
import type { RoleTable } from "./roles.ts";
import { VERSION } from "./version.ts";

/** Wide enough for a sentence; narrower terminals wrap. */
const HELP_WIDTH = 100;

/**
 * Commands that need none of the others, by the word that comes first: they
 * are what a newcomer tries, and start in half the time without them.
 */
const ALONE: ReadonlyMap<string, () => Promise<AddCommand>> = new Map([
  [
    "analyze",
    async () => (await import("./commands/analyze.ts")).addAnalyze,
  ],
  [
    "examine",
    async () => (await import("./commands/examine.ts")).addExamine,
  ],
  ["graph", async () => (await import("./commands/graph.ts")).addGraph],
  ["init", async () => (await import("./commands/init.ts")).addInit],
]);

/** Of these the parser itself knows what to say. */
const OF_NONE: ReadonlySet<string> = new Set(["--version", "-V"]);

/** The commands a line can mean. */
async function commandsFor(
  args: readonly string[],
): Promise<readonly AddCommand[]> {
  if (args.length === 1 && OF_NONE.has(args[0] ?? "")) return [];
  const alone = ALONE.get(args[0] ?? "");
  return alone === undefined
    ? (await import("./registry.ts")).COMMANDS
    : [await alone()];
}

/** The program with these commands. */
function buildProgram(
  { context, table, commands, writeErr }: {
    context: CliContext;
    table: RoleTable;
    commands: readonly AddCommand[];
    writeErr: (text: string) => void;
  },
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
  for (const add of commands) add(program, context, table);
  return program;
}

async function report(
  error: unknown,
  context: CliContext,
  json: boolean,
): Promise<number> {
  const appError = toAppError(error);
  if (json) {
    const { errorBody } = await import("../http/core/error_body.ts");
    context.out(`${JSON.stringify(errorBody(appError))}\n`);
  } else context.err(`${plainLines(formatError(error))}\n`);
  if (!(error instanceof AppError) && error instanceof Error) {
    // A broken invariant of ours, not the user's doing: the place helps to mend it.
    context.err(`${error.stack ?? ""}\n`);
  }
  return EXIT_STATUS[appError.code];
}

/** Commander has said what is wrong with the words, or shown help. */
async function reportUsage(
  error: CommanderError,
  said: string,
  context: CliContext,
  json: boolean,
): Promise<number> {
  if (error.exitCode === 0) return 0;
  if (json) {
    const message = error.message.replace(/^error: /, "");
    await report(new AppError("usage", message), context, json);
  } else context.err(said);
  return EXIT_STATUS.usage;
}

/** As a shell tells of a program that SIGPIPE ended. */
const READER_GONE_STATUS = 141;

/** Runs one command line and returns its exit status. */
export async function runCli(
  args: readonly string[],
  table: RoleTable,
  context: CliContext = systemContext(),
): Promise<number> {
  try {
    return await runWords(args, table, context);
  } catch (error) {
    if (error instanceof ReaderGone) return READER_GONE_STATUS;
    throw error;
  }
}

async function runWords(
  args: readonly string[],
  table: RoleTable,
  context: CliContext,
): Promise<number> {
  const json = args.includes("--json") || args[0] === "rpc";
  let said = "";
  try {
    const program = buildProgram({
      context,
      table,
      commands: await commandsFor(args),
      writeErr: (text) => {
        said += text;
      },
    });
    if (args.length === 0) {
      context.err(program.helpInformation());
      return EXIT_STATUS.usage;
    }
    await program.parseAsync([...args], { from: "user" });
    return context.exitStatus;
  } catch (error) {
    if (error instanceof ReaderGone) throw error;
    return error instanceof CommanderError
      ? await reportUsage(error, said, context, json)
      : await report(error, context, json);
  }
}
