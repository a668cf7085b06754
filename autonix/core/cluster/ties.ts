/**
 * What ties a repository to others: packages that it offers, packages that it
 * asks for and has not, and repositories, images and directories that it names.
 *
 * ```
 * drafts + mentions --tiesOf--> Ties --links.ts--> who depends on whom
 * ```
 *
 * Stands beside the `Analysis`, whose shape is a contract: there a path is one
 * of the same repository. Owns what counts as a name of a repository; looks
 * into no other one.
 *
 * @module
 */
import type { Evidence } from "../../../roles/model/analysis.ts";
import { ownerOf } from "../applications.ts";
import type { Draft, Ecosystem } from "../draft.ts";
import { comparePaths } from "../file_tree.ts";
import type { Call } from "./calls.ts";

/** A package under the name by which others depend on it. */
export interface OfferedPackage {
  ecosystem: Ecosystem;
  name: string;
  /** Its application. */
  path: string;
}

/** A package that no application of the repository is. */
export interface AskedPackage {
  ecosystem: Ecosystem;
  name: string;
  /** As written; null where none is. */
  version: string | null;
  /** The application that asks. */
  path: string;
  evidence: Evidence;
}

/** Something that lies in another repository. */
export interface Mention {
  /** A repository by its address, an image by its name, a directory beside this repository. */
  kind: "repository" | "image" | "directory";
  /** `github.com/acme/ui`, `ghcr.io/acme/api`, `../api`; never with credentials. */
  text: string;
  /** What the other repository is probably called: `ui`. */
  name: string;
  /** The application that is nearest to where it stands; null: the whole repository. */
  path: string | null;
  evidence: Evidence;
}

export interface Ties {
  offers: OfferedPackage[];
  asks: AskedPackage[];
  mentions: Mention[];
  /** Between its own applications. */
  calls: Call[];
}

/** Longer ones are no addresses. */
const MAX_ADDRESS = 500;
const GIT_URL =
  /^(?:git\+)?(?:https?|ssh|git):\/\/([^/?#]{1,250})\/([^?#]{1,300})/;
const GIT_SCP = /^(?:[\w.-]{1,60}@)([\w.-]{1,250}):([^?#]{1,300})/;
/** npm's words for three forges. */
const SHORT = /^(github|gitlab|bitbucket):([\w.-]{1,100}\/[\w.-]{1,100})/;
const FORGES: ReadonlyMap<string, string> = new Map([
  ["github", "github.com"],
  ["gitlab", "gitlab.com"],
  ["bitbucket", "bitbucket.org"],
]);
/** A web address is a repository's when it says so, or lies on a forge. */
const FORGE_HOST = /^(?:www\.)?(?:github\.com|gitlab\.com|bitbucket\.org)$/;

function repositoryAt(
  authority: string,
  path: string,
): Pick<Mention, "text" | "name"> | null {
  // What comes before the last @ may be a token.
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  // pip writes a revision as `name.git@v1`, Go and npm after `#`.
  const [bare = ""] = path.split("@", 1);
  const parts = bare.split("/").filter((part) => part !== "");
  const own = FORGE_HOST.test(host) ? parts.slice(0, 2) : parts;
  const last = own.at(-1)?.replace(/\.git$/, "") ?? "";
  if (host === "" || last === "" || own.length === 0) return null;
  const text = [host, ...own.slice(0, -1), last].join("/");
  return { text, name: last };
}

/** The repository that a URL, `git@host:a/b` or `github:a/b` names; null for anything else. */
export function repositoryOf(
  text: string,
): Pick<Mention, "text" | "name"> | null {
  if (text.length > MAX_ADDRESS) return null;
  const [, forge, short] = SHORT.exec(text) ?? [];
  if (forge !== undefined && short !== undefined) {
    return repositoryAt(FORGES.get(forge) ?? "", short);
  }
  const [, host, path] = GIT_URL.exec(text) ?? GIT_SCP.exec(text) ?? [];
  if (host === undefined || path === undefined) return null;
  const isTold = !text.startsWith("http") || /\.git\b/.test(path) ||
    FORGE_HOST.test(host.slice(host.lastIndexOf("@") + 1));
  return isTold ? repositoryAt(host, path) : null;
}

function keyOf(mention: Mention): string {
  return [mention.kind, mention.text, mention.path ?? ""].join("\0");
}

/** Sorted; of the same ones the first counts. */
function eachOnce<T>(items: readonly T[], key: (item: T) => string): T[] {
  const byKey = new Map<string, T>();
  for (const item of items) {
    if (!byKey.has(key(item))) byKey.set(key(item), item);
  }
  return [...byKey].sort(([a], [b]) => comparePaths(a, b)).map(([, one]) =>
    one
  );
}

/** What drafts offer and ask, for the applications that are told. */
export function tiesOf(
  drafts: readonly Draft[],
  mentions: readonly Mention[],
  told: ReadonlySet<string>,
): Omit<Ties, "calls"> {
  const byPath = new Map([...told].map((path) => [path, { path }]));
  const offers = drafts.filter(({ path }) => told.has(path))
    .flatMap(({ provides, ecosystem, path }) =>
      provides.map((name): OfferedPackage => ({ ecosystem, name, path }))
    );
  const keyOfPackage = (one: { ecosystem: string; name: string }) =>
    `${one.ecosystem}\0${one.name}`;
  const own = new Set(offers.map(keyOfPackage));
  const asks: AskedPackage[] = [];
  const named: Mention[] = [];
  for (const { dependencies, ecosystem, path: at } of drafts) {
    const path = ownerOf(at, byPath)?.path;
    if (path === undefined) continue;
    for (const { name, version, evidence } of dependencies) {
      if (own.has(keyOfPackage({ ecosystem, name }))) continue;
      asks.push({ ecosystem, name, version, path, evidence });
      const repository = version === null ? null : repositoryOf(version);
      if (repository === null) continue;
      named.push({ kind: "repository", ...repository, path, evidence });
    }
  }
  return {
    offers: eachOnce(offers, (one) => `${keyOfPackage(one)}\0${one.path}`),
    asks: eachOnce(asks, (one) => `${keyOfPackage(one)}\0${one.path}`),
    mentions: eachOnce([
      ...named,
      ...mentions.map((one) => ({
        ...one,
        path: one.path === null
          ? null
          : ownerOf(one.path, byPath)?.path ?? null,
      })),
    ], keyOf),
  };
}
