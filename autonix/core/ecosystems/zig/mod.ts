/**
 * Zig: a project is what a build.zig builds; sources alone are one program.
 *
 * | concern                          | file          |
 * | -------------------------------- | ------------- |
 * | build.zig, build.zig.zon         | `manifest.ts` |
 * | environment variables, ports     | `sources.ts`  |
 *
 * @module
 */
import type { EcosystemDetector } from "../../detector.ts";
import { claim, type Draft, draftOf } from "../../draft.ts";
import { basenameOf, directoryOf, joinPath } from "../../file_tree.ts";
import { fileEvidence, type Found, type Reading } from "../../reading.ts";
import { isAside, isForeign, withoutAsides } from "../shared/asides.ts";
import { libraryOf } from "../shared/libraries.ts";
import { claimMentions } from "../shared/mentions.ts";
import { relativeTo, sourcesByOwner } from "../shared/owners.ts";
import { claimPins, PIN_FILES, type Pinning } from "../shared/pins.ts";
import { shellWord } from "../../shell_word.ts";
import { claimFound, programNamed, reportSeveral } from "../shared/project.ts";
import { type Manifest, readManifest } from "./manifest.ts";
import { ZIG } from "./sources.ts";

const PINNING: Pinning = {
  files: [".zigversion", ".zig-version"],
  tools: ["zig"],
};

const MAIN = /^\s{0,8}pub fn main\(/;
const OF_TESTS = /(?:^|_)(?:tests?|fuzz|bench(?:mark)?)\.zig$|^fuzz_/;

/** By the name that build.zig.zon gives the dependency. */
const FRAMEWORKS: ReadonlyMap<string, string> = new Map([
  ["zap", "zap"],
  ["httpz", "httpz"],
  ["http.zig", "httpz"],
  ["jetzig", "jetzig"],
  ["tokamak", "tokamak"],
  ["zzz", "zzz"],
  ["raylib_zig", "raylib"],
  ["raylib-zig", "raylib"],
]);

/** Programs by name, without those that only try out or check others. */
function ownPrograms({ programs }: Manifest): Found[] {
  const byName = new Map<string, Found>();
  for (const one of programs) {
    const isOwn = !/test|bench|example|check$|\{/.test(one.value);
    if (isOwn && !byName.has(one.value)) byName.set(one.value, one);
  }
  return [...byName.values()];
}

function mainProgram(manifest: Manifest): Found | null {
  const { name, directory } = manifest;
  const names = [name?.value, basenameOf(directory), "server", "main", "app"];
  return programNamed(ownPrograms(manifest), names);
}

function claimCommands(
  reading: Reading,
  draft: Draft,
  manifest: Manifest,
): void {
  const { file } = manifest;
  const [first] = manifest.dependencies;
  claim(
    draft,
    "install",
    first === undefined ? null : "zig build --fetch",
    "convention",
    first?.evidence ?? null,
  );
  claim(
    draft,
    "build",
    manifest.isOld
      ? "zig build -Drelease-safe"
      : "zig build -Doptimize=ReleaseSafe",
    "convention",
    fileEvidence(file),
  );
  claim(draft, "test", "zig build test", "convention", manifest.test);
  const program = mainProgram(manifest);
  // A name that the script computes: that of the package is the usual one.
  const main = joinPath(manifest.directory, "src/main.zig") ?? "";
  const name = program?.value ??
    (manifest.programs.length === 0 && reading.match(main, MAIN) !== null
      ? manifest.name?.value ?? null
      : null);
  if (name === null) {
    const { length } = ownPrograms(manifest);
    if (length > 1) {
      reportSeveral(reading, manifest.directory, {
        programs: length,
        like: "package",
      });
    }
    return;
  }
  claim(
    draft,
    "start",
    `./zig-out/bin/${shellWord(name)}`,
    program === null ? "guess" : "source",
    program?.evidence ?? fileEvidence(main),
  );
}

function draftOfManifest(
  reading: Reading,
  manifest: Manifest,
  sources: readonly string[],
): Draft {
  const { directory, file, name } = manifest;
  const main = joinPath(directory, "src/main.zig") ?? "";
  const isProgram = manifest.programs.length > 0 || reading.tree.has(main);
  const draft = draftOf({
    path: directory,
    ecosystem: "zig",
    role: isProgram ? "application" : "library",
    weight: isAside(directory) ? 1 : isProgram ? 3 : 2,
  });
  draft.dependencies = manifest.dependencies;
  draft.links = manifest.links;
  claim(draft, "language", "zig", "manifest", fileEvidence(file));
  claim(draft, "packageManager", "zig", "manifest", fileEvidence(file));
  claimFound(draft, "name", name);
  claimPins(draft, reading, PINNING);
  claimFound(draft, "runtimeVersion", manifest.version);
  claimCommands(reading, draft, manifest);
  for (const { name: own, evidence } of manifest.dependencies) {
    claim(
      draft,
      "framework",
      FRAMEWORKS.get(own) ?? null,
      "manifest",
      evidence,
    );
  }
  for (const { value, evidence } of manifest.libraries) {
    claim(draft, "nativeLibrary", libraryOf(value), "manifest", evidence);
  }
  const own = sources.filter((path) => {
    const folder = relativeTo(directory, directoryOf(path));
    const name = basenameOf(path);
    return name !== "build.zig" && !OF_TESTS.test(name) && !isAside(folder) &&
      !isForeign(folder);
  });
  claimMentions(reading, draft, own, ZIG);
  return draft;
}

/** Sources without a build.zig: the main file of the root, or of src. */
function looseDrafts(reading: Reading): Draft[] {
  const { tree } = reading;
  const main = tree.first(".", ["main.zig", "src/main.zig"]) ??
    tree.filesIn(".").find((name) => name.endsWith(".zig")) ?? null;
  if (main === null) return [];
  const draft = draftOf({
    path: ".",
    ecosystem: "zig",
    role: "application",
    weight: 1,
  });
  claim(draft, "language", "zig", "source", fileEvidence(main));
  claimPins(draft, reading, PINNING);
  const name = basenameOf(main).replace(/\.zig$/, "");
  const hasMain = reading.match(main, MAIN);
  if (hasMain !== null) {
    claim(
      draft,
      "build",
      `zig build-exe -O ReleaseSafe ${shellWord(main)}`,
      "convention",
      hasMain.evidence,
    );
    claim(
      draft,
      "start",
      `./${shellWord(name)}`,
      "convention",
      hasMain.evidence,
    );
  }
  claimMentions(reading, draft, [main], ZIG);
  return [draft];
}

export const zig: EcosystemDetector = {
  ecosystem: "zig",
  reads: {
    manifests: ["build.zig", "build.zig.zon", ...PINNING.files, ...PIN_FILES],
    sources: ["*.zig"],
  },
  detect(reading) {
    const files = reading.tree.named("build.zig")
      .filter((file) => !isForeign(directoryOf(file)));
    if (files.length === 0) return looseDrafts(reading);
    const kept = withoutAsides(files, directoryOf);
    const sources = sourcesByOwner(
      reading.tree,
      new Set(kept.map(directoryOf)),
      ["zig"],
    );
    return kept.map((file) =>
      draftOfManifest(
        reading,
        readManifest(reading, file),
        sources.get(directoryOf(file)) ?? [],
      )
    );
  },
};
