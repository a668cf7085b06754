/**
 * `init DIRECTORY`: writes the flake that builds and runs a repository, and
 * what the flake calls.
 *
 * @module
 */
import type { Command } from "@commander-js/extra-typings";
import type { InitResult, InitTarget } from "../../../autonix/render/mod.ts";
import type { FileChange } from "../../../autonix/core/render/init_plan.ts";
import { AppError } from "../../model/errors.ts";
import type { CliContext } from "../context.ts";
import { plainLines } from "../core/table.ts";
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
      plainLines(first.diff.join("\n"))
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
  const lines: string[] = [];
  for (const { path, change, text, before } of result.files) {
    if (change === "unchanged") continue;
    lines.push(`${change === "created" ? "new" : "changed"}: ${path}`);
    const isShown = path === flakeOf(result).path || before !== null;
    if (!isShown) continue;
    lines.push(...lineDiff(before ?? "", text).map((line) => `  ${line}`));
  }
  context.out(
    lines.length === 0
      ? "nothing would change\n"
      : plainLines(`${lines.join("\n")}\n`),
  );
}

/** What was written, by the names a person knows it by. */
function writtenWords(result: InitResult): string {
  const paths = result.files.filter(({ change }) => change !== "unchanged")
    .map(({ path }) => path.startsWith("procurator/") ? "procurator/" : path);
  return [...new Set(paths)].sort().join(" and ");
}

function reportText(target: InitTarget, result: InitResult): string {
  const { rendered, hashesToFill } = result;
  const list = (items: readonly string[]) =>
    items.length === 0 ? "none" : items.join(", ");
  const written = writtenWords(result);
  const lines = [
    written === "" ? "flake.nix is up to date" : `wrote ${written}`,
    `  packages  ${list(rendered.packages)}`,
    `  VMs       ${list(rendered.machines)}`,
  ];
  if (rendered.leftOut.length > 0) {
    lines.push(`  left out  ${list(rendered.leftOut)}: no module of NixOS`);
  }
  if (hashesToFill.length > 0) {
    lines.push(
      `  to fill   hashes of ${list(hashesToFill)}: nix build says each once`,
    );
  }
  if (written !== "") {
    lines.push(
      "next:",
      `  cd ${target.root}`,
      "  git add flake.nix procurator && nix flake lock && git add flake.lock",
      "  nix build && nix eval --raw .#blueprintJSON",
    );
  }
  return `${lines.join("\n")}\n`;
}

/** Schemas are loaded for who gives one. */
async function clusterName(
  given: string | undefined,
): Promise<string | undefined> {
  if (given === undefined) return undefined;
  const { Name, parseWith } = await import("../../model/mod.ts");
  return parseWith(Name, given, { what: "the cluster's name" });
}

async function init(
  context: CliContext,
  directory: string,
  flags: InitFlags,
): Promise<void> {
  const { examinePath } = await import("../../../autonix/mod.ts");
  const { applyInit, openInit, planFlakeOf } = await import(
    "../../../autonix/render/mod.ts"
  );
  const name = await clusterName(flags.name);
  const target = await openInit(directory, name);
  if (flags.cluster === true) {
    const { initCluster } = await import("../init_cluster.ts");
    return await initCluster(context, target, flags);
  }
  const examined = await examinePath(directory, {
    repository: target.cluster,
  });
  const { analysis } = examined;
  if (analysis.applications.length + analysis.services.length === 0) {
    throw new AppError(
      "not_found",
      `Cannot write a flake for ${directory} as no application was found in it`,
      { hint: "procurator analyze says what was looked at" },
    );
  }
  const result = planFlakeOf(target, examined);
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
  context.out(plainLines(reportText(target, result)));
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
