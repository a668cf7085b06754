/**
 * Which repository of several depends on which other one, and through what: a
 * package, an image, a directory beside it, a submodule, an address in a
 * variable.
 *
 * What leads to none of them is told too: it lies outside.
 *
 * @module
 */
import type {
  AnalysedApplication,
  Analysis,
  Evidence,
} from "../../../roles/model/analysis.ts";
import { comparePaths } from "../file_tree.ts";
import { addTo } from "../lists.ts";
import { labelOf } from "../render/names.ts";
import { hostOfAddress } from "../services/addresses.ts";
import type { Mention, Ties } from "./ties.ts";

/** One of several, under a name that no other one has. */
export interface Repository {
  name: string;
  analysis: Analysis;
  ties: Ties;
}

/** An application, or a repository as a whole. */
export interface Place {
  repository: string;
  path: string | null;
}

export interface RepositoryLink {
  from: Place;
  to: Place;
  kind: "package" | "address" | Mention["kind"];
  /** The package, image, directory, repository or variable; empty where nothing says how. */
  what: string;
  /** In the repository it comes from. */
  evidence: readonly Evidence[];
}

/** A mention that no repository here answers to. */
export interface OutsideLink {
  from: Place;
  mention: Mention;
}

export interface Links {
  links: RepositoryLink[];
  outside: OutsideLink[];
}

/** Who answers to a name. */
class Directory {
  readonly #repositories: readonly Repository[];
  readonly #offers = new Map<string, Place[]>();
  readonly #labels = new Map<string, Place[]>();

  constructor(repositories: readonly Repository[]) {
    this.#repositories = repositories;
    for (const { name, analysis, ties } of repositories) {
      for (const { ecosystem, name: own, path } of ties.offers) {
        addTo(this.#offers, `${ecosystem}\0${own}`, {
          repository: name,
          path,
        });
      }
      for (const application of analysis.applications) {
        addTo(this.#labels, labelOf(application.name), {
          repository: name,
          path: application.path,
        });
      }
    }
  }

  #elsewhere(places: readonly Place[] | undefined, from: string): Place | null {
    return places?.find(({ repository }) => repository !== from) ?? null;
  }

  /** Who offers a package. */
  offering(ecosystem: string, name: string, from: string): Place | null {
    return this.#elsewhere(this.#offers.get(`${ecosystem}\0${name}`), from);
  }

  /** The repository of this name; its application where it has just one that is started. */
  repository(name: string, from: string): Place | null {
    const label = labelOf(name);
    const found = this.#repositories.find((one) =>
      one.name !== from && (one.name === name || labelOf(one.name) === label)
    );
    if (found === undefined) return null;
    const started = found.analysis.applications.filter(isStarted);
    const [only] = started.length > 0 ? started : found.analysis.applications;
    const isAlone = started.length <= 1;
    return {
      repository: found.name,
      path: isAlone ? only?.path ?? null : null,
    };
  }

  /** The application of this name, else the repository. */
  called(name: string, from: string): Place | null {
    return this.#elsewhere(this.#labels.get(labelOf(name)), from) ??
      this.repository(name, from);
  }
}

function isStarted({ commands }: AnalysedApplication): boolean {
  return commands.start !== null;
}

function packageLinks(
  { name, ties }: Repository,
  directory: Directory,
): RepositoryLink[] {
  return ties.asks.flatMap((asked): RepositoryLink[] => {
    const to = directory.offering(asked.ecosystem, asked.name, name);
    return to === null ? [] : [{
      from: { repository: name, path: asked.path },
      to,
      kind: "package",
      what: asked.name,
      evidence: [asked.evidence],
    }];
  });
}

/** Hosts that are this machine, or nothing. */
const NO_HOST =
  /^(?:localhost|\d{1,3}(?:\.\d{1,3}){3}|host\.docker\.internal|example\..*|.*\.example)$/;

function addressLinks(
  { name, analysis }: Repository,
  directory: Directory,
): RepositoryLink[] {
  const ofServices = new Set(analysis.services.flatMap(({ env }) => env));
  return analysis.applications.flatMap(({ path, env }) =>
    env.flatMap((variable): RepositoryLink[] => {
      const { name: what, default: standard, evidence } = variable;
      if (standard === undefined || ofServices.has(what)) return [];
      const address = hostOfAddress(standard);
      if (address === null || NO_HOST.test(address)) return [];
      const to = directory.called(address, name);
      return to === null ? [] : [{
        from: { repository: name, path },
        to,
        kind: "address",
        what,
        evidence,
      }];
    })
  );
}

/** Applications of one repository that speak to each other. */
function ownLinks({ name, ties }: Repository): RepositoryLink[] {
  return ties.calls.map(({ from, to, variable, evidence }) => ({
    from: { repository: name, path: from },
    to: { repository: name, path: to },
    kind: "address",
    what: variable ?? "",
    evidence: [evidence],
  }));
}

function keyOf({ from, to, kind, what }: RepositoryLink): string {
  return [
    ...[from.repository, from.path ?? "", to.repository, to.path ?? ""],
    ...[kind, what],
  ].join("\0");
}

/** Sorted by where they come from. */
export function linksBetween(repositories: readonly Repository[]): Links {
  const directory = new Directory(repositories);
  const links = new Map<string, RepositoryLink>();
  const outside: OutsideLink[] = [];
  const add = (link: RepositoryLink) => {
    const key = keyOf(link);
    if (!links.has(key)) links.set(key, link);
  };
  for (const repository of repositories) {
    for (const link of packageLinks(repository, directory)) add(link);
    for (const link of addressLinks(repository, directory)) add(link);
    for (const link of ownLinks(repository)) add(link);
    for (const mention of repository.ties.mentions) {
      const from = { repository: repository.name, path: mention.path };
      const to = mention.kind === "image"
        ? directory.called(mention.name, repository.name)
        : directory.repository(mention.name, repository.name);
      if (to === null) outside.push({ from, mention });
      else {
        const { kind, text: what, evidence } = mention;
        add({ from, to, kind, what, evidence: [evidence] });
      }
    }
  }
  return {
    links: [...links].sort(([a], [b]) => comparePaths(a, b))
      .map(([, link]) => link),
    outside,
  };
}
