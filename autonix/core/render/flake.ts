/**
 * The flake of a repository: packages, shells, checks and the blueprint.
 *
 * ```
 * Analysis --cluster_plan.ts--> ClusterPlan --*_lines.ts--> lines with reasons
 *                                           --marks.ts---> flake.nix around them
 * ```
 *
 * The same analysis gives the same bytes. Nothing of the repository is Nix
 * before it went through nix_text.ts.
 *
 * @module
 */
import type { Analysis } from "../../../roles/model/analysis.ts";
import type { Call } from "../cluster/calls.ts";
import {
  applicationLines,
  librariesOf,
  libraryParts,
} from "./application_lines.ts";
import { type ClusterPlan, planCluster } from "./cluster_plan.ts";
import { type Because, because, type RenderFacts } from "./facts.ts";
import { type FlakeLine, FlakeLines } from "./flake_lines.ts";
import { machineModules, machineVms, startedIn } from "./machine_lines.ts";
import { packagePath } from "./service_modules.ts";

/** Of the marked part within flake.nix. */
const INDENT = 3;

const FRAME = because("every flake of procurator init has it");
const EVERY_SYSTEM = because(
  "packages, shells and checks are there for each of these systems",
);

function headLines(lines: FlakeLines): void {
  lines.comment(
    "Written by `procurator init`, which says with --explain why each line is there. Change what is above or below:",
    FRAME,
  );
  lines.comment("the next `procurator init` writes this part anew.", FRAME);
  lines.add(
    "procurator = import ./procurator/lib // import ./procurator/autonix;",
    because("what the lines below call, copied into procurator/"),
  );
  lines.add(
    'forSystems = make: nixpkgs.lib.genAttrs [ "x86_64-linux" "aarch64-linux" ]',
    EVERY_SYSTEM,
  );
  lines.add(
    "  (system: make nixpkgs.legacyPackages.${system});",
    EVERY_SYSTEM,
  );
  lines.add("", FRAME);
}

function packageLines(lines: FlakeLines, plan: ClusterPlan): void {
  const why = because("applications of the repository");
  lines.block("applications = pkgs: {", "};", why, () => {
    for (const planned of plan.applications) applicationLines(lines, planned);
  });
  lines.add("", FRAME);
}

function machineLines(lines: FlakeLines, plan: ClusterPlan): void {
  lines.add(
    'system = "x86_64-linux";',
    because("VMs are built for the workers' system"),
  );
  lines.add(
    "packages = applications nixpkgs.legacyPackages.${system};",
    because("what VMs run is built for their system"),
  );
  machineModules(lines, plan, "the repository");
  lines.add("", FRAME);
}

function clusterLines(lines: FlakeLines, plan: ClusterPlan): void {
  const why = because("the blueprint: which VMs there are");
  lines.block("blueprint = procurator.mkCluster {", "};", why, () => {
    lines.add("inherit cluster;", because("its name is yours"));
    const merged = because("which VMs there are, and what you say of them");
    lines.block("vms = procurator.merge {", "} vms;", merged, () => {
      machineVms(lines, plan);
    });
  });
  lines.add("", FRAME);
}

/** What a person needs to work on the repository, each once, with every reason. */
function shellItems(plan: ClusterPlan): Map<string, Because> {
  const items = new Map<string, Because>();
  const add = (text: string, why: Because) => {
    const before = items.get(text);
    items.set(
      text,
      before === undefined || before.what === why.what
        ? before ?? why
        : because(`${before.what}; ${why.what}`, [
          ...before.evidence,
          ...why.evidence,
        ]),
    );
  };
  for (const planned of plan.applications) {
    for (const runtime of planned.runtimes) {
      add(runtime.package, runtime.because);
    }
    const manager = planned.application.packageManager;
    const why = because(
      `${planned.name} is built with ${manager?.value ?? "it"}`,
      manager?.evidence ?? [],
    );
    for (const tool of planned.build.tools) add(packagePath(tool), why);
    for (const tool of SHELL_TOOLS.get(manager?.value ?? "") ?? []) {
      add(packagePath(tool), why);
    }
    for (const { value, evidence } of librariesOf(planned)) {
      add("pkgs.pkg-config", because("says where libraries are"));
      for (const part of libraryParts(value)) {
        add(
          packagePath(part),
          because(`a library of ${planned.name}`, evidence),
        );
      }
    }
  }
  for (const { name, module, because: why, package: own } of plan.services) {
    for (const client of module.clients ?? []) {
      const isServer = own !== null && client === "postgresql";
      add(
        isServer ? own : packagePath(client),
        because(`speaks to ${name}`, why.evidence),
      );
    }
  }
  return items;
}

/** Managers whose builder brings them, and a person's shell does not. */
const SHELL_TOOLS: ReadonlyMap<string, readonly string[]> = new Map([
  ["pip", ["python3Packages.pip"]],
  ["poetry", ["poetry"]],
  ["pdm", ["pdm"]],
  ["pipenv", ["pipenv"]],
  ["uv", ["uv"]],
  ["conda", ["micromamba"]],
  ["cargo", ["cargo", "clippy", "rustfmt"]],
  ["composer", ["phpPackages.composer"]],
  ["cabal", ["cabal-install"]],
  ["stack", ["stack"]],
  ["opam", ["opam"]],
  ["maven", ["maven"]],
  ["gradle", ["gradle"]],
]);

function outputLines(lines: FlakeLines, plan: ClusterPlan): void {
  const why = because("what others find in the flake");
  lines.block("generated = {", "};", why, () => {
    const [only, ...others] = plan.applications;
    const isAlone = only !== undefined && others.length === 0;
    lines.add(
      isAlone
        ? `packages = forSystems (pkgs: let all = applications pkgs; in all // { default = all.${only.name}; });`
        : "packages = forSystems applications;",
      because(
        isAlone
          ? "`nix build` builds the one application"
          : "`nix build .#NAME` builds an application",
      ),
    );
    const shell = because("`nix develop` opens a shell with all of it");
    lines.block(
      "devShells = forSystems (pkgs: { default = pkgs.mkShell { packages = [",
      "]; }; });",
      shell,
      () => {
        for (const [text, reason] of shellItems(plan)) lines.add(text, reason);
      },
    );
    const tests = because("ci builds every check before it publishes");
    lines.block("checks = forSystems (pkgs: {", "});", tests, () => {
      for (const { name, application } of plan.applications) {
        const { test } = application.commands;
        if (test === null) continue;
        const reason = because("test command", test.evidence);
        lines.add(`${name}-test = (applications pkgs).${name}.check;`, reason);
      }
    });
    lines.add(
      "nixosConfigurations = systems;",
      because("what each VM runs, to look at and to try"),
    );
    lines.add(
      "inherit (blueprint) blueprint blueprintJSON;",
      because("`nix eval --raw .#blueprintJSON` is what procurator reads"),
    );
  });
}

export interface RenderedFlake {
  /** The marked part. */
  lines: readonly FlakeLine[];
  /** VMs by name. */
  machines: readonly string[];
  packages: readonly string[];
  /** Packages that take a hash of `hashes`. */
  hashed: readonly string[];
  /** Kinds of services that have no VM. */
  leftOut: readonly string[];
}

export function renderFlake(
  analysis: Analysis,
  facts: RenderFacts,
  calls: readonly Call[] = [],
): RenderedFlake {
  const plan = planCluster(analysis, facts, calls);
  const lines = new FlakeLines(INDENT);
  headLines(lines);
  packageLines(lines, plan);
  machineLines(lines, plan);
  clusterLines(lines, plan);
  outputLines(lines, plan);
  return {
    lines: lines.lines,
    machines: [
      ...startedIn(plan).map(({ name }) => name),
      ...plan.services.map(({ name }) => name),
    ],
    packages: plan.applications.map(({ name }) => name),
    hashed: plan.applications.filter(({ build }) => build.needsHash)
      .map(({ name }) => name),
    leftOut: plan.leftOut.map(({ kind }) => kind),
  };
}
