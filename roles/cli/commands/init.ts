/**
 * `init DIRECTORY`: writes the flake that builds and runs a repository, and
 * what the flake calls.
 *
 * @module
 */
import type { Command } from "@commander-js/extra-typings";
import type { InitResult, InitTarget } from "../../../autonix/render/mod.ts";
import type { FileChange } from "../../../autonix/core/render/init_plan.ts";
import { AppError, Name, parseWith } from "../../model/mod.ts";
import type { CliContext } from "../context.ts";
import { examples, printJson } from "../flags.ts";

interface InitFlags {
  name?: string;
  force?: true;
  dryRun?: true;
  explain?: true;
  json?: true;
  cluster?: true;
}

function flakeOf(result: InitResult): FileChange {
  const flake = result.files.at(-1);
  if (flake === undefined) throw new Error("a plan has a flake");
  return flake;
}

function requireOwn(result: InitResult): void {
  const [first] = result.refusals;
  if (first === undefined) return;
  const others = result.refusals.length - 1;
  const more = others === 0 ? "" : ` (and ${others} more)`;
  throw new AppError(
    "refused",
    `Cannot write ${first.path} as ${first.why}${more}:\n${
      first.diff.join("\n")
    }`,
    { hint: "--force writes it anew; --dry-run only shows what would change" },
  );
}

async function explain(
  context: CliContext,
  result: InitResult,
  isJson: boolean,
): Promise<void> {
  const { explainFlake, formatExplained } = await import(
    "../../../autonix/core/render/explain.ts"
  );
  const flake = flakeOf(result);
  const lines = explainFlake(flake.text, result.rendered.lines);
  if (isJson) return printJson(context, { file: flake.path, lines });
  context.out(formatExplained(lines, context.paint));
}

async function showChanges(
  context: CliContext,
  result: InitResult,
): Promise<void> {
  const { lineDiff } = await import(
    "../../../autonix/core/render/line_diff.ts"
  );
  const { plainLines } = await import("../core/table.ts");
  for (const { path, change, text, before } of result.files) {
    if (change === "unchanged") continue;
    context.out(`${change === "created" ? "new" : "changed"}: ${path}\n`);
    const isShown = path === flakeOf(result).path || before !== null;
    if (!isShown) continue;
    for (const line of lineDiff(before ?? "", text)) {
      context.out(`  ${plainLines(line)}\n`);
    }
  }
}

function report(context: CliContext, target: InitTarget, result: InitResult) {
  const { rendered } = result;
  const changed = result.files.filter(({ change }) => change !== "unchanged");
  const list = (items: readonly string[]) =>
    items.length === 0 ? "none" : items.join(", ");
  context.out(
    changed.length === 0
      ? "flake.nix is up to date\n"
      : `wrote ${
        changed.map(({ path }) => path).filter((path) =>
          !path.startsWith("procurator/")
        ).concat(
          changed.some(({ path }) => path.startsWith("procurator/"))
            ? ["procurator/"]
            : [],
        ).join(" and ")
      }\n`,
  );
  context.out(`  packages  ${list(rendered.packages)}\n`);
  context.out(`  VMs       ${list(rendered.machines)}\n`);
  if (rendered.leftOut.length > 0) {
    context.out(`  left out  ${list(rendered.leftOut)}: no module of NixOS\n`);
  }
  if (result.hashesToFill.length > 0) {
    context.out(
      `  to fill   hashes of ${
        list(result.hashesToFill)
      }: nix build says each once\n`,
    );
  }
  if (changed.length === 0) return;
  context.out(
    `next:\n${
      [
        `cd ${target.root}`,
        "git add flake.nix procurator && nix flake lock && git add flake.lock",
        "nix build && nix eval --raw .#blueprintJSON",
      ].map((line) => `  ${line}\n`).join("")
    }`,
  );
}

async function init(
  context: CliContext,
  directory: string,
  flags: InitFlags,
): Promise<void> {
  const { analyzePath } = await import("../../../autonix/mod.ts");
  const { applyInit, openInit, planFlakeOf } = await import(
    "../../../autonix/render/mod.ts"
  );
  const name = flags.name === undefined
    ? undefined
    : parseWith(Name, flags.name, { what: "the cluster's name" });
  const target = await openInit(directory, name);
  if (flags.cluster === true) {
    const { initCluster } = await import("../init_cluster.ts");
    return await initCluster(context, target, flags);
  }
  const analysis = await analyzePath(directory, { repository: target.cluster });
  if (analysis.applications.length + analysis.services.length === 0) {
    throw new AppError(
      "not_found",
      `Cannot write a flake for ${directory} as no application was found in it`,
      { hint: "procurator analyze says what was looked at" },
    );
  }
  const result = planFlakeOf(target, analysis);
  const isJson = flags.json === true;
  if (flags.explain === true) return await explain(context, result, isJson);
  if (flags.force !== true && flags.dryRun !== true) requireOwn(result);
  if (flags.dryRun !== true) await applyInit(target.root, result.files);
  if (isJson) {
    return printJson(context, {
      directory: target.root,
      cluster: target.cluster,
      written: flags.dryRun !== true,
      files: result.files.map(({ path, change }) => ({ path, change })),
      refusals: result.refusals,
      packages: result.rendered.packages,
      vms: result.rendered.machines,
      leftOut: result.rendered.leftOut,
      hashesToFill: result.hashesToFill,
    });
  }
  if (flags.dryRun === true) return await showChanges(context, result);
  report(context, target, result);
}

export function addInit(program: Command, context: CliContext): void {
  program.command("init")
    .argument("[directory]", "of the repository", ".")
    .description("write the flake that builds and runs a repository")
    .option("--name <name>", "of the cluster, where there is no flake yet")
    .option(
      "--force",
      "write over a flake, or a part of it, that is not its own",
    )
    .option(
      "--cluster",
      "the directory is a folder of repositories: one flake for all of them",
    )
    .option("--dry-run", "show what would change, and write nothing")
    .option("--explain", "say why each line is there, and write nothing")
    .option("--json", "print JSON and nothing else")
    .addHelpText(
      "after",
      examples(
        "init",
        "init ../shop --dry-run",
        "init . --explain",
        "init --cluster ~/projects",
      ),
    )
    .action((directory, flags) => init(context, directory, flags));
}
