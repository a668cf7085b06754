/**
 * Several repositories as one analysis, each below a directory of its name, so
 * that what is written for one repository is written for all of them.
 *
 * Names of applications stay as short as they can: `web`, and `shop-web` where
 * another repository has a `web` too. A variable that carries the address of
 * an application elsewhere gets the name that this has in the cluster.
 *
 * @module
 */
import type {
  AnalysedApplication,
  AnalysedService,
  Analysis,
  EnvVariable,
  Evidence,
} from "../../../roles/model/analysis.ts";
import { mergeEvidence } from "../claims.ts";
import { comparePaths } from "../file_tree.ts";
import { withHost } from "../render/addresses.ts";
import { labelOf, Names } from "../render/names.ts";
import { isOfBrowser } from "./calls.ts";
import type { Federation } from "./federation.ts";
import type { Place, RepositoryLink } from "./links.ts";
import type { SharedService } from "./shared_services.ts";

export interface MergedApplication {
  repository: string;
  /** In the merged analysis. */
  application: AnalysedApplication;
  /** Its package in its repository's own flake. */
  package: string;
}

export interface Merged {
  analysis: Analysis;
  /** In the order of its applications. */
  applications: readonly MergedApplication[];
}

/** A path of a repository as one of the folder. */
export function below(repository: string, path: string): string {
  return path === "." ? repository : `${repository}/${path}`;
}

/** Evidence of a repository as that of the folder. */
export function evidenceBelow(
  repository: string,
  evidence: readonly Evidence[],
): Evidence[] {
  return evidence.map(({ file, line }) => ({
    file: below(repository, file),
    line,
  }));
}

type Fact<V> = { value: V; confidence: number; evidence: Evidence[] };

function factBelow<V>(repository: string, fact: Fact<V>): Fact<V> {
  return { ...fact, evidence: evidenceBelow(repository, fact.evidence) };
}

function maybeBelow<V>(
  repository: string,
  fact: Fact<V> | null,
): Fact<V> | null {
  return fact === null ? null : factBelow(repository, fact);
}

/** Links by which one VM reaches another. */
function isReached({ kind }: RepositoryLink): boolean {
  return kind === "address" || kind === "image" || kind === "directory";
}

function isFrom({ from }: RepositoryLink, place: Place): boolean {
  return from.repository === place.repository && from.path === place.path;
}

/** What is known of the applications before any is rewritten. */
class Cluster {
  readonly #federation: Federation;
  readonly #names = new Map<string, string>();
  readonly #ports = new Map<string, number>();
  /** Labels that more than one application has. */
  readonly #shared = new Set<string>();

  constructor(federation: Federation) {
    this.#federation = federation;
    const seen = new Set<string>();
    for (const { analysis } of federation.repositories) {
      for (const { name } of analysis.applications) {
        const label = labelOf(name);
        if (seen.has(label)) this.#shared.add(label);
        seen.add(label);
      }
    }
    // As whoever plans the cluster will call them: in this order.
    const names = new Names();
    for (const { name: repository, analysis } of federation.repositories) {
      for (const application of analysis.applications) {
        const path = below(repository, application.path);
        this.#names.set(path, names.take(this.nameOf(repository, application)));
        const [port] = application.ports;
        if (port !== undefined) this.#ports.set(path, port.value);
      }
    }
  }

  nameOf(repository: string, { name }: AnalysedApplication): string {
    const label = labelOf(name);
    return this.#shared.has(label) && label !== labelOf(repository)
      ? `${repository}-${label}`
      : name;
  }

  /** A variable's address with the name and port its host has in the cluster. */
  #rewired(variable: EnvVariable, links: readonly RepositoryLink[]) {
    const { name, default: standard } = variable;
    const link = links.find(({ kind, what }) =>
      kind === "address" && what === name
    );
    if (link === undefined || link.to.path === null || standard === undefined) {
      return variable;
    }
    const to = below(link.to.repository, link.to.path);
    const host = this.#names.get(to);
    if (host === undefined || isOfBrowser(name)) return variable;
    const port = this.#ports.get(to) ?? null;
    return { ...variable, default: withHost(standard, { host, port }) };
  }

  application(
    repository: string,
    application: AnalysedApplication,
  ): AnalysedApplication {
    const place = { repository, path: application.path };
    const links = this.#federation.links.filter((link) => isFrom(link, place));
    const reached = links.filter(isReached).flatMap(({ to }) =>
      to.path === null ? [] : [below(to.repository, to.path)]
    );
    const { commands } = application;
    const own = application.dependsOn.map((path) => below(repository, path));
    return {
      path: below(repository, application.path),
      name: this.nameOf(repository, application),
      language: factBelow(repository, application.language),
      runtimeVersion: maybeBelow(repository, application.runtimeVersion),
      packageManager: maybeBelow(repository, application.packageManager),
      frameworks: application.frameworks.map((one) =>
        factBelow(repository, one)
      ),
      commands: {
        install: maybeBelow(repository, commands.install),
        build: maybeBelow(repository, commands.build),
        start: maybeBelow(repository, commands.start),
        test: maybeBelow(repository, commands.test),
      },
      ports: application.ports.map((one) => factBelow(repository, one)),
      env: application.env.map((one) => ({
        ...this.#rewired(one, links),
        evidence: evidenceBelow(repository, one.evidence),
      })),
      nativeLibraries: application.nativeLibraries.map((one) =>
        factBelow(repository, one)
      ),
      dependsOn: [...new Set([...own, ...reached])].sort(comparePaths),
    };
  }
}

function serviceOf({ kind, version, port, uses }: SharedService) {
  const service: AnalysedService = {
    kind,
    version,
    port,
    usedBy: uses.flatMap(({ repository, service }) =>
      service.usedBy.map((path) => below(repository, path))
    ).sort(comparePaths),
    env: [...new Set(uses.flatMap(({ service }) => service.env))]
      .sort(comparePaths),
    evidence: mergeEvidence(
      uses.map(({ repository, service }) =>
        evidenceBelow(repository, service.evidence)
      ),
    ),
  };
  return service;
}

export function mergeRepositories(federation: Federation): Merged {
  const cluster = new Cluster(federation);
  const applications = federation.repositories.flatMap(
    ({ name: repository, analysis }): MergedApplication[] => {
      const names = new Names();
      return analysis.applications.map((application) => ({
        repository,
        application: cluster.application(repository, application),
        package: names.take(application.name),
      }));
    },
  );
  return {
    applications,
    analysis: {
      schema: 1,
      applications: applications.map(({ application }) => application),
      services: federation.services.map(serviceOf),
      unknown: [],
    },
  };
}
