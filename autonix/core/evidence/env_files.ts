/**
 * `.env.example` and its like: which variables an application has, which have
 * a default, and which services their values point at.
 *
 * A name without a value is required; so is one whose value is a placeholder.
 * A committed `.env` gives names and harmless defaults, never what may be a
 * secret.
 *
 * @module
 */
import type { Evidence } from "../../../roles/model/analysis.ts";
import { claimsOf } from "../claims.ts";
import type { EvidenceDetector, NamePattern } from "../detector.ts";
import type { Draft } from "../draft.ts";
import { spareInLaravel } from "../ecosystems/shared/laravel_variables.ts";
import { basenameOf, directoryOf, joinPath } from "../file_tree.ts";
import type { Reading } from "../reading.ts";
import { claimOfVariable } from "../services/from_variables.ts";
import { composeFiles } from "./compose/files.ts";
import { type Gathering, gathering, state } from "./gathering.ts";
import { Targets } from "./targets.ts";

/** Strongest first: of a variable in several the first counts. */
const EXAMPLES: readonly NamePattern[] = [
  ".env.example",
  ".env.sample",
  ".env.dist",
  ".env.template",
  ".env.defaults",
  ".env.default",
  "env.example",
  "env.sample",
  "env.template",
  "example.env",
  "sample.env",
  ".env-example",
  ".env-sample",
  ".env.example.local",
  ".env.example.dev",
  ".env.example.development",
  ".env.example.production",
  ".env.local.example",
  ".env.local.sample",
  ".env.development.example",
  ".env.production.example",
  ".env.prod.example",
  ".env.docker.example",
  ".envrc.example",
  ".env",
  ".env.development",
  ".env.production",
  "app.env",
];
/** Of a list to fill in; in any other stand values that somebody has. */
const TO_FILL_IN = /example|sample|dist|template|default/i;
/** Examples have tens of variables. */
const MAX_VARIABLES = 1_000;
const MAX_VALUE = 2_000;

const ASSIGNMENT = /^\s{0,8}(?:export\s{1,4})?([A-Za-z_]\w{0,199})\s?=(.*)$/s;
const COMMENTED = /^\s{0,8}#\s?([A-Z][A-Z0-9_]{1,199})=\S*$/;
/** What only sets a tool up is no variable of an application. */
export const OF_TOOLS = new Set([
  "NODE_ENV",
  "RAILS_ENV",
  "RACK_ENV",
  "MIX_ENV",
  "PATH",
  "HOME",
  "CI",
  "PWD",
  "SHELL",
  "LANG",
  "LC_ALL",
  "TERM",
  "HOSTNAME",
  "USER",
  "UID",
  "GID",
  "COMPOSE_PROJECT_NAME",
  "COMPOSE_FILE",
  "COMPOSE_PROFILES",
  "COMPOSE_PATH_SEPARATOR",
  "DOCKER_BUILDKIT",
  "CHOKIDAR_USEPOLLING",
  "WATCHPACK_POLLING",
  "WDS_SOCKET_PORT",
]);

/** How containers are made and run: what is in them does not see it. */
const OF_CONTAINERS = /^(?:DOCKER|COMPOSE|BUILDKIT)_/;

const SECRET =
  /(?:SECRET|TOKEN|PASSW|PASSPHRASE|PRIVATE|CREDENTIAL|API_?KEY|ACCESS_KEY|APP_KEY|_KEY$|_SALT$|_PWD$|^KEY$)/i;
const PLACEHOLDER =
  /^(?:<.*>|\[.*\]|\{\{.*|.*(?:x{3,}|\*{3,}|\.\.\.).*|change.?(?:me|this|it).*|generate.?(?:me|this|one)|replace.*|insert.*|enter.*|your.*|my.?(?:secret|token|key|password).*|to.?do|todo.*|tbd|fixme|none|null|undefined|placeholder.*|.*(?:your[-_ ]|change[-_ ]?me|[-_]here).*|(?:super[-_ ]?)?secret.*|.*(?:s3cret|secret$|sample|insecure|keyboard.cat|to.?be.?modified).*|p(?:ass)?word|pass|token|key|fake.*|dummy.*|example)$/is;

/** True for a value that stands for one the reader has to fill in. */
export function isPlaceholder(name: string, value: string): boolean {
  const text = value.slice(0, 200);
  if (
    /^<[^>]*>$|x{4,}|change.?me|replace.?me|your[-_ ]|[-_ ]here$|^get[-_ ]/i
      .test(text)
  ) {
    return true;
  }
  return SECRET.test(name) && PLACEHOLDER.test(text);
}

/** True for names whose values are nobody's business. */
export function isSecretName(name: string): boolean {
  return SECRET.test(name.slice(0, 200));
}

export interface EnvEntry {
  name: string;
  /** Null: there is none, or it stands for one to fill in. */
  value: string | null;
  /** False of one that is commented out, or says that there is none: `REDIS_PASSWORD=null`. */
  isActive: boolean;
  evidence: Evidence;
}

function unquote(raw: string): string {
  const text = raw.slice(0, MAX_VALUE).trim();
  const quote = text[0];
  if (quote === '"' || quote === "'" || quote === "`") {
    const end = text.indexOf(quote, 1);
    return end < 0 ? text.slice(1) : text.slice(1, end);
  }
  if (text.startsWith("#")) return "";
  const comment = text.search(/\s#/);
  return comment < 0 ? text : text.slice(0, comment).trimEnd();
}

/** `${HOST}`, `${LEVEL:-info}` */
const REFERENCE = /\$\{(\w{1,200})(?::?-([^${}]{0,500}))?\}/g;
/**
 * What values come to by each other, each worked out once; null where a part is
 * from elsewhere, in a circle, or too long.
 */
function expander(
  values: ReadonlyMap<string, string>,
): (name: string) => string | null {
  const done = new Map<string, string | null>();
  const expand = (name: string): string | null => {
    const known = done.get(name);
    if (known !== undefined) return known;
    // Found again on the way: a circle.
    done.set(name, null);
    let isWhole = true;
    const text = (values.get(name) ?? "").replace(
      REFERENCE,
      (_, other: string, fallback?: string) => {
        const told = values.has(other) ? expand(other) : fallback ?? null;
        isWhole &&= told !== null;
        return told ?? "";
      },
    );
    const result = isWhole && text.length <= MAX_VALUE ? text : null;
    done.set(name, result);
    return result;
  };
  return expand;
}

/** The variables of a file, in its order; of one assigned twice the first. */
export function readEnvFile(reading: Reading, path: string): EnvEntry[] {
  const byName = new Map<string, EnvEntry>();
  const commented: EnvEntry[] = [];
  const values = new Map<string, string>();
  /** In single quotes, where a shell puts nothing in. */
  const literal = new Set<string>();
  for (const { number, text } of reading.lines(path)) {
    if (byName.size >= MAX_VARIABLES) break;
    const line = text.slice(0, MAX_VALUE);
    const evidence = { file: path, line: number };
    const off = COMMENTED.exec(line)?.[1];
    if (off !== undefined) {
      commented.push({ name: off, value: null, isActive: false, evidence });
      continue;
    }
    const [, name, raw = ""] = ASSIGNMENT.exec(line) ?? [];
    if (name === undefined || byName.has(name)) continue;
    const value = unquote(raw);
    if (raw.trimStart().startsWith("'")) literal.add(name);
    values.set(name, value);
    byName.set(name, {
      name,
      value: value === "" || isPlaceholder(name, value) ? null : value,
      isActive: !/^(?:null|none|undefined)$/i.test(value),
      evidence,
    });
  }
  const expand = expander(values);
  for (const [name, entry] of byName) {
    if (!entry.value?.includes("${") || literal.has(name)) continue;
    const value = expand(name) ?? entry.value;
    byName.set(name, { ...entry, value: value === "" ? null : value });
  }
  for (const entry of commented) {
    if (!byName.has(entry.name)) byName.set(entry.name, entry);
  }
  return [...byName.values()];
}

/** True for a file that lists variables to be set, not the values somebody has. */
export function isExample(path: string): boolean {
  return TO_FILL_IN.test(basenameOf(path));
}

/** `https://<app>.example.org`, `postgres://[USER]:[PASSWORD]@host`: parts to fill in. */
const IN_PART = /<[A-Za-z][\w .-]{1,60}>|\[[A-Z][A-Z_-]{2,40}\]|\*{3}/;

/** The value that may be told as a default. */
function defaultOf(entry: EnvEntry, path: string): string | null {
  if (entry.value === null) return null;
  if (!isExample(path) && isSecretName(entry.name)) return null;
  if (IN_PART.test(entry.value)) return null;
  return entry.value;
}

/** Tells an application the variables of a file. */
export function stateEnvFile(
  to: Gathering,
  entries: readonly EnvEntry[],
  owner: {
    path: string;
    only?: ReadonlySet<string>;
    isSpare?: ReturnType<typeof spareInLaravel>;
  },
): void {
  for (const entry of entries) {
    if (OF_TOOLS.has(entry.name) || OF_CONTAINERS.test(entry.name)) continue;
    const { name, value: own, isActive } = entry;
    if (
      owner.isSpare?.({ name, value: own, isRequired: isActive }) === true
    ) continue;
    if (owner.only !== undefined && !owner.only.has(entry.name)) continue;
    const value = defaultOf(entry, entry.evidence.file);
    state(to, {
      path: owner.path,
      field: "env",
      value: {
        name: entry.name,
        required: entry.isActive && value === null,
        ...(value === null ? {} : { default: value }),
      },
      source: "env-file",
      evidence: entry.evidence,
    });
  }
}

/** Variables that an application is known to read. */
function namesOf(draft: Draft): Set<string> {
  return new Set(claimsOf(draft.claims, "env").map(({ value }) => value.name));
}

/** An example above several applications tells each of what it reads itself. */
function stateShared(
  to: Gathering,
  entries: readonly EnvEntry[],
  targets: Targets,
  directory: string,
): void {
  for (const draft of targets.all) {
    if (directory !== "." && !draft.path.startsWith(`${directory}/`)) continue;
    stateEnvFile(to, entries, { path: draft.path, only: namesOf(draft) });
  }
}

/** Services that no application's variables will tell of. */
function stateServices(to: Gathering, entries: readonly EnvEntry[]): void {
  for (const { name, value, isActive, evidence } of entries) {
    if (!isActive) continue;
    const claim = claimOfVariable({
      name,
      ...(value === null ? {} : { default: value }),
      evidence: [evidence],
    }, null);
    if (claim !== null) to.services.push(claim);
  }
}

/** Example files of a directory, the one that counts first; of real ones only where no example is. */
function filesOf(reading: Reading, directory: string): string[] {
  const found = EXAMPLES.flatMap((name) => {
    const path = joinPath(directory, name);
    return path !== null && reading.tree.text(path) !== null ? [path] : [];
  });
  const examples = found.filter(isExample);
  return examples.length > 0 ? examples : found;
}

export const envFiles: EvidenceDetector = {
  name: "environment files",
  reads: { manifests: EXAMPLES },
  gather(reading, drafts) {
    const found = gathering();
    const targets = new Targets(drafts);
    const composed = new Set(composeFiles(reading).map(directoryOf));
    const directories = new Set(
      EXAMPLES.flatMap((name) => reading.tree.named(name)).map(directoryOf),
    );
    for (const directory of directories) {
      const files = filesOf(reading, directory);
      const [first] = files;
      if (first === undefined || targets.isAside(first)) continue;
      const known = new Set<string>();
      const entries = files.flatMap((file) => readEnvFile(reading, file))
        .filter(({ name }) => !known.has(name) && known.add(name));
      const owner = targets.owner(directory) ??
        (directory === "." ? targets.only : null);
      if (owner !== null && owner.role !== "root") {
        // Beside a compose file above it stands what that is told, not what it reads.
        const isOfCompose = owner.path !== directory &&
          composed.has(directory);
        stateEnvFile(found, entries, {
          path: owner.path,
          isSpare: spareInLaravel(owner, reading),
          ...(isOfCompose ? { only: namesOf(owner) } : {}),
        });
      } else {
        stateShared(found, entries, targets, directory);
        stateServices(found, entries);
      }
    }
    return found;
  },
};
