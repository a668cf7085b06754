/**
 * Rendered flakes evaluated without a network: nix with a store that keeps
 * nothing, against a stand-in for nixpkgs.
 *
 * @module
 */
import { join } from "node:path";
import type { Call } from "../../autonix/core/cluster/calls.ts";
import { planInit } from "../../autonix/core/render/init_plan.ts";
import type { RenderFacts } from "../../autonix/core/render/facts.ts";
import {
  type RenderedFlake,
  renderFlake,
} from "../../autonix/core/render/flake.ts";
import { LIBRARY } from "../../autonix/render/library.ts";
import type { Analysis } from "../../roles/model/analysis.ts";
import { runChecked } from "../../roles/process/mod.ts";
import { writeFiles } from "./files.ts";

const STAND_IN = new URL("nixpkgs_stand_in/", import.meta.url).pathname;

/** A repository of a fixture. */
export function factsOf(files: ReadonlyMap<string, string>): RenderFacts {
  return {
    has: (path) => files.has(path),
    text: (path) => files.get(path) ?? null,
  };
}

export interface Rendered {
  rendered: RenderedFlake;
  /** Everything init writes, by path. */
  written: ReadonlyMap<string, string>;
  flake: string;
}

export function render(
  { analysis, calls = [] }: { analysis: Analysis; calls?: readonly Call[] },
  facts: RenderFacts,
  existing: ReadonlyMap<string, string> = new Map(),
): Rendered & { changes: readonly string[]; refusals: readonly string[] } {
  const rendered = renderFlake(analysis, facts, calls);
  const plan = planInit({
    part: rendered.lines.map(({ text }) => text).join("\n"),
    cluster: "shop",
    library: LIBRARY,
    existing,
  });
  const written = new Map(plan.files.map(({ path, text }) => [path, text]));
  return {
    rendered,
    written,
    flake: written.get("flake.nix") ?? "",
    changes: plan.files.filter(({ change }) => change !== "unchanged")
      .map(({ path }) => path),
    refusals: plan.refusals.map(({ path }) => path),
  };
}

/** What a flake gives, as far as JSON can hold it. */
export interface EvaluatedFlake {
  blueprintJSON: string;
  packages: Record<string, Record<string, unknown>>;
  checks: Record<string, Record<string, unknown>>;
  shell: { packages: string[] };
  systems: Record<string, {
    systemd: {
      services: Record<string, { environment: Record<string, string> }>;
    };
  }>;
}

const EXPRESSION = `{ names, attributes }:
let
  nixpkgs = import ./stand_in { inherit attributes; };
  of = name:
    let
      flake = (import (./flakes + "/\${name}/flake.nix")).outputs { self = { }; inherit nixpkgs; };
      recorded = builtins.mapAttrs (_: made: made.recorded);
    in {
      inherit (flake) blueprintJSON;
      packages = recorded flake.packages.x86_64-linux;
      checks = recorded flake.checks.x86_64-linux;
      shell = flake.devShells.aarch64-linux.default.recorded;
      systems = recorded flake.nixosConfigurations;
    };
in map of names
`;

/** Writes flakes below `dir` and evaluates them in one process, in their order. */
export async function evaluateFlakes(
  dir: string,
  flakes: readonly {
    files: ReadonlyMap<string, string>;
    flake: string;
  }[],
  /** Packages that nixpkgs is to have beside those that are known of it. */
  attributes: readonly string[] = [],
): Promise<EvaluatedFlake[]> {
  const names = flakes.map((_, index) => `f${index}`);
  await runChecked("cp", ["-R", STAND_IN, join(dir, "stand_in")]);
  await writeFiles(dir, {
    "evaluate.nix": EXPRESSION,
    "asked.json": JSON.stringify({
      names,
      attributes,
    }),
    ...Object.fromEntries(LIBRARY),
  });
  for (const [index, { files, flake }] of flakes.entries()) {
    const own = join(dir, "flakes", `f${index}`);
    await writeFiles(own, { ...Object.fromEntries(files), "flake.nix": flake });
    await Deno.symlink("../../procurator", join(own, "procurator"));
  }
  const state = join(dir, "state");
  const text = await runChecked("nix-instantiate", [
    ...["--eval", "--strict", "--json", "--store", "dummy://"],
    ...[
      "-E",
      "import ./evaluate.nix (builtins.fromJSON (builtins.readFile ./asked.json))",
    ],
  ], { cwd: dir, env: { HOME: state, NIX_STATE_DIR: state } });
  return JSON.parse(text);
}

/** Fails with nix's reason when one of the texts is no Nix. */
export async function parseFlakes(
  dir: string,
  flakes: readonly string[],
): Promise<void> {
  const files = flakes.map((_, index) => `${index}.nix`);
  await writeFiles(
    dir,
    Object.fromEntries(flakes.map((text, index) => [`${index}.nix`, text])),
  );
  await runChecked("nix-instantiate", ["--parse", ...files], { cwd: dir });
}
