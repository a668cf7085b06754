/**
 * The file an application starts with when no script does.
 *
 * `main` of the manifest where that file is there or a build makes it, then the
 * names everybody uses. TypeScript is started as its build leaves it, by the
 * runner that is there, or by bun.
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import { directoryOf, joinPath, withoutEndSlashes } from "../../file_tree.ts";
import { at, itemsOf, scalarText } from "../../formats/node.ts";
import { fileEvidence, type Found, nodeEvidence } from "../../reading.ts";
import { configIn, literalOf } from "./config_text.ts";
import { fieldOf } from "./manifest.ts";
import { executeOf } from "./package_manager.ts";
import { shellWord } from "../../shell_word.ts";
import { dependsOn, fileOf, type Project } from "./project.ts";

export interface Entry {
  /** Relative to the package. */
  file: string;
  evidence: Evidence;
  start: string;
  /** Where nothing else builds it. */
  build: string | null;
  /** True when the manifest names it. */
  isMain: boolean;
}

const STEMS = ["index", "server", "app", "main", "bot"];
const FOLDERS = ["", "src/", "server/"];
const JAVASCRIPT = ["js", "mjs", "cjs"];
const TYPESCRIPT = ["ts", "mts", "tsx"];

/** `src/main` may be `src/main.js` or `src/main/index.js`, as node looks for it. */
function resolveMain(project: Project, main: string): string | null {
  const plain = withoutEndSlashes(main.replace(/^(?:\.\/)+/, ""));
  const choices = [
    plain,
    ...[...JAVASCRIPT, ...TYPESCRIPT].map((end) => `${plain}.${end}`),
    ...JAVASCRIPT.map((end) => `${plain}/index.${end}`),
  ];
  return choices.find((path) =>
    path !== "" && fileOf(project, path) !== null
  ) ??
    null;
}

function conventional(
  project: Project,
  extensions: readonly string[],
): string | null {
  const { tree } = project.reading;
  for (const folder of FOLDERS) {
    // A folder with a manifest is another package.
    const directory = joinPath(project.directory, folder);
    if (folder !== "" && project.below.includes(directory ?? "")) continue;
    if (directory === null || tree.filesIn(directory).length === 0) continue;
    for (const stem of STEMS) {
      for (const extension of extensions) {
        const name = `${stem}.${extension}`;
        if (tree.hasIn(directory, name)) return folder + name;
      }
    }
  }
  return null;
}

/** tsconfig.json files that extend each other; people chain two or three. */
const MAX_EXTENDS = 5;

/** A compiler option of tsconfig.json or of what it extends within the repository. */
function compilerOption(project: Project, option: string): string | null {
  let path = fileOf(project, "tsconfig.build.json") ??
    fileOf(project, "tsconfig.json");
  for (let step = 0; path !== null && step < MAX_EXTENDS; step++) {
    const root = project.reading.json(path);
    const value = scalarText(at(root, "compilerOptions", option));
    if (value !== null) return value;
    const parent = at(root, "extends");
    const name: string | null = scalarText(parent) ??
      scalarText(itemsOf(parent).at(-1));
    if (name === null || !name.startsWith(".")) return null;
    const above: string | null = joinPath(directoryOf(path), name);
    path = above === null
      ? null
      : [above, `${above}.json`].find((one) => project.reading.tree.has(one)) ??
        null;
  }
  return null;
}

function plainDirectory(text: string): string {
  const plain = withoutEndSlashes(text.replace(/^(?:\.\/)+/, ""));
  return plain === "." ? "" : plain;
}

/** The file the compiler makes of a source. */
function compiledOf(project: Project, source: string): string {
  const out = plainDirectory(compilerOption(project, "outDir") ?? "");
  const rootDir = compilerOption(project, "rootDir");
  const isAllInSource = source.startsWith("src/") &&
    !project.sources.some((path) =>
      /\.[mc]?tsx?$/.test(path) &&
      !(joinPath(project.directory, "src") !== null &&
        path.startsWith(`${joinPath(project.directory, "src")}/`)) &&
      !path.includes(".config.")
    );
  const root = rootDir === null
    ? (isAllInSource && out !== "" ? "src" : "")
    : plainDirectory(rootDir);
  const relative = root !== "" && source.startsWith(`${root}/`)
    ? source.slice(root.length + 1)
    : source;
  const made = relative.replace(/\.([mc]?)tsx?$/, ".$1js");
  return out === "" ? made : `${out}/${made}`;
}

function runTypescript(
  project: Project,
  file: string,
): Pick<Entry, "start" | "build"> | null {
  const hasBuild = project.manifest.scripts.has("build");
  if (hasBuild && compilerOption(project, "outDir") !== null) {
    return {
      start: `node ${shellWord(compiledOf(project, file))}`,
      build: null,
    };
  }
  for (const runner of ["tsx", "ts-node"]) {
    if (dependsOn(project, runner)) {
      return {
        start: executeOf(project.manager, `${runner} ${shellWord(file)}`),
        build: null,
      };
    }
  }
  if (!dependsOn(project, "typescript")) return null;
  // A bundler makes something else of it, under a name that nobody tells.
  const isOnlyChecked = [...project.manifest.scripts.values()].some((
    { value },
  ) => /\btsc\b[^&;|]{0,200}--noEmit\b/.test(value.slice(0, 2_000)));
  if (isOnlyChecked || compilerOption(project, "noEmit") === "true") {
    return null;
  }
  return {
    start: `node ${shellWord(compiledOf(project, file))}`,
    build: hasBuild ? null : executeOf(project.manager, "tsc"),
  };
}

function runOfFile(
  project: Project,
  file: string,
): Pick<Entry, "start" | "build"> | null {
  if (project.manager.name === "bun") {
    return { start: `bun run ${shellWord(file)}`, build: null };
  }
  return /\.[mc]?tsx?$/.test(file)
    ? runTypescript(project, file)
    : { start: `node ${shellWord(file)}`, build: null };
}

/** `main: dist/index.js` is there once the build script ran. */
function builtMain(project: Project, main: string): string | null {
  const plain = main.replace(/^(?:\.\/)+/, "");
  return project.manifest.scripts.has("build") &&
      /^(?:dist|build|out|lib|output|\.build)\/[\w./-]{1,200}$/.test(plain)
    ? plain
    : null;
}

/** What only a page can do, or a bundler alone can load. */
const OF_PAGES =
  /^\s{0,20}(?:import\s[^"']{0,200}["'](?:vue|react-dom\/client|[^"']{1,200}\.(?:vue|svelte|css|scss|sass|less))["']|import\s{1,4}["'][^"']{1,200}\.(?:css|scss|sass|less)["']|(?:document|window)\.)/;
/** Imports and what follows them: who looks further reads the application itself. */
const MAX_LINES = 200;

/** True for the entry of pages: a bundler hands it to browsers, node cannot run it. */
function isOfPages(project: Project, file: string): boolean {
  const path = fileOf(project, file);
  return path !== null &&
    project.reading.lines(path).slice(0, MAX_LINES).some(({ text }) =>
      OF_PAGES.test(text.slice(0, 2_000))
    );
}

/** Who has one of these writes functions that a platform calls. */
const PLATFORMS: readonly string[] = [
  "serverless",
  "osls",
  "sst",
  "aws-lambda",
  "@types/aws-lambda",
  "firebase-functions",
  "@azure/functions",
  "@netlify/functions",
  "@google-cloud/functions-framework",
  "wrangler",
  "@cloudflare/workers-types",
];
/** What others import, or call. */
const EXPORTS =
  /^\s{0,20}(?:module\.exports\b[\w.]{0,60}\s{0,3}=|exports(?:\.\w{1,60}|\[[^\]\n]{1,60}\])\s{0,3}=|export\s)/;
const LISTENS = /\.listen\(|\bserve\(/;
/** Entries that are longer are bundles. */
const MAX_ENTRY_LINES = 5_000;

/** True for a file that gives something to others and serves nothing itself. */
export function isImported(project: Project, file: string): boolean {
  const path = fileOf(project, file);
  if (path === null) return false;
  const lines = project.reading.lines(path).slice(0, MAX_ENTRY_LINES);
  return lines.some(({ text }) => EXPORTS.test(text.slice(0, 200))) &&
    !lines.some(({ text }) => LISTENS.test(text.slice(0, 2_000)));
}

/** Where it starts; null when nothing says so. */
export function entryOf(project: Project): Entry | null {
  // An editor loads it.
  if (at(project.manifest.root, "engines", "vscode") !== null) return null;
  const entry = foundEntry(project);
  const isCalled = entry !== null &&
    PLATFORMS.some((name) => dependsOn(project, name)) &&
    isImported(project, entry.file);
  return isCalled ? null : entry;
}

/** Files that tell pm2 what to run. */
const PM2_JSON = [
  "ecosystem.config.json",
  "ecosystem.json",
  "pm2.json",
  "process.json",
];

/** What pm2 would start first: the application's own file, however it is kept alive. */
function pm2Script(project: Project): Found | null {
  const { reading, directory } = project;
  const config = configIn(reading, directory, [
    "ecosystem.config",
    "pm2.config",
  ]);
  const literal = config === null ? null : literalOf(config, "script");
  if (literal !== null) return literal;
  for (const name of PM2_JSON) {
    const file = fileOf(project, name);
    const root = file === null ? null : reading.json(file);
    const script = at(itemsOf(at(root, "apps"))[0] ?? root, "script");
    const value = scalarText(script);
    if (file !== null && script !== null && value !== null) {
      return { value, evidence: nodeEvidence(file, script) };
    }
  }
  return null;
}

function entryOfPm2(project: Project): Entry | null {
  const script = pm2Script(project);
  if (script === null || !/\.[cm]?[jt]s$/.test(script.value)) return null;
  const file = resolveMain(project, script.value);
  const built = file === null ? builtMain(project, script.value) : null;
  const run = built !== null
    ? { start: `node ${shellWord(built)}`, build: null }
    : file === null
    ? null
    : runOfFile(project, file);
  return run === null ? null : {
    file: built ?? file ?? script.value,
    evidence: script.evidence,
    ...run,
    isMain: false,
  };
}

/** Meteor runs what lies beside its own directory; no file of it is for node. */
function entryOfMeteor(project: Project): Entry | null {
  const file = fileOf(project, ".meteor/release");
  return file === null ? null : {
    file: ".meteor/release",
    evidence: fileEvidence(file),
    start: "meteor run",
    build: null,
    isMain: false,
  };
}

function foundEntry(project: Project): Entry | null {
  const meteor = entryOfMeteor(project);
  if (meteor !== null) return meteor;
  const kept = entryOfPm2(project);
  if (kept !== null) return kept;
  const main = fieldOf(project.manifest, "main");
  if (main !== null) {
    const file = resolveMain(project, main.value);
    const built = file === null ? builtMain(project, main.value) : null;
    const run = built !== null
      ? { start: `node ${shellWord(built)}`, build: null }
      : file === null
      ? null
      : runOfFile(project, file);
    if (run !== null) {
      return {
        file: built ?? file ?? main.value,
        evidence: main.evidence,
        ...run,
        isMain: true,
      };
    }
  }
  const order = project.manager.name === "bun"
    ? [...TYPESCRIPT, ...JAVASCRIPT]
    : JAVASCRIPT;
  const file = conventional(project, order) ??
    conventional(project, TYPESCRIPT);
  if (file === null || isOfPages(project, file)) return null;
  const run = runOfFile(project, file);
  const path = fileOf(project, file);
  return run === null || path === null
    ? null
    : { file, evidence: fileEvidence(path), ...run, isMain: false };
}
