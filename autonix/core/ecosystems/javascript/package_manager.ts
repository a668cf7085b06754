/**
 * npm, yarn, pnpm, bun or deno: who installs a package, and how.
 *
 * `packageManager` of the manifest decides, then the lockfile, then what else
 * speaks for one of them. A member of a workspace has its root's.
 *
 * @module
 */
import type { Source } from "../../claims.ts";
import { claim, type Draft } from "../../draft.ts";
import { directoryOf, joinPath } from "../../file_tree.ts";
import {
  fileEvidence,
  type Found,
  nodeEvidence,
  type Reading,
} from "../../reading.ts";
import { at } from "../../formats/node.ts";
import { fieldOf, type Manifest } from "./manifest.ts";
import type { Workspace } from "./workspaces.ts";

export type ManagerName = "npm" | "yarn" | "pnpm" | "bun" | "deno";

export interface Manager {
  name: ManagerName;
  /** yarn 2 and later: other flags, and scripts of its own for binaries. */
  isBerry: boolean;
  /** Path of the lockfile it goes by. */
  lock: string | null;
  isRush: boolean;
}

/**
 * Lockfiles, most telling first: an `npm install` by mistake leaves a
 * package-lock.json beside any of them, hardly ever the other way round.
 */
const LOCKS: readonly (readonly [string, ManagerName])[] = [
  ["pnpm-lock.yaml", "pnpm"],
  ["bun.lock", "bun"],
  ["bun.lockb", "bun"],
  ["yarn.lock", "yarn"],
  ["package-lock.json", "npm"],
  ["npm-shrinkwrap.json", "npm"],
];
/** Configuration that only one of them reads. */
const CONFIGURATION: readonly (readonly [string, ManagerName])[] = [
  ["pnpm-workspace.yaml", "pnpm"],
  [".pnpmfile.cjs", "pnpm"],
  [".yarnrc.yml", "yarn"],
  [".yarnrc", "yarn"],
  ["bunfig.toml", "bun"],
];
const NAMES: ReadonlySet<string> = new Set(["npm", "yarn", "pnpm", "bun"]);

interface Told {
  name: ManagerName;
  source: Source;
  found: Found;
}

function isManager(name: string): name is ManagerName {
  return NAMES.has(name);
}

/** `pnpm@9.5.0+sha512.abc` */
function pinnedIn(manifest: Manifest): Told | null {
  for (
    const found of [
      fieldOf(manifest, "packageManager"),
      fieldOf(manifest, "devEngines", "packageManager", "name"),
    ]
  ) {
    const name = found?.value.split("@")[0] ?? "";
    if (found !== null && isManager(name)) {
      return { name, source: "pin", found };
    }
  }
  return null;
}

/** `pnpmVersion` of rush.json. */
function rushIn(reading: Reading, workspace: Workspace | null): Told | null {
  const path = workspace?.isRush === true
    ? joinPath(workspace.directory, "rush.json")
    : null;
  if (path === null) return null;
  for (const name of ["pnpm", "yarn", "npm"] as const) {
    const node = at(reading.json(path), `${name}Version`);
    if (node === null) continue;
    const found = { value: name, evidence: nodeEvidence(path, node) };
    return { name, source: "pin", found };
  }
  return null;
}

/** What a manifest says without naming its manager outright. */
function hintedIn(manifest: Manifest): Told | null {
  for (const name of ["pnpm", "yarn", "bun"] as const) {
    for (const section of ["volta", "engines"]) {
      const found = fieldOf(manifest, section, name);
      if (found !== null && !isRefusal(found.value)) {
        return { name, source: "manifest", found };
      }
    }
  }
  const pnpm = at(manifest.root, "pnpm");
  if (pnpm !== null) {
    const evidence = nodeEvidence(manifest.file, pnpm);
    return {
      name: "pnpm",
      source: "manifest",
      found: { value: "pnpm", evidence },
    };
  }
  return null;
}

/** `"yarn": "please use npm"` forbids it. */
function isRefusal(text: string): boolean {
  return /[a-z]{3}/i.test(text.slice(0, 200));
}

/** Scripts that call another of them: `yarn workspace a build`. */
function calledIn(manifest: Manifest): Told | null {
  for (const found of manifest.scripts.values()) {
    const called = /(?:^|&&\s{0,5}|\|\|\s{0,5}|;\s{0,5})(pnpm|yarn|bunx?)\s/
      .exec(found.value.slice(0, 2_000))?.[1];
    if (called === undefined) continue;
    const name = called === "bunx" ? "bun" : called;
    if (isManager(name)) return { name, source: "source", found };
  }
  return null;
}

function locksIn(reading: Reading, directory: string) {
  return LOCKS.flatMap(([file, name]) => {
    const path = joinPath(directory, file);
    return path !== null && reading.tree.has(path) ? [{ path, name }] : [];
  });
}

/** People use one manager in all of a repository, also where no workspace says so. */
function lockAbove(reading: Reading, directory: string) {
  for (let here = directory; here !== ".";) {
    here = directoryOf(here);
    const [lock] = locksIn(reading, here);
    if (lock !== undefined) return lock;
  }
  return null;
}

function configuredIn(reading: Reading, directory: string): Told | null {
  for (const [file, name] of CONFIGURATION) {
    const path = joinPath(directory, file);
    if (path === null || !reading.tree.has(path)) continue;
    const found = { value: name, evidence: fileEvidence(path) };
    return { name, source: "config", found };
  }
  return null;
}

/** yarn 2 and later write `__metadata:` in their lockfile and read .yarnrc.yml. */
function isBerryIn(
  reading: Reading,
  directory: string,
  pin: string | null,
): boolean {
  const pinned = /^yarn@[v^~>=]{0,3}(\d{1,3})/.exec(pin ?? "")?.[1];
  if (pinned !== undefined) return Number(pinned) >= 2;
  if (pin?.startsWith("yarn@") === true) return true;
  const config = joinPath(directory, ".yarnrc.yml");
  if (config !== null && reading.tree.has(config)) return true;
  const lock = joinPath(directory, "yarn.lock");
  const head = lock === null ? null : reading.tree.text(lock)?.slice(0, 2_000);
  return /^__metadata:/m.test(head ?? "");
}

/** The manifests that may speak, the own one first. */
interface Asking {
  manifest: Manifest;
  /** Of the workspace's root, where it has one. */
  root: Manifest | null;
  workspace: Workspace | null;
}

/** Who installs it, told to the draft. */
export function tellManager(
  reading: Reading,
  draft: Draft,
  asking: Asking,
): Manager {
  const { manifest, root, workspace } = asking;
  const manifests = root === null ? [manifest] : [manifest, root];
  const places = [manifest.directory];
  // A lockfile of its own beside that of its workspace is the nearer one.
  if (workspace !== null) places.push(workspace.directory);
  const lockPlace = places.find((place) => locksIn(reading, place).length > 0);
  const locks = lockPlace === undefined ? [] : locksIn(reading, lockPlace);
  const pin = rushIn(reading, workspace) ?? first(manifests, pinnedIn);
  const hint = first(manifests, hintedIn) ??
    first(places, (place) => configuredIn(reading, place)) ??
    first(manifests, calledIn);
  const above = lockAbove(reading, manifest.directory);
  const name = pin?.name ??
    locks.find((lock) => lock.name === hint?.name)?.name ??
    locks[0]?.name ?? hint?.name ?? bunByTypes(manifest) ??
    above?.name ?? "npm";
  const lock = locks.find((one) => one.name === name)?.path ?? null;
  if (pin !== null) {
    claim(draft, "packageManager", name, pin.source, pin.found.evidence);
  }
  if (lock !== null) {
    claim(draft, "packageManager", name, "lock", fileEvidence(lock));
  }
  if (hint?.name === name) {
    claim(draft, "packageManager", name, hint.source, hint.found.evidence);
  }
  const evidence = fileEvidence(manifest.file);
  if (pin === null && lock === null && hint === null) {
    const isAbove = above?.name === name;
    claim(
      draft,
      "packageManager",
      name,
      isAbove ? "guess" : "convention",
      isAbove ? fileEvidence(above.path) : evidence,
    );
  }
  reportSeveral(reading, manifest, { locks, name, isSaid: pin !== null });
  const isBerry = name === "yarn" && isBerryIn(
    reading,
    lockPlace ?? workspace?.directory ?? manifest.directory,
    pin?.found.value ?? null,
  );
  return { name, isBerry, lock, isRush: workspace?.isRush ?? false };
}

function first<T, R>(list: readonly T[], look: (one: T) => R | null): R | null {
  for (const one of list) {
    const found = look(one);
    if (found !== null) return found;
  }
  return null;
}

function bunByTypes(manifest: Manifest): ManagerName | null {
  const isThere = manifest.dependencies.some(({ name }) =>
    name === "bun-types" || name === "@types/bun"
  );
  return isThere ? "bun" : null;
}

function reportSeveral(
  reading: Reading,
  manifest: Manifest,
  of: {
    locks: readonly { path: string; name: ManagerName }[];
    name: ManagerName;
    isSaid: boolean;
  },
): void {
  const names = new Set(of.locks.map(({ name }) => name));
  if (of.isSaid || names.size < 2) return;
  reading.report({
    path: manifest.directory,
    what: "package manager",
    why: `${
      of.locks.map(({ path }) => path).join(" and ")
    } are both there; ${of.name} is taken`,
  });
}

/** What is typed to install what the lockfile says, or the manifest without one. */
export function installOf(manager: Manager): string {
  if (manager.isRush) return "rush install";
  const isLocked = manager.lock !== null;
  switch (manager.name) {
    case "npm":
      return isLocked ? "npm ci" : "npm install";
    case "yarn":
      if (!isLocked) return "yarn install";
      return manager.isBerry
        ? "yarn install --immutable"
        : "yarn install --frozen-lockfile";
    case "pnpm":
      return isLocked ? "pnpm install --frozen-lockfile" : "pnpm install";
    case "bun":
      return isLocked ? "bun install --frozen-lockfile" : "bun install";
    case "deno":
      return isLocked ? "deno install --frozen" : "deno install";
  }
}

/** Scripts with a command of their own. */
const SHORT: ReadonlySet<string> = new Set(["start", "test"]);

/** What is typed to run a script of the manifest. */
export function runOf(manager: Manager, script: string): string {
  switch (manager.name) {
    case "npm":
      return SHORT.has(script) ? `npm ${script}` : `npm run ${script}`;
    // `bun test` is bun's own; `pnpm` and `yarn` take any script by its name.
    case "bun":
      return `bun run ${script}`;
    case "deno":
      return `deno task ${script}`;
    case "yarn":
    case "pnpm":
      return `${manager.name} ${script}`;
  }
}

/** What is typed to run a program of a package that is installed. */
export function executeOf(manager: Manager, command: string): string {
  switch (manager.name) {
    case "npm":
      return `npx ${command}`;
    case "pnpm":
      return `pnpm exec ${command}`;
    case "yarn":
      return `yarn ${command}`;
    case "bun":
      return `bunx ${command}`;
    case "deno":
      return `deno run -A npm:${command}`;
  }
}

/** What is typed to run a program of a package that is not installed. */
export function fetchAndExecuteOf(manager: Manager, command: string): string {
  return manager.name === "bun" || manager.name === "deno"
    ? executeOf(manager, command)
    // Comes with Node, whoever installs.
    : `npx ${command}`;
}
