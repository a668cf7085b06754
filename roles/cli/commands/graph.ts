/**
 * `graph DIRECTORY`: draws a repository, or a folder of them: applications,
 * services, and who needs whom. Writes nothing but the file it is told.
 *
 * @module
 */
import { type Command, Option } from "@commander-js/extra-typings";
import type { Graph } from "../../../autonix/core/graph/graph.ts";
import type { Federation } from "../../../autonix/core/cluster/federation.ts";
import { AppError } from "../../model/errors.ts";
import type { CliContext } from "../context.ts";
import { plain } from "../core/table.ts";
import { examples, wholeNumber } from "../flags.ts";

const FORMATS = ["mermaid", "dot", "svg", "json"] as const;
type Format = (typeof FORMATS)[number];
/** As many fit on the widest screen. */
const MAX_COLUMNS = 12;
/** A drawing is for everybody to look at. */
const MODE = 0o644;

async function textOf(
  graph: Graph,
  format: Format,
  columns: number | undefined,
): Promise<string> {
  switch (format) {
    case "mermaid": {
      const { mermaidOf } = await import(
        "../../../autonix/core/graph/mermaid.ts"
      );
      return mermaidOf(graph);
    }
    case "dot": {
      const { dotOf } = await import("../../../autonix/core/graph/dot.ts");
      return dotOf(graph);
    }
    case "svg": {
      const { MAX_DRAWN, svgOf } = await import(
        "../../../autonix/core/graph/svg.ts"
      );
      if (graph.nodes.length <= MAX_DRAWN) return svgOf(graph, columns);
      throw new AppError(
        "refused",
        `Cannot draw ${graph.nodes.length} nodes as more than ${MAX_DRAWN} are no picture`,
        { hint: "--format json or dot gives all of them" },
      );
    }
    case "json":
      return `${JSON.stringify(graph, null, 2)}\n`;
  }
}

/** Told beside the drawing: what repositories do not agree on. */
async function tellConflicts(
  context: CliContext,
  { conflicts }: Federation,
): Promise<void> {
  const { conflictLines } = await import(
    "../../../autonix/core/cluster/conflict_view.ts"
  );
  for (const line of conflictLines(conflicts)) context.err(`${plain(line)}\n`);
}

async function federation(
  context: CliContext,
  directory: string,
  flags: { name?: string; cluster?: true },
): Promise<{ made: Federation; title: string }> {
  const { federate } = await import(
    "../../../autonix/core/cluster/federation.ts"
  );
  if (flags.cluster === true) {
    const { examineFolder } = await import("../../../autonix/folder.ts");
    const { root, repositories } = await examineFolder(directory);
    const made = federate(repositories);
    await tellConflicts(context, made);
    return { made, title: flags.name ?? basename(root) };
  }
  const { examinePath } = await import("../../../autonix/mod.ts");
  const name = flags.name ?? "app";
  const { analysis, ties } = await examinePath(directory, { repository: name });
  const made = federate([{ name, analysis, ties }]);
  const [only, ...others] = analysis.applications;
  const title = only !== undefined && others.length === 0 ? only.name : name;
  return { made, title: flags.name ?? title };
}

function basename(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1) || path;
}

export function addGraph(program: Command, context: CliContext): void {
  program.command("graph")
    .argument("[directory]", "of the repository", ".")
    .description("draw a repository: applications, services, who needs whom")
    .addOption(
      new Option("--format <format>", "how it is written")
        .choices(FORMATS).default("mermaid" as const),
    )
    .option("-o, --output <file>", "write it there")
    .option(
      "--columns <n>",
      "how many stand side by side in an SVG (default: 2)",
      wholeNumber(1, MAX_COLUMNS),
    )
    .option("--name <name>", "of the repository, where nothing in it says one")
    .option(
      "--cluster",
      "the directory is a folder of repositories: draw them together",
    )
    .addHelpText(
      "after",
      examples(
        "graph ../shop",
        "graph . --format svg -o graph.svg",
        "graph --cluster ~/projects",
      ),
    )
    .action(async (directory, flags) => {
      const { made, title } = await federation(context, directory, flags);
      const { graphOf } = await import("../../../autonix/core/graph/graph.ts");
      const graph = graphOf(made, { title, isGrouped: flags.cluster === true });
      const text = await textOf(graph, flags.format, flags.columns);
      if (flags.output === undefined) return context.out(text);
      const { writeFileAtomic } = await import("../../files/mod.ts");
      await writeFileAtomic(flags.output, text, { mode: MODE });
    });
}
