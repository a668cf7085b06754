/**
 * `init --cluster DIRECTORY`: writes the flake of a folder of repositories.
 *
 * @module
 */
import type { ClusterResult } from "../../autonix/render/cluster.ts";
import type { InitTarget } from "../../autonix/render/mod.ts";
import { AppError } from "../model/errors.ts";
import type { CliContext } from "./context.ts";
import { plain, plainLines } from "./core/table.ts";
import { printJson } from "./flags.ts";

export interface InitClusterFlags {
  force?: true;
  dryRun?: true;
  explain?: true;
  json?: true;
}

function requireOwn({ refusals }: ClusterResult): void {
  const [first] = refusals;
  if (first === undefined) return;
  throw new AppError(
    "refused",
    `Cannot write ${first.path} as ${first.why}:\n${first.diff.join("\n")}`,
    { hint: "--force writes it anew; --dry-run only shows what would change" },
  );
}

function asJson(target: InitTarget, result: ClusterResult, written: boolean) {
  const { federation, rendered, files, refusals } = result;
  return {
    directory: target.root,
    cluster: target.cluster,
    written,
    files: files.map(({ path, change }) => ({ path, change })),
    refusals,
    repositories: result.inputs.map(({ repository, url }) => ({
      name: repository,
      input: rendered.inputs.get(repository),
      url,
      hasFlake: !result.withoutFlake.includes(repository),
    })),
    empty: result.empty,
    vms: rendered.machines,
    leftOut: rendered.leftOut,
    links: federation.links,
    outside: federation.outside,
    conflicts: federation.conflicts,
  };
}

async function showChanges(
  context: CliContext,
  { files }: ClusterResult,
): Promise<void> {
  const { lineDiff } = await import(
    "../../autonix/core/render/line_diff.ts"
  );
  for (const { path, change, text, before } of files) {
    if (change === "unchanged") continue;
    context.out(`${change === "created" ? "new" : "changed"}: ${path}\n`);
    if (path !== "flake.nix" && before === null) continue;
    for (const line of lineDiff(before ?? "", text)) {
      context.out(`  ${plainLines(line)}\n`);
    }
  }
}

async function report(
  context: CliContext,
  target: InitTarget,
  result: ClusterResult,
): Promise<void> {
  const { conflictLines } = await import(
    "../../autonix/core/cluster/conflict_view.ts"
  );
  const { rendered, federation, withoutFlake } = result;
  const isChanged = result.files.some(({ change }) => change !== "unchanged");
  const list = (items: readonly string[]) =>
    items.length === 0 ? "none" : items.join(", ");
  const lines = [
    isChanged ? "wrote flake.nix and procurator/" : "flake.nix is up to date",
    `  repositories  ${list(federation.repositories.map(({ name }) => name))}`,
    `  VMs           ${list(rendered.machines)}`,
    ...rendered.leftOut.length === 0
      ? []
      : [`  left out      ${list(rendered.leftOut)}: no module of NixOS`],
    ...result.empty.length === 0
      ? []
      : [`  nothing in    ${list(result.empty)}`],
    ...conflictLines(federation.conflicts),
    ...withoutFlake.length === 0 && !isChanged ? [] : [
      "next:",
      ...withoutFlake.map((name) => `  procurator init ${target.root}/${name}`),
      `  cd ${target.root} && nix flake lock && nix eval --raw .#blueprintJSON`,
    ],
  ];
  for (const line of lines) context.out(`${plain(line)}\n`);
}

export async function initCluster(
  context: CliContext,
  target: InitTarget,
  flags: InitClusterFlags,
): Promise<void> {
  const { planClusterOf } = await import(
    "../../autonix/render/cluster.ts"
  );
  const { applyInit } = await import("../../autonix/render/mod.ts");
  const result = await planClusterOf(target);
  const isJson = flags.json === true;
  if (flags.explain === true) {
    const { explainFlake, formatExplained } = await import(
      "../../autonix/core/render/explain.ts"
    );
    const flake = result.files.at(-1);
    const lines = explainFlake(flake?.text ?? "", result.rendered.lines);
    if (isJson) return printJson(context, { file: flake?.path, lines });
    return context.out(formatExplained(lines, context.paint));
  }
  const isWritten = flags.dryRun !== true;
  if (flags.force !== true && isWritten) requireOwn(result);
  if (isWritten) await applyInit(target.root, result.files);
  if (isJson) return printJson(context, asJson(target, result, isWritten));
  if (!isWritten) return await showChanges(context, result);
  await report(context, target, result);
}
