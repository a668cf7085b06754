/**
 * Haskell: a package is what a .cabal file or a package.yaml describes.
 *
 * | file           | what                                      |
 * | -------------- | ----------------------------------------- |
 * | `cabal.ts`     | packages: .cabal and package.yaml         |
 * | `toolchain.ts` | stack or cabal, and which GHC             |
 * | `tables.ts`    | frameworks, libraries, look-ups in sources |
 *
 * @module
 */
import type { EcosystemDetector } from "../../detector.ts";
import { claim, dependencyOf, type Draft, draftOf } from "../../draft.ts";
import { joinPath } from "../../file_tree.ts";
import { fileEvidence, type Found, type Reading } from "../../reading.ts";
import { shellWord } from "../../shell_word.ts";
import { libraryOf } from "../shared/libraries.ts";
import { claimPins, PIN_FILES } from "../shared/pins.ts";
import {
  type Place,
  placesOf,
  type Sources,
  sourcesOf,
} from "../shared/places.ts";
import {
  claimFound,
  claimFrameworks,
  claimManager,
  claimNative,
  weightOf,
} from "../shared/project.ts";
import { scanFiles } from "../shared/source_scan.ts";
import { type Package, readCabal, readHpack } from "./cabal.ts";
import {
  BELOW,
  FOREIGN,
  FRAMEWORKS,
  HASKELL,
  NATIVE,
  PORTS,
  SETTINGS,
} from "./tables.ts";
import { type Toolchain, toolchainOf } from "./toolchain.ts";

const TOOLS: ReadonlySet<string> = new Set([
  "pkg-config",
  "git",
  "gcc",
  "cacert",
]);

/** The program that is started: named as the package or as what serves, else the first. */
function programOf(read: Package): Found | null {
  const name = read.name?.value ?? "";
  const usual = [
    name,
    `${name}-exe`,
    `${name}-server`,
    `${name}-app`,
    "server",
    "app",
    "main",
    "web",
  ];
  for (const one of usual) {
    const found = read.executables.find(({ value }) => value === one);
    if (found !== undefined) return found;
  }
  return read.executables[0] ?? null;
}

function claimCommands(
  draft: Draft,
  read: Package,
  toolchain: Toolchain,
): void {
  const { manager } = toolchain;
  const manifest = toolchain.evidence ?? fileEvidence(read.file);
  const isStack = manager === "stack";
  claim(
    draft,
    "install",
    `${manager} build --only-dependencies`,
    "convention",
    toolchain.lock === null ? manifest : fileEvidence(toolchain.lock),
  );
  claim(draft, "test", `${manager} test`, "convention", read.hasTests);
  const program = programOf(read);
  const start = program === null
    ? null
    : isStack
    ? `stack exec ${shellWord(program.value)}`
    : `cabal run ${shellWord(program.value)}`;
  // The program of a site is told what to do: to write its pages, to serve them.
  const isSite = dependencyOf(draft, "hakyll") !== null && start !== null;
  const build = isSite
    ? `${manager} build && ${start} build`
    : `${manager} build`;
  claim(draft, "build", build, "convention", manifest);
  claim(
    draft,
    "start",
    isSite ? `${start} watch` : start,
    "source",
    program?.evidence ?? null,
  );
}

function claimForeign(draft: Draft, read: Package, toolchain: Toolchain): void {
  for (const { value, evidence } of read.foreign) {
    const library = FOREIGN.get(value) ?? libraryOf(value);
    claim(draft, "nativeLibrary", library, "manifest", evidence);
  }
  for (const { value, evidence } of toolchain.libraries) {
    // Tools and outputs are no libraries; a few have a name that pkg-config knows.
    if (!/^[\w-]{1,60}$/.test(value) || TOOLS.has(value)) continue;
    const library = FOREIGN.get(value) ?? value;
    claim(draft, "nativeLibrary", library, "config", evidence);
  }
}

function readPackage(
  reading: Reading,
  place: Place,
  sources: Sources,
): Draft | null {
  const { path } = place;
  const { tree } = reading;
  const hpack = tree.first(path, ["package.yaml"]);
  const cabal = tree.filesIn(path).find((name) => name.endsWith(".cabal"));
  const file = cabal === undefined ? null : joinPath(path, cabal);
  // hpack writes the .cabal: where both are there, the source is read.
  const read = (hpack === null ? null : readHpack(reading, hpack)) ??
    (file === null ? null : readCabal(reading, file));
  if (read === null) return null;
  const toolchain = toolchainOf(reading, path, { isHpack: file === null });
  const draft = draftOf({
    path,
    ecosystem: "haskell",
    role: read.executables.length > 0 ? "application" : "library",
    weight: 2,
  });
  draft.dependencies.push(...read.dependencies);
  if (read.name !== null) draft.provides.push(read.name.value);
  const manifest = fileEvidence(read.file);
  claim(draft, "language", "haskell", "manifest", manifest);
  claimFound(draft, "name", read.name);
  claimManager(draft, {
    manager: toolchain.manager,
    manifest: toolchain.evidence ?? manifest,
    lock: toolchain.lock,
  });
  claimPins(draft, reading, { files: [], tools: ["ghc", "haskell"] });
  claimFound(draft, "runtimeVersion", toolchain.version);
  const frameworks = claimFrameworks(draft, FRAMEWORKS, BELOW);
  claimCommands(draft, read, toolchain);
  draft.weight = weightOf(draft, place);
  claimNative(draft, NATIVE);
  claimForeign(draft, read, toolchain);
  scanFiles(draft, reading, sources.own, { syntax: HASKELL });
  const settings = tree.first(path, [
    "config/settings.yml",
    "config/settings.yaml",
  ]);
  if (settings !== null) {
    scanFiles(draft, reading, [settings], {
      syntax: SETTINGS,
      source: "config",
    });
  }
  const [framework] = frameworks.filter((name) => PORTS.has(name));
  const port = framework === undefined ? null : PORTS.get(framework) ?? null;
  const used = draft.dependencies.find(({ name }) =>
    name.startsWith(framework ?? "\0")
  );
  claim(
    draft,
    "port",
    draft.role === "application" ? port : null,
    "framework",
    used?.evidence ?? null,
  );
  return draft;
}

export const haskell: EcosystemDetector = {
  ecosystem: "haskell",
  reads: {
    manifests: [
      "*.cabal",
      "package.yaml",
      "stack.yaml",
      "cabal.project",
      "config/settings.yml",
      ...PIN_FILES,
    ],
    sources: ["*.hs"],
  },
  detect(reading) {
    const { tree } = reading;
    const places = placesOf(reading, [
      ...tree.withExtension("cabal"),
      ...tree.named("package.yaml"),
    ]);
    const sources = sourcesOf(reading, places, {
      extensions: ["hs"],
      isTest: /^(?:Spec|Setup)\.hs$|Spec\.hs$/,
    });
    return places.flatMap((place) =>
      readPackage(reading, place, sources(place.path)) ?? []
    );
  },
};
