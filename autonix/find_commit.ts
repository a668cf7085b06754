/**
 * Which commit somebody means: a repository on this machine, found as the
 * user's own git finds it, and an id in it.
 *
 * @module
 */
import { AppError } from "../roles/model/errors.ts";
import { runProcess } from "../roles/process/mod.ts";
import { openRoot } from "./scan.ts";

/** A commit of a million files from a slow disk. */
export const GIT_TIMEOUT_MS = 60_000;
export const GIT_HINT = "apt-get install git";
const OBJECT_ID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** Of a commit that the repository lacks. */
export function noSuchCommit(what: string): AppError {
  return new AppError(
    "not_found",
    `Cannot examine ${what} as the repository has no such commit`,
    { hint: "see which there are: git log --all --oneline" },
  );
}

/** True for the whole id of an object: what git takes for nothing else. */
export function isObjectId(text: string): boolean {
  return OBJECT_ID.test(text);
}

/** A repository on this machine, and a commit of it. */
export interface FoundCommit {
  gitDirectory: string;
  commit: string;
  /** The directory that was asked for, below the repository's root. */
  below: string;
}

/**
 * The commit that a branch, a tag or an id means in the repository that a
 * directory is, or lies in. It is found as the user's own git finds it.
 *
 * @throws {AppError} as `openRoot`; `not_found`; `invalid` for a directory of no repository.
 */
export async function findCommit(
  directory: string,
  revision: string,
): Promise<FoundCommit> {
  const root = openRoot(directory);
  const git = (...args: string[]) =>
    runProcess("git", ["-C", root, "rev-parse", ...args], {
      env: { ...userEnvironment(), GIT_NO_LAZY_FETCH: "1", LC_ALL: "C.UTF-8" },
      clearEnv: true,
      timeoutMs: GIT_TIMEOUT_MS,
      missingHint: GIT_HINT,
    });
  const place = await git("--absolute-git-dir");
  if (place.code !== 0) {
    throw new AppError(
      "invalid",
      `Cannot look for a commit in ${directory}: ${
        place.stderrTail.trim().replace(/^fatal: /, "")
      }`,
      { hint: "name a directory of a Git repository" },
    );
  }
  const prefix = (await git("--show-prefix")).stdout;
  const isNoName = revision === "" || revision.startsWith("-") ||
    revision.includes("\0");
  const found = isNoName
    ? null
    : await git("--verify", "--quiet", `${revision}^{commit}`);
  const commit = found?.stdout.trim() ?? "";
  if (found?.code !== 0 || !isObjectId(commit)) {
    throw noSuchCommit(JSON.stringify(revision.slice(0, 80)));
  }
  return {
    gitDirectory: place.stdout.replace(/\n$/, ""),
    commit,
    below: prefix.replace(/\/?\n$/, "") || ".",
  };
}

/** What git needs of its user: whom it trusts is said in his configuration. */
function userEnvironment(): Record<string, string> {
  const names = ["PATH", "HOME", "XDG_CONFIG_HOME"];
  return Object.fromEntries(names.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  }));
}
