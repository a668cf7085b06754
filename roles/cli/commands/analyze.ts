/**
 * `analyze DIRECTORY`: which applications a repository has, and what each of
 * them needs. Reads, and writes nothing.
 *
 * @module
 */
import type { Command } from "@commander-js/extra-typings";
import type { Analysis, ScanProgress } from "../../../autonix/mod.ts";
import type { CliContext } from "../context.ts";
import { examples, printJson } from "../flags.ts";

/** Whoever waits longer wants to see that something happens. */
const QUIET_MS = 1000;
/** Where nobody says how wide it is: a file, a pipe. */
const COLUMNS = 80;

/** What the flags ask for: the directory as it lies there, or a commit of it. */
async function analysisOf(
  context: CliContext,
  directory: string,
  { name, commit }: { name?: string; commit?: string },
): Promise<Analysis> {
  const autonix = await import("../../../autonix/mod.ts");
  const options = { repository: name, onProgress: progressOf(context) };
  if (commit === undefined) {
    return await autonix.analyzePath(directory, options);
  }
  const found = await autonix.findCommit(directory, commit);
  const { analysis } = await autonix.examineCommit(
    found.gitDirectory,
    found.commit,
    { ...options, below: found.below },
  );
  return analysis;
}

/** Tells how far it is, once a second. */
function progressOf(context: CliContext): (progress: ScanProgress) => void {
  let toldMs = context.clock.now();
  return ({ files, read }) => {
    const nowMs = context.clock.now();
    if (nowMs - toldMs < QUIET_MS) return;
    toldMs = nowMs;
    context.err(`${files} files found, ${read} read...\n`);
  };
}

function columnsOf(context: CliContext): number {
  return context.terminal ? Deno.consoleSize().columns : COLUMNS;
}

export function addAnalyze(program: Command, context: CliContext): void {
  program.command("analyze")
    .argument("[directory]", "of the repository", ".")
    .description("say what a repository is: applications, commands, services")
    .option("--name <name>", "of the repository, where nothing in it says one")
    .option(
      "--commit <revision>",
      "a branch, tag or id, instead of the files that lie there",
    )
    .option("-s, --short", "a line for each application and service")
    .option("--env", "every variable, however many an application reads")
    .option("--evidence", "how sure each fact is, and where it stands")
    .option("--json", "print JSON and nothing else")
    .addHelpText(
      "after",
      examples(
        "analyze",
        "analyze ../shop --short",
        "analyze ../shop --evidence",
        "analyze ../shop --commit v1.2",
        "analyze . --json",
      ),
    )
    .action(async (directory, flags) => {
      const analysis = await analysisOf(context, directory, flags);
      if (flags.json === true) return printJson(context, analysis);
      const { paint } = context;
      const columns = columnsOf(context);
      if (flags.short === true) {
        const { formatShort } = await import(
          "../../../autonix/core/views/short_view.ts"
        );
        // A file or a pipe has no edge to cut a line at.
        const edge = context.terminal ? columns : Infinity;
        return context.out(formatShort(analysis, { paint, columns: edge }));
      }
      const { formatAnalysis } = await import(
        "../../../autonix/core/views/analysis_view.ts"
      );
      context.out(formatAnalysis(analysis, {
        paint,
        columns,
        isEvidenceShown: flags.evidence === true,
        isEveryVariableShown: flags.env === true,
      }));
    });
}
