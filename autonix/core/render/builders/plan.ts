/**
 * What a builder of nixpkgs has to be told, and the shapes that several
 * package managers share.
 *
 * Builders that read a lock file need no hash. Where nixpkgs has none of that
 * kind, `hash` is a wrong one until somebody fills it in: the first build fails
 * and prints the right one, and the line says so.
 *
 * @module
 */
import type { AnalysedApplication } from "../../../../roles/model/analysis.ts";
import { directoryOf } from "../../file_tree.ts";
import {
  type Because,
  because,
  fileEvidence,
  nearest,
  relativeTo,
  type RenderFacts,
} from "../facts.ts";
import { nixString } from "../nix_text.ts";

/** A line within `arguments = { ... }`, or a comment before them. */
export interface BuildLine {
  text: string;
  because: Because;
}

export interface BuildPlan {
  /** The directory that is built: the workspace's root where the lock file lies there. */
  root: string;
  /** Null: `pkgs.stdenv.mkDerivation`. */
  builder: { text: string; because: Because } | null;
  arguments: readonly BuildLine[];
  /** Attributes of `pkgs` that commands need beside the language. */
  tools: readonly string[];
  /** It builds and installs programs by itself. */
  isOwnPhases: boolean;
  /** It has a build phase of its own, in which the packages are. */
  isOwnBuild: boolean;
  /** Its arguments take `hash`, which is the user's to fill in. */
  needsHash: boolean;
}

export interface Asked {
  application: AnalysedApplication;
  facts: RenderFacts;
  /** `pkgs.jdk21`: the runtime that was chosen. */
  runtime: string;
}

export type Builder = (asked: Asked) => BuildPlan;

/** A line that takes the one hash of all that is fetched. */
const TAKES_HASH = /\b(vendorHash|mvnHash|hash|outputHash) = hash;/;
const FILL = "nix build says it once, then it stands in `hashes` above";

export function plan(root: string, rest: Partial<BuildPlan> = {}): BuildPlan {
  return {
    root,
    builder: null,
    arguments: [],
    tools: [],
    isOwnPhases: false,
    isOwnBuild: false,
    needsHash: false,
    ...rest,
  };
}

/** Nothing is fetched: the commands find what they need in the repository. */
export function bare(...tools: readonly string[]): Builder {
  return ({ application }) => plan(application.path, { tools });
}

export function withBuilder(
  root: string,
  file: string,
  builder: string,
  what: string,
  lines: readonly string[],
  rest: Partial<BuildPlan> = {},
): BuildPlan {
  const why = because(what, [fileEvidence(file)]);
  return plan(root, {
    builder: { text: builder, because: why },
    needsHash: lines.some((text) => TAKES_HASH.test(text)),
    arguments: lines.map((text) =>
      TAKES_HASH.test(text)
        ? {
          text: `${text} # ${FILL}`,
          because: because(
            `nixpkgs reads no hashes from ${file}: ${FILL}`,
            [fileEvidence(file)],
          ),
        }
        : { text, because: why }
    ),
    ...rest,
  });
}

/** A file of the source that is built, as a Nix path. */
export function inSource(root: string, file: string): string {
  return `(source + ${nixString(`/${relativeTo(root, file)}`)})`;
}

/** What cannot be fetched reproducibly is said where the dependencies would stand. */
export function unlocked(root: string, tools: readonly string[], why: string) {
  return plan(root, {
    tools,
    arguments: [{ text: `# ${why}`, because: because(why) }],
  });
}

/** A builder whose dependencies have one hash. */
export function hashed(
  locks: readonly string[],
  builder: (asked: Asked) => string,
  line: string,
  rest: Partial<BuildPlan> = {},
): Builder {
  return (asked) => {
    const { application, facts } = asked;
    const lock = nearest(facts, application.path, locks);
    if (lock === null) return plan(application.path, rest);
    return withBuilder(
      directoryOf(lock),
      lock,
      builder(asked),
      `${
        asked.application.packageManager?.value ?? "it"
      } with what ${lock} names`,
      [line],
      rest,
    );
  };
}

/** A builder that reads a file which another tool writes from the lock file. */
export function generated(
  locks: readonly string[],
  builder: (asked: Asked) => string,
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
      return withBuilder(root, path, builder(asked), `${file} is there`, [
        line(inSource(root, path)),
      ], rest);
    }
    const why = `${file} is missing: ${how}, then run procurator init again`;
    return unlocked(root, rest.tools ?? [], why);
  };
}
