/**
 * Dart: a package is what a pubspec.yaml describes.
 *
 * | file       | what                                          |
 * | ---------- | --------------------------------------------- |
 * | `start.ts` | programs, Dart Frog, why Flutter has no start |
 *
 * @module
 */
import type { EcosystemDetector } from "../../detector.ts";
import { claim, type Draft } from "../../draft.ts";
import { directoryOf, isWithin, joinPath } from "../../file_tree.ts";
import { at, type Node } from "../../formats/node.ts";
import { fileEvidence, type Reading } from "../../reading.ts";
import { PIN_FILES } from "../shared/pins.ts";
import { type Place, readProjects, type Sources } from "../shared/places.ts";
import {
  claimFrameworkPort,
  claimFrameworks,
  claimNative,
  type FrameworkTable,
  type NativeTable,
  weightOf,
} from "../shared/project.ts";
import { scanFiles, type Syntax } from "../shared/source_scan.ts";
import {
  draftOfManifest,
  foundAt,
  type Layout,
} from "../shared/dependency_maps.ts";
import { claimStart, claimTest, type Project } from "./start.ts";

const LAYOUT: Layout = {
  ecosystem: "dart",
  manager: "pub",
  development: ["dev_dependencies"],
  version: ["environment", "sdk"],
};
const FRAMEWORKS: FrameworkTable = [
  ["flutter", "flutter"],
  ["dart_frog", "dart_frog"],
  ["serverpod", "serverpod"],
  ["shelf", "shelf"],
  ["angel3", "angel3_framework"],
  ["conduit", "conduit", "conduit_core"],
  ["alfred", "alfred"],
  ["jaspr", "jaspr"],
  ["nyxx", "nyxx"],
];
const PORTS: ReadonlyMap<string, number> = new Map([["serverpod", 8080]]);
const NATIVE: NativeTable = new Map([
  ["sqlite3", ["sqlite"]],
  ["drift", ["sqlite"]],
]);

const DART: Syntax = {
  comments: ["//", "*", "/*"],
  hints: ["Platform.environment", "env[", "serve(", ".bind(", "listen("],
  mentions: [
    {
      pattern: /\bPlatform\.environment\[\s{0,4}["'](\w{1,100})["']\s{0,4}\]/g,
      isNeeded: false,
    },
    {
      pattern: /\b(?:dotenv|env)\[\s{0,4}["']([A-Z]\w{0,99})["']\s{0,4}\]/g,
      isNeeded: false,
    },
    {
      pattern:
        /\bPlatform\.environment\.containsKey\(\s{0,4}["'](\w{1,100})["']/g,
      isNeeded: false,
    },
  ],
  defaults: [/^\s{0,4}\?\?\s{0,8}(?:["']([^"'$\n]{0,200})["']|(\d{1,12})\b)/],
  // Without a `!` its type says that it may be null.
  raising: /^\s{0,4}(?:!(?!=)|\?\?\s{0,8}\(?throw\b)/,
  optional: /^\s{0,4}(?:\?\?|\?\.|==|!=)/,
  ports: [
    /\b(?:serve|shelf_io\.serve|io\.serve)\([^;]{1,120}?,\s{0,8}(\d{2,5})\s{0,4}[,)]/,
    /\bHttpServer\.bind\([^;]{1,100}?,\s{0,8}(\d{2,5})\s{0,4}[,)]/,
    /\bapp\.listen\(\s{0,4}(\d{2,5})\s{0,4}[,)]/,
    /\bport\s{0,4}=\s{0,4}(\d{2,5});/,
  ],
};

/** The lockfile of a package, or of the workspace it is a member of. */
function lockOf(
  reading: Reading,
  path: string,
  isMember: boolean,
): string | null {
  for (let here = path;; here = directoryOf(here)) {
    const lock = reading.tree.first(here, ["pubspec.lock"]);
    if (lock !== null || !isMember || here === ".") return lock;
  }
}

/** A workspace of pub, or a pubspec.yaml with nothing beside it but packages below. */
function isHolding(
  reading: Reading,
  path: string,
  root: Node | null,
): boolean {
  if (at(root, "workspace") !== null) return true;
  const isOwn = ["lib", "bin", "routes"].some((name) =>
    reading.tree.hasDirectory(joinPath(path, name) ?? name)
  );
  return root !== null && !isOwn && reading.tree.named("pubspec.yaml")
    .some((file) => directoryOf(file) !== path && isWithin(file, path));
}

function readProject(reading: Reading, place: Place, sources: Sources): Draft {
  const { path } = place;
  const file = joinPath(path, "pubspec.yaml") ?? "pubspec.yaml";
  const root = reading.yaml(file);
  const isMember = foundAt(file, at(root, "resolution"))?.value === "workspace";
  const lock = lockOf(reading, path, isMember);
  const { draft, name, manifest } = draftOfManifest(reading, LAYOUT, {
    path,
    file,
    root,
    lock,
  });
  const frameworks = claimFrameworks(draft, FRAMEWORKS);
  claimNative(draft, NATIVE);
  const flutter =
    draft.dependencies.find((one) => one.name === "flutter")?.evidence ?? null;
  claim(
    draft,
    "install",
    flutter === null ? "dart pub get" : "flutter pub get",
    "convention",
    lock === null ? manifest : fileEvidence(lock),
  );
  const project: Project = {
    reading,
    draft,
    manifest: file,
    name,
    frameworks,
  };
  if (isHolding(reading, path, root)) draft.role = "root";
  else claimStart(project, flutter);
  claimTest(project, flutter);
  if (flutter === null) {
    claimFrameworkPort(draft, { frameworks, ports: PORTS, manifest });
  }
  draft.weight = weightOf(draft, place);
  scanFiles(draft, reading, sources.own, { syntax: DART });
  return draft;
}

export const dart: EcosystemDetector = {
  ecosystem: "dart",
  reads: {
    manifests: ["pubspec.yaml", ".dart-version", ...PIN_FILES],
    sources: ["*.dart"],
  },
  detect: (reading) =>
    readProjects(reading, {
      manifest: "pubspec.yaml",
      extensions: ["dart"],
      isTest: /_test\.dart$/,
    }, readProject),
};
