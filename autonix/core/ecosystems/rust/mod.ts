/**
 * Rust: a package is what a Cargo.toml says, alone or in a workspace.
 *
 * | concern                              | file            |
 * | ------------------------------------ | --------------- |
 * | manifests, workspaces, inheritance   | `manifest.ts`   |
 * | which Rust                           | `versions.ts`   |
 * | the program that is started          | `programs.ts`   |
 * | install, build, start, test          | `commands.ts`   |
 * | for which machine it builds          | `cargo_config.ts` |
 * | frameworks, drivers behind features  | `frameworks.ts` |
 * | libraries of the system              | `native.ts`     |
 * | loco's configuration, that of others | `loco.ts`, `config.ts` |
 * | environment variables, ports         | `sources.ts`    |
 *
 * @module
 */
import type { Claim } from "../../claims.ts";
import type { EcosystemDetector } from "../../detector.ts";
import { claim, type Draft, draftOf } from "../../draft.ts";
import { directoryOf, joinPath } from "../../file_tree.ts";
import { fileEvidence, type Reading } from "../../reading.ts";
import { isAside, isForeign, withoutAsides } from "../shared/asides.ts";
import { claimMentions } from "../shared/mentions.ts";
import { relativeTo, sourcesByOwner } from "../shared/owners.ts";
import { PIN_FILES } from "../shared/pins.ts";
import { CARGO_CONFIGS } from "./cargo_config.ts";
import { claimCommands } from "./commands.ts";
import { claimConfig, CONFIGS } from "./config.ts";
import { broughtBy, FRAMEWORKS } from "./frameworks.ts";
import { type Manifest, readManifests } from "./manifest.ts";
import { claimLoco, LOCO_FILES } from "./loco.ts";
import { claimNative, lockOf, type Locks } from "./native.ts";
import { mainProgram, programsOf } from "./programs.ts";
import { RUST } from "./sources.ts";
import { claimVersions, TOOLCHAINS } from "./versions.ts";

/** A workspace without a package of its own. */
function draftOfWorkspace(reading: Reading, manifest: Manifest): Draft {
  const draft = draftOf({
    path: manifest.directory,
    ecosystem: "rust",
    role: manifest.isWorkspace ? "root" : "library",
    weight: 2,
  });
  claimBasics(reading, draft, manifest);
  return draft;
}

function claimBasics(reading: Reading, draft: Draft, manifest: Manifest): void {
  const evidence = manifest.name?.evidence ?? fileEvidence(manifest.file);
  claim(draft, "language", "rust", "manifest", evidence);
  claim(draft, "packageManager", "cargo", "manifest", evidence);
  const lock = lockOf(reading, manifest);
  if (lock !== null) {
    claim(draft, "packageManager", "cargo", "lock", fileEvidence(lock));
  }
  claimVersions(reading, draft, manifest);
}

function claimFrameworks(draft: Draft, manifest: Manifest): void {
  for (const { name, isDev, evidence } of manifest.crates) {
    const framework = FRAMEWORKS.get(name);
    if (framework === undefined || isDev) continue;
    // What others are made of is no framework beside them.
    if (
      name === "hyper" &&
      manifest.crates.some((one) =>
        one.name !== "hyper" && FRAMEWORKS.has(one.name)
      )
    ) continue;
    claim(draft, "framework", framework.name, "manifest", evidence);
    // Libraries of it, as loco's migrations are, listen nowhere.
    const port = draft.role === "application" ? framework.port ?? null : null;
    claim(draft, "port", port, "framework", evidence);
  }
}

function isOwnSource(directory: string, path: string): boolean {
  const relative = directoryOf(relativeTo(directory, path));
  return relative === "." || !isAside(relative) && !isForeign(relative);
}

/** What a build script sets is asked of nobody: `cargo:rustc-env=GIT_HASH=`. */
function withoutBuilt(reading: Reading, draft: Draft): void {
  const script = joinPath(draft.path, "build.rs") ?? "";
  const text = reading.tree.text(script);
  if (text === null || !text.includes("rustc-env")) return;
  const set = new Set(
    [...text.matchAll(/\brustc-env=([A-Z]\w{1,99})/g)].map(([, name]) => name),
  );
  draft.claims = draft.claims.filter((one) =>
    one.field !== "env" ||
    !set.has((one as Claim<"env">).value.name)
  );
}

function draftOfPackage(
  reading: Reading,
  of: { manifest: Manifest; sources: readonly string[]; locks: Locks },
): Draft {
  const { manifest, sources, locks } = of;
  const { directory, name } = manifest;
  const programs = programsOf(reading, manifest);
  const program = mainProgram(programs, manifest);
  const draft = draftOf({
    path: directory,
    ecosystem: "rust",
    role: programs.length > 0 ? "application" : "library",
    weight: isAside(directory) ? 1 : program === null ? 2 : 3,
  });
  claimBasics(reading, draft, manifest);
  if (name !== null) {
    claim(draft, "name", name.value, "manifest", name.evidence);
  }
  draft.dependencies = [
    ...manifest.crates.map((
      { name, version, isDev, evidence },
    ) => ({ name, version, isDev, evidence })),
    ...broughtBy(manifest.crates),
  ];
  // Only those of a path: a crate of the registry may be called like a member.
  draft.links = manifest.crates.map(({ path }) => path)
    .filter((path) => path !== null);
  claimFrameworks(draft, manifest);
  claimCommands({ reading, draft, manifest, program, sources });
  claimNative(reading, draft, { manifest, locks });
  // Clients and tools have variables and ports of their own.
  const others = new Set(
    program === null
      ? []
      : programs.filter((other) => other !== program).map(({ file }) => file),
  );
  const own = sources.filter((path) =>
    isOwnSource(directory, path) && !others.has(path)
  );
  // Libraries leave it to programs what they listen on.
  claimMentions(reading, draft, own, RUST);
  withoutBuilt(reading, draft);
  if (draft.role === "application") claimLoco(reading, draft);
  claimConfig(reading, draft);
  if (programs.length > 1 && program === null) {
    reading.report({
      path: directory,
      what: "start command",
      why:
        `it builds ${programs.length} programs, none is the default, and none is named like the package or a server`,
    });
  }
  return draft;
}

export const rust: EcosystemDetector = {
  ecosystem: "rust",
  reads: {
    manifests: [
      "Cargo.toml",
      "Rocket.toml",
      "Trunk.toml",
      ...LOCO_FILES,
      ...CARGO_CONFIGS,
      ...CONFIGS,
      ...TOOLCHAINS,
      ...PIN_FILES,
    ],
    // Of a large lockfile every line would be gone through; it says little more.
    sources: ["*.rs", "Cargo.lock", "index.html"],
  },
  detect(reading) {
    const manifests = readManifests(reading);
    const packages = withoutAsides(
      manifests.filter(({ name }) => name !== null),
      ({ directory }) => directory,
    );
    const others = manifests.filter((one) =>
      one.name === null && !isAside(one.directory)
    );
    const sources = sourcesByOwner(
      reading.tree,
      new Set(packages.map(({ directory }) => directory)),
      RUST.extensions,
    );
    const locks: Locks = new Map();
    return [
      ...others.map((one) => draftOfWorkspace(reading, one)),
      ...packages.map((one) =>
        draftOfPackage(reading, {
          manifest: one,
          sources: sources.get(one.directory) ?? [],
          locks,
        })
      ),
    ];
  },
};
