/**
 * Swift: a package is what a Package.swift says; sources alone are a script.
 *
 * | concern                          | file          |
 * | -------------------------------- | ------------- |
 * | Package.swift                    | `manifest.ts` |
 * | environment variables, ports     | `sources.ts`  |
 * | applications of Xcode            | `xcode.ts`    |
 *
 * @module
 */
import type { EcosystemDetector } from "../../detector.ts";
import { claim, type Draft, draftOf } from "../../draft.ts";
import { directoryOf, joinPath } from "../../file_tree.ts";
import { fileEvidence, type Found, type Reading } from "../../reading.ts";
import { isAside, isForeign, withoutAsides } from "../shared/asides.ts";
import { libraryOf } from "../shared/libraries.ts";
import { claimMentions } from "../shared/mentions.ts";
import { relativeTo, sourcesByOwner } from "../shared/owners.ts";
import { claimPins, PIN_FILES, type Pinning } from "../shared/pins.ts";
import { shellWord } from "../../shell_word.ts";
import { claimFound, programNamed, reportSeveral } from "../shared/project.ts";
import { type Manifest, readManifest } from "./manifest.ts";
import { SWIFT } from "./sources.ts";
import { xcodeDrafts } from "./xcode.ts";

const PINNING: Pinning = { files: [".swift-version"], tools: ["swift"] };

interface Framework {
  name: string;
  port: number;
  /** What its programs are started with. */
  serve: string;
}

/** By package. */
const FRAMEWORKS: ReadonlyMap<string, Framework> = new Map([
  ["vapor", {
    name: "vapor",
    port: 8080,
    serve: " serve --env production --hostname 0.0.0.0 --port 8080",
  }],
  ["hummingbird", { name: "hummingbird", port: 8080, serve: "" }],
  ["Kitura", { name: "kitura", port: 8080, serve: "" }],
  ["swifter", { name: "swifter", port: 8080, serve: "" }],
]);

/** Programs: targets that say so, or plain ones with a main.swift, as before Swift 5.4. */
function programsOf(
  reading: Reading,
  { directory, targets, executables }: Manifest,
): Found[] {
  const products = executables.map(({ value }) => value);
  return targets.flatMap(({ kind, name, evidence }) => {
    const main = joinPath(directory, `Sources/${name}/main.swift`) ?? "";
    const isProgram = kind === "executable" ||
      kind === "plain" && (reading.tree.has(main) || products.includes(name));
    return isProgram ? [{ value: name, evidence }] : [];
  });
}

const USUAL = ["Run", "App", "Server", "server", "app", "main"];

function mainProgram(
  programs: readonly Found[],
  manifest: Manifest,
): Found | null {
  return programNamed(programs, [manifest.name?.value, ...USUAL]);
}

function claimCommands(
  reading: Reading,
  draft: Draft,
  manifest: Manifest,
): void {
  const { file, dependencies, targets } = manifest;
  const lock = joinPath(manifest.directory, "Package.resolved") ?? "";
  const [first] = dependencies;
  if (first !== undefined) {
    const evidence = reading.tree.has(lock)
      ? fileEvidence(lock)
      : first.evidence;
    claim(draft, "install", "swift package resolve", "convention", evidence);
  }
  claim(
    draft,
    "build",
    "swift build -c release",
    "convention",
    fileEvidence(file),
  );
  const test = targets.find(({ kind }) => kind === "test");
  claim(draft, "test", "swift test", "convention", test?.evidence ?? null);
  const programs = programsOf(reading, manifest);
  const program = mainProgram(programs, manifest);
  if (program === null) {
    if (programs.length > 1) {
      reportSeveral(reading, manifest.directory, {
        programs: programs.length,
        like: "package",
      });
    }
    return;
  }
  // A product may give its program another name.
  const product = manifest.executables.length === 1 && programs.length === 1
    ? manifest.executables[0]?.value
    : undefined;
  const framework =
    dependencies.flatMap(({ name }) => FRAMEWORKS.get(name) ?? [])[0];
  const command = shellWord(`./.build/release/${product ?? program.value}`);
  claim(
    draft,
    "start",
    `${command}${framework?.serve ?? ""}`,
    framework === undefined || framework.serve === "" ? "source" : "framework",
    program.evidence,
  );
}

function draftOfManifest(
  reading: Reading,
  manifest: Manifest,
  sources: readonly string[],
): Draft {
  const { directory, file, name, version } = manifest;
  const programs = programsOf(reading, manifest);
  const draft = draftOf({
    path: directory,
    ecosystem: "swift",
    role: programs.length > 0 ? "application" : "library",
    weight: isAside(directory) ? 1 : programs.length > 0 ? 3 : 2,
  });
  draft.dependencies = manifest.dependencies;
  draft.links = manifest.links;
  claim(draft, "language", "swift", "manifest", fileEvidence(file));
  claim(draft, "packageManager", "swiftpm", "manifest", fileEvidence(file));
  const lock = joinPath(directory, "Package.resolved") ?? "";
  if (reading.tree.has(lock)) {
    claim(draft, "packageManager", "swiftpm", "lock", fileEvidence(lock));
  }
  claimFound(draft, "name", name);
  claimPins(draft, reading, PINNING);
  claimFound(draft, "runtimeVersion", version);
  for (const { name: own, evidence } of manifest.dependencies) {
    const framework = FRAMEWORKS.get(own);
    claim(draft, "framework", framework?.name ?? null, "manifest", evidence);
    if (programs.length > 0) {
      claim(draft, "port", framework?.port ?? null, "framework", evidence);
    }
  }
  for (const { value, evidence } of manifest.libraries) {
    claim(draft, "nativeLibrary", libraryOf(value), "manifest", evidence);
  }
  claimCommands(reading, draft, manifest);
  const own = sources.filter((path) => {
    const folder = relativeTo(directory, directoryOf(path));
    return path !== file && !isAside(folder) && !isForeign(folder);
  });
  claimMentions(reading, draft, own, SWIFT);
  return draft;
}

/** A main.swift, or the one file there is. */
function looseDrafts(reading: Reading): Draft[] {
  const { tree } = reading;
  const all = tree.withExtension("swift").filter((path) =>
    !isForeign(directoryOf(path))
  );
  const [first] = all;
  if (first === undefined) return [];
  const draft = draftOf({
    path: ".",
    ecosystem: "swift",
    role: "application",
    weight: 1,
  });
  claim(draft, "language", "swift", "source", fileEvidence(first));
  claimPins(draft, reading, PINNING);
  const own = tree.filesIn(".").filter((name) => name.endsWith(".swift"));
  const main = own.includes("main.swift")
    ? "main.swift"
    : own.length === 1
    ? own[0] ?? null
    : null;
  if (main !== null && all.length === own.length) {
    const words = own.map(shellWord).join(" ");
    claim(
      draft,
      "build",
      `swiftc -O -o app ${words}`,
      "convention",
      fileEvidence(main),
    );
    claim(draft, "start", "./app", "convention", fileEvidence(main));
  }
  claimMentions(reading, draft, all, SWIFT);
  return [draft];
}

export const swift: EcosystemDetector = {
  ecosystem: "swift",
  reads: {
    manifests: ["Package.swift", ...PINNING.files, ...PIN_FILES],
    sources: ["*.swift"],
  },
  detect(reading) {
    // A model of a package may be in a file of that name too.
    const files = reading.tree.named("Package.swift").filter((file) =>
      !isForeign(directoryOf(file)) &&
      (reading.tree.text(file) ?? "").includes("PackageDescription")
    );
    const ofXcode = xcodeDrafts(reading, new Set(files.map(directoryOf)));
    if (files.length === 0) {
      return ofXcode.length > 0 ? ofXcode : looseDrafts(reading);
    }
    const kept = withoutAsides(files, directoryOf);
    const sources = sourcesByOwner(
      reading.tree,
      new Set(kept.map(directoryOf)),
      ["swift"],
    );
    const packages = kept.map((file) =>
      draftOfManifest(
        reading,
        readManifest(reading, file),
        sources.get(directoryOf(file)) ?? [],
      )
    );
    return [...packages, ...ofXcode];
  },
};
