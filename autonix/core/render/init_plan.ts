/**
 * Which files `procurator init` writes, and which of them it must not.
 *
 * ```
 * flake.nix  not there             -> a new one
 *            marked, untouched     -> the part is replaced
 *            marked, part changed  -> refused; forced: the part is replaced
 *            without marks         -> refused; forced: a new one
 * procurator/*                     -> written; one that somebody changed is refused
 * ```
 *
 * @module
 */
import { createHash } from "node:crypto";
import { lineDiff } from "./line_diff.ts";
import {
  clusterOf,
  hasHash,
  isOfCluster,
  newFlake,
  parseMarked,
  withPart,
} from "./marks.ts";

/** Hashes of what was written into procurator/, so that a newer version may replace it. */
export const RECORD = "procurator/.procurator";
export const FLAKE = "flake.nix";

export interface FileChange {
  path: string;
  change: "created" | "changed" | "unchanged";
  text: string;
  /** What was there; null for nothing. */
  before: string | null;
}

/** A file that is somebody else's. */
export interface Refusal {
  path: string;
  why: string;
  diff: readonly string[];
}

export interface InitPlan {
  files: readonly FileChange[];
  refusals: readonly Refusal[];
}

export interface InitAsked {
  /** The marked part. */
  part: string;
  cluster: string;
  /** Of several repositories, whose flake looks otherwise; absent: of one. */
  clusterFlake?: (part: string, cluster: string) => string;
  /** What procurator/ holds, by path below the root. */
  library: ReadonlyMap<string, string>;
  /** What is there now, by path below the root. */
  existing: ReadonlyMap<string, string>;
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Hashes by path; nothing where the record is broken: then every difference counts. */
function parseRecord(text: string | undefined): ReadonlyMap<string, string> {
  const hashes = new Map<string, string>();
  for (const line of (text ?? "").split("\n")) {
    const [, hash, path] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? [];
    if (hash !== undefined && path !== undefined) hashes.set(path, hash);
  }
  return hashes;
}

function recordText(library: ReadonlyMap<string, string>): string {
  return [...library].sort(([a], [b]) => a < b ? -1 : 1)
    .map(([path, text]) => `${hashOf(text)}  ${path}\n`).join("");
}

function changeOf(
  path: string,
  text: string,
  existing: ReadonlyMap<string, string>,
): FileChange {
  const before = existing.get(path) ?? null;
  const change = before === null
    ? "created"
    : before === text
    ? "unchanged"
    : "changed";
  return { path, change, text, before };
}

function planFlake(
  { part, cluster, existing, clusterFlake }: InitAsked,
): { text: string; refusal: Refusal | null } {
  const make = clusterFlake ?? newFlake;
  const before = existing.get(FLAKE);
  if (before === undefined) {
    return { text: make(part, cluster), refusal: null };
  }
  const file = parseMarked(before);
  const isOther = file !== null &&
    isOfCluster(file) !== (clusterFlake !== undefined);
  if (file === null || isOther) {
    const text = make(part, cluster);
    const why = isOther
      ? clusterFlake === undefined
        ? "it is the flake of several repositories"
        : "it is the flake of one repository"
      : "it has no part that procurator init wrote";
    return {
      text,
      refusal: { path: FLAKE, why, diff: lineDiff(before, text) },
    };
  }
  const text = withPart(file, part);
  if (file.isUntouched || text === before) return { text, refusal: null };
  const why = "the part between its marks was changed by hand";
  return { text, refusal: { path: FLAKE, why, diff: lineDiff(before, text) } };
}

export function planInit(asked: InitAsked): InitPlan {
  const { library, existing } = asked;
  const recorded = parseRecord(existing.get(RECORD));
  const files: FileChange[] = [];
  const refusals: Refusal[] = [];
  for (const [path, text] of library) {
    const file = changeOf(path, text, existing);
    files.push(file);
    if (file.change !== "changed" || file.before === null) continue;
    if (recorded.get(path) === hashOf(file.before)) continue;
    const why = "it is not what procurator init wrote";
    refusals.push({ path, why, diff: lineDiff(file.before, text) });
  }
  files.push(changeOf(RECORD, recordText(library), existing));
  const { text, refusal } = planFlake(asked);
  if (refusal !== null) refusals.unshift(refusal);
  // The last one: until then the flake that was there finds what it calls.
  files.push(changeOf(FLAKE, text, existing));
  return { files, refusals };
}

/** The cluster's name in a flake that init wrote. */
export function clusterIn(
  existing: ReadonlyMap<string, string>,
): string | null {
  const file = parseMarked(existing.get(FLAKE) ?? "");
  return file === null ? null : clusterOf(file);
}

/** Packages of these whose hash nobody has filled in. */
export function hashesToFill(
  existing: ReadonlyMap<string, string>,
  packages: readonly string[],
): string[] {
  const file = parseMarked(existing.get(FLAKE) ?? "");
  return packages.filter((name) => file === null || !hasHash(file, name));
}
