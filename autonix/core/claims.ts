/**
 * What detectors say, and who is believed.
 *
 * A claim is one statement about one application with the place it was read
 * from. Several may differ: `RANKS` decides for each field which kind of place
 * overrides which, the first in its list being the strongest. Where a stronger
 * and a weaker place agree, both are evidence and the fact is surer.
 *
 * Owns precedence and confidence. Knows no ecosystem and no file name.
 *
 * @module
 */
import type {
  Evidence,
  Language,
  PackageManager,
} from "../../roles/model/analysis.ts";

/** The kind of place a claim was read from. */
export type Source =
  /** Somebody wrote it for just this: `.nvmrc`, `packageManager`, `rust-toolchain`. */
  | "pin"
  /** A lockfile: what was really used. */
  | "lock"
  /** A Procfile, fly.toml, app.json: how it is run elsewhere. */
  | "procfile"
  /** The ecosystem's manifest says so: `scripts.start`, `requires-python`, a dependency. */
  | "manifest"
  /** A Dockerfile or compose file. */
  | "container"
  /** make, just, Taskfile, tox. */
  | "task"
  /** A workflow of a CI service. */
  | "ci"
  /** Configuration of a framework or library. */
  | "config"
  /** `.env.example` and the like. */
  | "env-file"
  /** Source code says so: `listen(8080)`, `os.environ["X"]`. */
  | "source"
  /** What a framework does unless told otherwise. */
  | "framework"
  /** What one does in this ecosystem: `npm ci` beside a package-lock.json. */
  | "convention"
  /** Better than nothing. */
  | "guess";

/** How often a place of this kind is right, on repositories we have labelled. */
const CONFIDENCE: Readonly<Record<Source, number>> = {
  pin: 0.99,
  lock: 0.98,
  procfile: 0.97,
  manifest: 0.95,
  container: 0.9,
  task: 0.85,
  config: 0.9,
  ci: 0.8,
  "env-file": 0.85,
  source: 0.8,
  framework: 0.75,
  convention: 0.7,
  guess: 0.4,
};
/** Nothing that was read is certain. */
const SUREST = 0.99;

/** The values of each field. */
export interface ClaimValues {
  name: string;
  language: Language;
  runtimeVersion: string;
  packageManager: PackageManager;
  /** Lists: every claim counts. */
  framework: string;
  nativeLibrary: string;
  port: number;
  env: { name: string; required: boolean; default?: string };
  /** Commands. */
  install: string;
  build: string;
  start: string;
  test: string;
}
export type Field = keyof ClaimValues;

export interface Claim<F extends Field = Field> {
  field: F;
  value: ClaimValues[F];
  source: Source;
  evidence: readonly Evidence[];
  /** Instead of that of the source, where a detector knows better; 0 to 1. */
  confidence?: number;
}

const VERSIONS: readonly Source[] = [
  "pin",
  "manifest",
  "lock",
  "procfile",
  "container",
  "ci",
  "config",
  "task",
  "source",
  "env-file",
  "framework",
  "convention",
  "guess",
];
const COMMANDS: readonly Source[] = [
  "procfile",
  "pin",
  "manifest",
  "container",
  "task",
  "config",
  "framework",
  "source",
  "convention",
  "ci",
  "lock",
  "env-file",
  "guess",
];
const GENERAL: readonly Source[] = [
  "pin",
  "lock",
  "manifest",
  "procfile",
  "config",
  "container",
  "source",
  "task",
  "ci",
  "env-file",
  "framework",
  "convention",
  "guess",
];

/** Who overrides whom, strongest first. */
export const RANKS: Readonly<Record<Field, readonly Source[]>> = {
  name: GENERAL,
  language: GENERAL,
  runtimeVersion: VERSIONS,
  packageManager: GENERAL,
  framework: GENERAL,
  nativeLibrary: GENERAL,
  port: [
    "procfile",
    "source",
    "config",
    "manifest",
    "container",
    "task",
    "env-file",
    "pin",
    "lock",
    "ci",
    "framework",
    "convention",
    "guess",
  ],
  env: GENERAL,
  install: COMMANDS,
  build: COMMANDS,
  start: COMMANDS,
  // CI runs the tests that count, wherever nothing nearer names them.
  test: [
    "manifest",
    "task",
    "ci",
    ...COMMANDS.filter((source) =>
      source !== "manifest" && source !== "task" && source !== "ci"
    ),
  ],
};

/** A fact whose value is any claim's. */
export interface Resolved<V> {
  value: V;
  confidence: number;
  evidence: Evidence[];
}

/** Position of a claim's source; lower is stronger. */
export function rankOf(claim: Pick<Claim, "field" | "source">): number {
  return RANKS[claim.field].indexOf(claim.source);
}

function confidenceOf(claim: Claim): number {
  return claim.confidence ?? CONFIDENCE[claim.source];
}

function compareEvidence(a: Evidence, b: Evidence): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return (a.line ?? 0) - (b.line ?? 0);
}

/** Sorted, without doubles. */
export function mergeEvidence(
  lists: Iterable<readonly Evidence[]>,
): Evidence[] {
  const all: Evidence[] = [];
  for (const list of lists) {
    for (const { file, line } of list) all.push({ file, line });
  }
  // Most facts have one witness.
  if (all.length < 2) return all;
  all.sort(compareEvidence);
  return all.filter(({ file, line }, at) =>
    at === 0 || all[at - 1]?.file !== file || all[at - 1]?.line !== line
  );
}

/** One fact of claims that say the same: each makes it surer. */
export function agree<V>(claims: readonly Claim[], value: V): Resolved<V> {
  // The same kind of place twice is one witness, as sure as the surer of them.
  const heard = new Map<Source, number>();
  for (const claim of claims) {
    const before = heard.get(claim.source) ?? 0;
    heard.set(claim.source, Math.max(before, confidenceOf(claim)));
  }
  const doubt = [...heard.values()].sort((a, b) => a - b)
    .reduce((left, confidence) => left * (1 - confidence), 1);
  const confidence = Math.min(SUREST, Math.round((1 - doubt) * 100) / 100);
  return {
    value,
    confidence,
    evidence: mergeEvidence(claims.map(({ evidence }) => evidence)),
  };
}

/** The claims of one field. */
export function claimsOf<F extends Field>(
  claims: readonly Claim[],
  field: F,
): Claim<F>[] {
  return claims.filter((claim): claim is Claim<F> => claim.field === field);
}

/**
 * The fact of a field with one value: that of the strongest source, of equals
 * the surest, of those the first by value; null without claims.
 */
export function resolveOne<F extends Exclude<Field, "env">>(
  claims: readonly Claim[],
  field: F,
): Resolved<ClaimValues[F]> | null {
  const own = claimsOf(claims, field);
  if (own.length === 0) return null;
  const [best] = own.toSorted((a, b) =>
    rankOf(a) - rankOf(b) || confidenceOf(b) - confidenceOf(a) ||
    (String(a.value) < String(b.value) ? -1 : 1)
  );
  if (best === undefined) return null;
  const same = own.filter(({ value }) => value === best.value);
  return agree(same.toSorted((a, b) => rankOf(a) - rankOf(b)), best.value);
}

/** Facts of a field with several values, sorted by value. */
export function resolveAll<F extends "framework" | "nativeLibrary" | "port">(
  claims: readonly Claim[],
  field: F,
): Resolved<ClaimValues[F]>[] {
  const byValue = Map.groupBy(claimsOf(claims, field), ({ value }) => value);
  return [...byValue]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([value, same]) => agree(same, value));
}
