/**
 * The flake of a folder of repositories: an input for each, one cluster of all
 * their VMs, services that they share once, a shell with all of their tools.
 *
 * ```
 * Federation --merged.ts--> Analysis --../render/cluster_plan.ts--> ClusterPlan
 *            --this--> lines with reasons --../render/marks.ts--> flake.nix
 * ```
 *
 * Packages, checks and shells come from the repositories' own flakes; VMs and
 * their wiring are written here, since only here it is known what they share.
 *
 * @module
 */
import { type ClusterPlan, planCluster } from "../render/cluster_plan.ts";
import { because, type RenderFacts } from "../render/facts.ts";
import { type FlakeLine, FlakeLines } from "../render/flake_lines.ts";
import { machineModules, machineVms } from "../render/machine_lines.ts";
import { CLUSTER_OUTPUTS, marked } from "../render/marks.ts";
import { labelOf, Names } from "../render/names.ts";
import { nixAttribute, nixString } from "../render/nix_text.ts";
import { NIXPKGS_URL } from "../render/nixpkgs_release.ts";
import { type Conflict, placeText } from "./conflicts.ts";
import type { Federation } from "./federation.ts";
import type { Place } from "./links.ts";
import {
  below,
  evidenceBelow,
  type Merged,
  mergeRepositories,
} from "./merged.ts";

/** Within flake.nix the marks stand as far in as their part. */
export const MARK_INDENT = "  ";
/** Places of one conflict in a comment; `init --json` has all. */
const MAX_PLACES = 4;
/** Comments about links; the graph has all. */
const MAX_LINKS = 100;
/** Inputs that mean something else. */
const TAKEN_INPUTS = new Set(["nixpkgs", "self"]);

const FRAME = because("every flake of procurator init --cluster has it");

/** Where a repository is found. */
export interface RepositoryInput {
  repository: string;
  url: string;
}

export interface RenderedCluster {
  /** The marked part. */
  lines: readonly FlakeLine[];
  /** Inputs by repository. */
  inputs: ReadonlyMap<string, string>;
  /** VMs by name. */
  machines: readonly string[];
  /** Kinds of services that have no VM. */
  leftOut: readonly string[];
}

function inputNames(
  repositories: readonly { name: string }[],
): Map<string, string> {
  const names = new Names();
  return new Map(repositories.map(({ name }) => {
    const label = labelOf(name);
    const own = TAKEN_INPUTS.has(label) ? `${label}-repository` : label;
    return [name, names.take(own)];
  }));
}

function placeName({ repository, path }: Place): string {
  return path === null ? repository : below(repository, path);
}

/** Writes one part of the flake after the other. */
class ClusterFlake {
  lines = new FlakeLines();
  readonly #parts: FlakeLines[] = [];
  readonly inputs: ReadonlyMap<string, string>;
  readonly plan: ClusterPlan;
  readonly #federation: Federation;
  readonly #merged: Merged;
  readonly #urls: ReadonlyMap<string, string>;

  constructor(
    federation: Federation,
    of: { inputs: readonly RepositoryInput[]; facts: RenderFacts },
  ) {
    this.#federation = federation;
    this.#merged = mergeRepositories(federation);
    this.inputs = inputNames(federation.repositories);
    this.plan = planCluster(this.#merged.analysis, of.facts);
    this.#urls = new Map(
      of.inputs.map(({ repository, url }) => [repository, url]),
    );
  }

  #input(repository: string): string {
    return nixAttribute(this.inputs.get(repository) ?? repository);
  }

  #inputLines(): void {
    const { lines } = this;
    lines.comment(
      "Written by `procurator init --cluster`. Change what is below; the next run writes this part anew.",
      FRAME,
    );
    lines.add(`inputs.nixpkgs.url = ${nixString(NIXPKGS_URL)};`, FRAME);
    for (const { name } of this.#federation.repositories) {
      const url = this.#urls.get(name) ?? "";
      const why = because(`${name} is a repository of the folder`);
      lines.add(
        `inputs.${this.#input(name)} = { url = ${
          nixString(url)
        }; inputs.nixpkgs.follows = "nixpkgs"; };`,
        why,
      );
    }
    lines.add("", FRAME);
  }

  #conflictComment({ kind, what, places, outcome }: Conflict): void {
    const shown = places.slice(0, MAX_PLACES).map((place) =>
      kind === "port"
        ? placeText(place)
        : `${place.value.slice(0, 40)} in ${placeText(place)}`
    );
    const more = places.length - shown.length;
    this.lines.comment(
      `${kind} ${what}: ${shown.join(", ")}${
        more > 0 ? ` and ${more} more` : ""
      }: ${outcome}`,
      because(
        `the repositories do not agree on ${kind} ${what}`,
        places.flatMap(({ repository, evidence }) =>
          evidenceBelow(repository, evidence)
        ),
      ),
    );
  }

  #comments(): void {
    const { links, conflicts } = this.#federation;
    for (
      const { from, to, kind, what, evidence } of links.slice(0, MAX_LINKS)
    ) {
      const why = because(
        `${placeName(from)} needs ${placeName(to)}`,
        evidenceBelow(from.repository, evidence),
      );
      this.lines.comment(
        `${placeName(from)} needs ${placeName(to)}: ${kind} ${what}`,
        why,
      );
    }
    for (const conflict of conflicts) this.#conflictComment(conflict);
    if (links.length + conflicts.length > 0) this.lines.add("", FRAME);
  }

  #packageLines(): void {
    const why = because("what VMs run comes from the repositories' flakes");
    this.lines.add(
      'system = "x86_64-linux";',
      because("VMs are built for the workers' system"),
    );
    this.lines.block("packages = {", "};", why, () => {
      this.plan.applications.forEach(({ name, start }, index) => {
        const merged = this.#merged.applications[index];
        if (merged === undefined || start === null) return;
        const { repository, application } = merged;
        this.lines.add(
          `${name} = inputs.${
            this.#input(repository)
          }.packages.\${system}.${merged.package};`,
          because(
            `${application.path} has a start command`,
            application.commands.start?.evidence ?? [],
          ),
        );
      });
    });
  }

  #machineLines(): void {
    const { lines, plan } = this;
    machineModules(lines, plan, "the repositories");
    lines.block(
      "blueprint = procurator.mkCluster {",
      "};",
      because("the blueprint: one cluster of all VMs"),
      () => {
        lines.add("inherit cluster;", because("its name is yours"));
        const merged = because("which VMs there are, and what you say of them");
        lines.block("vms = procurator.merge {", "} vms;", merged, () => {
          machineVms(lines, plan);
        });
      },
    );
  }

  /** `prefixed "shop" ... // prefixed "ui" ...`: of each repository one kind of output. */
  #ofEach(output: string): string {
    const parts = [...this.inputs.values()].map((input) =>
      `prefixed ${nixString(input)} (inputs.${
        nixAttribute(input)
      }.${output}.\${system} or { })`
    );
    return parts.length === 0 ? "{ }" : parts.join(" // ");
  }

  #outputLines(): void {
    const { lines } = this;
    lines.add(
      `packages = forSystems (system: ${this.#ofEach("packages")});`,
      because("`nix build .#REPOSITORY-NAME` builds an application"),
    );
    const shell = because("one shell with the tools of every repository");
    lines.block(
      "devShells = forSystems (system: { default = nixpkgs.legacyPackages.${system}.mkShell { inputsFrom = [",
      "]; }; });",
      shell,
      () => {
        for (const input of this.inputs.values()) {
          lines.add(
            `inputs.${nixAttribute(input)}.devShells.\${system}.default`,
            shell,
          );
        }
      },
    );
    lines.add(
      `checks = forSystems (system: ${this.#ofEach("checks")});`,
      because("ci builds every check before it publishes"),
    );
    lines.add(
      "nixosConfigurations = systems;",
      because("what each VM runs, to look at and to try"),
    );
    lines.add(
      "inherit (blueprint) blueprint blueprintJSON;",
      because("`nix eval --raw .#blueprintJSON` is what procurator reads"),
    );
  }

  /** What follows stands this far in. */
  #at(indent: number): FlakeLines {
    this.lines = new FlakeLines(indent);
    this.#parts.push(this.lines);
    return this.lines;
  }

  write(): readonly FlakeLine[] {
    this.#at(1);
    this.#inputLines();
    this.lines.add(CLUSTER_OUTPUTS, FRAME);
    this.#at(2).add("let", FRAME);
    this.#at(3).add("generate = { cluster, vms, modules }:", FRAME);
    this.#at(4).add("let", FRAME);
    this.#at(5)
      .add(
        "procurator = import ./procurator/lib // import ./procurator/autonix;",
        because("what the lines below call, copied into procurator/"),
      )
      .add(
        'forSystems = nixpkgs.lib.genAttrs [ "x86_64-linux" "aarch64-linux" ];',
        FRAME,
      )
      .add(
        'prefixed = repository: set: builtins.listToAttrs (map (name: { name = "${repository}-${name}"; value = set.${name}; }) (builtins.attrNames set));',
        because("two repositories may have a package of the same name"),
      )
      .add("", FRAME);
    this.#comments();
    this.#packageLines();
    this.#machineLines();
    this.#at(4).add("in {", FRAME);
    this.#at(5);
    this.#outputLines();
    this.#at(4).add("};", FRAME);
    this.#at(2).add("in", FRAME);
    return this.#parts.flatMap(({ lines }) => [...lines]);
  }
}

export function renderCluster(
  federation: Federation,
  of: { inputs: readonly RepositoryInput[]; facts: RenderFacts },
): RenderedCluster {
  const flake = new ClusterFlake(federation, of);
  const lines = flake.write();
  const { plan } = flake;
  return {
    lines,
    inputs: flake.inputs,
    machines: [
      ...plan.applications.filter(({ start }) => start !== null)
        .map(({ name }) => name),
      ...plan.services.map(({ name }) => name),
    ],
    leftOut: plan.leftOut.map(({ kind }) => kind),
  };
}

/** A flake around the part, for a folder that has none. */
export function newClusterFlake(part: string, cluster: string): string {
  return `{
  description = ${nixString(`${cluster}: repositories run by procurator`)};

${marked(part, MARK_INDENT)}
    # Yours: \`procurator init --cluster\` keeps it as it is.
    generate {
      cluster = ${nixString(cluster)};
      # Options of VMs, or VMs of your own: vms.web = { replicas = 2; labels.tier = "front"; };
      vms = { };
      # NixOS modules that are added to VMs: modules.web.systemd.services.web.environment.TOKEN_FILE = "/run/token";
      modules = { };
    };
}
`;
}
