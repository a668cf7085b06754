/**
 * What a Cargo.toml says, with what it inherits from its workspace.
 *
 * @module
 */
import type { Dependency } from "../../draft.ts";
import {
  directoryOf,
  isWithin,
  joinPath,
  withoutEndSlashes,
} from "../../file_tree.ts";
import {
  at,
  entriesOf,
  itemsOf,
  type Node,
  scalarText,
  textOf,
} from "../../formats/node.ts";
import { bytesOf, compileGlob, type Glob, matchesGlob } from "../../glob.ts";
import { type Found, nodeEvidence, type Reading } from "../../reading.ts";
import { isForeign } from "../shared/asides.ts";
import { relativeTo } from "../shared/owners.ts";

export interface Crate extends Dependency {
  features: readonly string[];
  hasDefaults: boolean;
  /** Directory in the repository that it lies in; null: a registry's. */
  path: string | null;
}

export interface Manifest {
  directory: string;
  file: string;
  /** Null when the file is broken. */
  root: Node | null;
  /** Of the package; null for a workspace without one. */
  name: Found | null;
  isWorkspace: boolean;
  /** The manifest of the workspace it belongs to; itself where it is the root. */
  workspace: Manifest | null;
  crates: readonly Crate[];
}

/** Patterns of a workspace: people write a dozen. */
const MAX_PATTERNS = 1_000;
/** Features that are turned on by others, at most this deep. */
const MAX_FEATURES = 500;

function textsOf(node: Node | null): string[] {
  return itemsOf(node).map(textOf).filter((text) => text !== null);
}

/** A field of the package, or what it inherits. */
export function fieldOf(manifest: Manifest, key: string): Found | null {
  const own = at(manifest.root, "package", key);
  const isInherited = at(own, "workspace")?.value === true;
  const holder = isInherited ? manifest.workspace : manifest;
  const node = isInherited
    ? at(holder?.root, "workspace", "package", key)
    : own;
  const value = scalarText(node);
  return node === null || value === null || holder === null
    ? null
    : { value, evidence: nodeEvidence(holder.file, node) };
}

/** Crates that the default features turn on; others are declared, but not built. */
function enabledOf(root: Node | null): Set<string> {
  const enabled = new Set<string>();
  // cargo-leptos turns on what the server needs.
  const ofServer = at(root, "package", "metadata", "leptos", "bin-features");
  const open = ["default", ...textsOf(ofServer)];
  while (open.length > 0 && enabled.size < MAX_FEATURES) {
    const feature = open.pop() ?? "";
    if (enabled.has(feature)) continue;
    enabled.add(feature);
    for (const one of textsOf(at(root, "features", feature))) {
      open.push(one.replace(/^dep:/, "").split(/\??\//, 1)[0] ?? "");
    }
  }
  return enabled;
}

/** For another system than the one a server runs on. */
function isElsewhere(target: string): boolean {
  return /windows|macos|apple|ios\b|android|wasm/.test(target) &&
    !/\bnot\(|unix|linux/.test(target);
}

const SECTIONS = ["dependencies", "dev-dependencies", "build-dependencies"];

interface Section {
  node: Node;
  isDev: boolean;
}

function sectionsOf(root: Node | null): Section[] {
  const targets = entriesOf(at(root, "target"))
    .filter(([target]) => !isElsewhere(target))
    .map(([, node]) => node);
  return [root, ...targets].flatMap((holder) =>
    SECTIONS.flatMap((name) => {
      const node = at(holder, name);
      return node === null ? [] : [{ node, isDev: name !== "dependencies" }];
    })
  );
}

function crateOf(
  manifest: Omit<Manifest, "crates">,
  key: string,
  node: Node,
  of: { isDev: boolean; enabled: ReadonlySet<string> },
): Crate {
  const isInherited = at(node, "workspace")?.value === true;
  const { workspace } = manifest;
  const above = isInherited
    ? at(workspace?.root, "workspace", "dependencies", key)
    : null;
  const text = (name: string) =>
    textOf(at(node, name)) ?? textOf(at(above, name));
  const holder = textOf(at(node, "path")) === null && workspace !== null
    ? workspace.directory
    : manifest.directory;
  const path = text("path");
  const isOff = at(node, "optional")?.value === true && !of.enabled.has(key);
  return {
    name: text("package") ?? key,
    version: textOf(node) ?? textOf(above) ?? text("version"),
    isDev: of.isDev || isOff,
    evidence: nodeEvidence(manifest.file, node),
    features: [
      ...textsOf(at(node, "features")),
      ...textsOf(at(above, "features")),
    ],
    hasDefaults: (at(node, "default-features") ?? at(above, "default-features"))
      ?.value !== false,
    path: path === null ? null : joinPath(holder, path),
  };
}

function cratesOf(manifest: Omit<Manifest, "crates">): Crate[] {
  const enabled = enabledOf(manifest.root);
  return sectionsOf(manifest.root).flatMap(({ node, isDev }) =>
    entriesOf(node).map(([key, one]) =>
      crateOf(manifest, key, one, { isDev, enabled })
    )
  );
}

/** Patterns of a workspace, compiled once for all directories. */
class Patterns {
  readonly #exact = new Set<string>();
  readonly #globs: Glob[] = [];

  constructor(patterns: readonly string[]) {
    for (const pattern of patterns.slice(0, MAX_PATTERNS)) {
      const plain = withoutEndSlashes(pattern.replace(/^\.\//, ""));
      this.#exact.add(plain);
      const glob = /[*?[]/.test(plain) ? compileGlob(bytesOf(plain)) : null;
      if (glob !== null) this.#globs.push(glob);
    }
  }

  names(path: string): boolean {
    return this.#exact.has(path);
  }

  matches(path: string): boolean {
    return this.names(path) ||
      this.#globs.some((glob) => matchesGlob(glob, bytesOf(path)));
  }
}

/** A workspace with what decides who belongs to it. */
class Workspace {
  readonly manifest: Manifest;
  readonly #members: Patterns;
  readonly #excluded: Patterns;
  /** Directories that it depends on by path: members too. */
  readonly #linked: ReadonlySet<string>;

  constructor(manifest: Manifest) {
    const node = at(manifest.root, "workspace");
    this.manifest = manifest;
    this.#members = new Patterns(textsOf(at(node, "members")));
    this.#excluded = new Patterns(textsOf(at(node, "exclude")));
    const named = entriesOf(at(node, "dependencies")).map(([, one]) => {
      const path = textOf(at(one, "path"));
      return path === null ? null : joinPath(manifest.directory, path);
    });
    this.#linked = new Set(
      [...manifest.crates.map(({ path }) => path), ...named]
        .filter((path) => path !== null),
    );
  }

  has(directory: string): boolean {
    const top = this.manifest.directory;
    if (!isWithin(directory, top)) return false;
    const relative = relativeTo(top, directory);
    // One that is named is a member whatever is left out; one of a pattern is not.
    if (this.#members.names(relative)) return true;
    if (this.#excluded.matches(relative)) return false;
    return this.#members.matches(relative) || this.#linked.has(directory);
  }
}

/** Every manifest, those of workspaces before their members. */
export function readManifests(reading: Reading): Manifest[] {
  const bare = reading.tree.named("Cargo.toml")
    .filter((file) => !isForeign(directoryOf(file)))
    .map((file) => {
      const root = reading.toml(file);
      const name = at(root, "package", "name");
      const value = textOf(name);
      return {
        directory: directoryOf(file),
        file,
        root,
        name: name === null || value === null
          ? null
          : { value, evidence: nodeEvidence(file, name) },
        isWorkspace: at(root, "workspace") !== null,
        workspace: null,
      };
    });
  const roots = bare.filter(({ isWorkspace }) => isWorkspace).map((one) => {
    const root: Manifest = { ...one, crates: cratesOf(one) };
    root.workspace = root;
    // Again, now that it can inherit from itself.
    return Object.assign(root, { crates: cratesOf(root) });
  });
  const workspaces = roots.map((root) => new Workspace(root));
  const members = bare.filter(({ isWorkspace }) => !isWorkspace).map((one) => {
    const workspace = workspaces.findLast((root) => root.has(one.directory))
      ?.manifest ?? null;
    const member = { ...one, workspace };
    return { ...member, crates: cratesOf(member) };
  });
  return [...roots, ...members];
}
