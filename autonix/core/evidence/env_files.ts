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
import { claimsOf } from "../claims.ts";
import type { EvidenceDetector, NamePattern } from "../detector.ts";
import type { Draft } from "../draft.ts";
import { spareInLaravel } from "../ecosystems/shared/laravel_variables.ts";
import { basenameOf, directoryOf, joinPath } from "../file_tree.ts";
import type { Reading } from "../reading.ts";
import { claimOfVariable } from "../services/from_variables.ts";
import { isSecretName } from "../secrets.ts";
import { composeFiles } from "./compose/files.ts";
import { type EnvEntry, readEnvFile } from "./env_entries.ts";
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
