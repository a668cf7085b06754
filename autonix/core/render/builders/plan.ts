/**
 * What a builder of nixpkgs has to be told, and the shapes that several
 * package managers share.
 *
 * Builders that read a lock file need no hash. Where nixpkgs has none of that
 * kind, the manager fetches in a derivation of its own (`fetched`), and `hash`
 * is a wrong one until somebody fills it in: the first build fails and prints
 * the right one, and the line says so.
 *
 * @module
 */
import type { AnalysedApplication } from "../../../../roles/model/analysis.ts";
import { directoryOf, wayTo } from "../../file_tree.ts";
import {
  type Because,
  because,
  fileEvidence,
  nearest,
  outermost,
  type RenderFacts,
} from "../facts.ts";
import { nixString } from "../nix_text.ts";
import { fetchedBeside } from "./frontend.ts";

/** A line within `arguments = { ... }`, or a comment before them. */
export interface BuildLine {
  text: string;
  because: Because;
}

export interface BuildPlan {
  /** The directory that is built: the workspace's root where the lock file lies there. */
  root: string;
  /** Where commands run; null: in the application's own directory below the root. */
  directory: string | null;
  /** Null: `pkgs.stdenv.mkDerivation`. */
  builder: { text: string; because: Because } | null;
  arguments: readonly BuildLine[];
  /** Lines of the application beside them. */
  lines: readonly BuildLine[];
  /** For commands, while building and once started. */
  environment: readonly (readonly [name: string, value: string])[];
  /** Expressions of packages that commands need, as Nix. */
  packages: readonly BuildLine[];
  /** Attributes of `pkgs` that commands need beside the language. */
  tools: readonly string[];
  /** It builds and installs programs by itself. */
  isOwnPhases: boolean;
  /** Commands as they run there, where that is not what a person types. */
  build(command: string | null): string | null;
  test(command: string): string;
  start(command: string): string;
  /** What of the tests has to be there beside the command. */
  testInputs: readonly string[];
  /** Its arguments take `hash`, which is the user's to fill in. */
  needsHash: boolean;
}

export interface Asked {
  application: AnalysedApplication;
  facts: RenderFacts;
  /** `pkgs.jdk21`: the runtime that was chosen. */
  runtime: string;
  /** Of the package. */
  name: string;
}

export type Builder = (asked: Asked) => BuildPlan;

/** Of a language that nixpkgs brings nothing for. */
export const NO_RUNTIME = "pkgs";
/** A line that takes the one hash of all that is fetched. */
const TAKES_HASH = /\b(?:vendorHash|npmDepsHash|hash) = hash;|\bsource hash;/;
const FILL = "nix build says it once, then it stands in `hashes` above";

export function plan(root: string, rest: Partial<BuildPlan> = {}): BuildPlan {
  return {
    root,
    directory: null,
    builder: null,
    arguments: [],
    lines: [],
    environment: [],
    packages: [],
    tools: [],
    isOwnPhases: false,
    build: (command) => command,
    test: (command) => command,
    start: (command) => command,
    testInputs: [],
    needsHash: false,
    ...rest,
  };
}

/** Nothing is fetched: the commands find what they need in the repository. */
export function bare(...tools: readonly string[]): Builder {
  return ({ application }) => plan(application.path, { tools });
}

/** Lines with one reason; the one that takes the hash says how it is filled. */
export function toldLines(
  file: string,
  what: string,
  lines: readonly string[],
): BuildLine[] {
  const why = because(what, [fileEvidence(file)]);
  return lines.map((text) =>
    TAKES_HASH.test(text)
      ? {
        text: `${text} # ${FILL}`,
        because: because(
          `${what}; nixpkgs reads no hashes from ${file}: ${FILL}`,
          [fileEvidence(file)],
        ),
      }
      : { text, because: why }
  );
}

export function withBuilder(
  root: string,
  file: string,
  builder: string | null,
  what: string,
  lines: readonly string[],
  rest: Partial<BuildPlan> = {},
): BuildPlan {
  return plan(root, {
    builder: builder === null
      ? null
      : { text: builder, because: because(what, [fileEvidence(file)]) },
    needsHash: lines.some((text) => TAKES_HASH.test(text)),
    arguments: toldLines(file, what, lines),
    ...rest,
  });
}

export interface Fetching {
  /** Files that say what is fetched; the nearest counts. */
  locks: readonly string[];
  /** The outermost of them is the root: what is built is all below it. */
  isOutermost?: true;
  /** Expressions of packages that fetch. */
  tools(asked: Asked): readonly string[];
  /** What fetches, typed where the application is; null: there is nothing to fetch. */
  command(asked: Asked, lock: string): string | null;
  /** What is kept of it: below the root, or below the home as `~/.m2`. */
  folders: readonly string[];
  /** It is run where the lock file is. */
  isAtRoot?: true;
  environment?: Readonly<Record<string, string>>;
  /** Arguments of `dependencies` beside. */
  extra?: string;
  arguments?: readonly string[];
  rest?(asked: Asked): Partial<BuildPlan>;
}

/** Packages are fetched by the manager itself, into an output whose hash is known. */
export function fetched(fetching: Fetching): Builder {
  return (asked) => {
    const { application, facts } = asked;
    const find = fetching.isOutermost === true ? outermost : nearest;
    const lock = find(facts, application.path, fetching.locks);
    const rest = fetching.rest?.(asked) ?? {};
    if (lock === null) return plan(application.path, rest);
    const root = directoryOf(lock);
    const own = fetching.command(asked, lock);
    const beside = root === application.path ? fetchedBeside(asked) : null;
    const command = [own, beside?.command].filter((one) =>
      one !== null && one !== undefined
    ).join(" && ");
    if (command === "") return plan(root, rest);
    const directory = wayTo(root, application.path);
    const at = fetching.isAtRoot === true || directory === "."
      ? ""
      : ` directory = ${nixString(directory)};`;
    const environment = Object.entries(fetching.environment ?? {})
      .map(([name, value]) => ` environment.${name} = ${nixString(value)};`);
    const folders = [...fetching.folders, ...beside?.folders ?? []]
      .map(nixString).join(" ");
    const line =
      `dependencies = procurator.dependencies { inherit pkgs source hash; tools = [ ${
        [...fetching.tools(asked), ...beside?.tools ?? []]
          .filter((tool) => tool !== NO_RUNTIME).join(" ")
      } ]; command = ${nixString(command)}; folders = [ ${folders} ];${at}${
        environment.join("")
      }${fetching.extra ?? ""} };`;
    const what =
      `nixpkgs has no builder that reads ${lock}: \`${command}\` runs in a derivation of its own, whose output has a known hash`;
    return plan(root, {
      ...rest,
      needsHash: true,
      lines: [...toldLines(lock, what, [line]), ...rest.lines ?? []],
      arguments: [
        ...toldLines(lock, "without a network", fetching.arguments ?? []),
        ...rest.arguments ?? [],
      ],
    });
  };
}

/** A file of the source that is built, as a Nix path. */
export function inSource(root: string, file: string): string {
  return `(source + ${nixString(`/${wayTo(root, file)}`)})`;
}

/** What cannot be fetched reproducibly is said where the dependencies would stand. */
export function unlocked(root: string, tools: readonly string[], why: string) {
  return plan(root, {
    tools,
    arguments: [{ text: `# ${why}`, because: because(why) }],
  });
}

/** A builder that reads a file which another tool writes from the lock file. */
export function generated(
  locks: readonly string[],
  builder: string,
  file: string,
  line: (path: string) => string,
  how: string,
  rest: Partial<BuildPlan> = {},
): Builder {
  return (asked) => {
    const { application, facts } = asked;
    const lock = nearest(facts, application.path, locks);
    if (lock === null) return plan(application.path, rest);
    const root = directoryOf(lock);
    const path = root === "." ? file : `${root}/${file}`;
    if (facts.has(path)) {
      return withBuilder(root, path, builder, `${file} is there`, [
        line(inSource(root, path)),
      ], rest);
    }
    const why = `${file} is missing: ${how}, then run procurator init again`;
    return unlocked(root, rest.tools ?? [], why);
  };
}
