/**
 * How a package is installed, built, started and tested.
 *
 * A script of the manifest is run through its package manager; where there is
 * none, what the framework does, then the entry file. A script that serves for
 * development counts less, and one that starts other packages, or containers,
 * is none of this package.
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import type { Source } from "../../claims.ts";
import { claim } from "../../draft.ts";
import { fileEvidence } from "../../reading.ts";
import { type Entry, entryOf } from "./entry.ts";
import type { Told } from "./frameworks.ts";
import type { Manifest } from "./manifest.ts";
import { executeOf, installOf, runOf } from "./package_manager.ts";
import { type Plan, planOf, serveOf } from "./plans.ts";
import {
  dependsOn,
  fileOf,
  hasFile,
  type Project,
  scriptOf,
} from "./project.ts";
import {
  expandScript,
  isDelegating,
  isDevelopment,
  isOnlyMaking,
  isPlaceholder,
  runsSeveral,
  startsContainers,
} from "./scripts.ts";

export interface Start {
  command: string;
  source: Source;
  evidence: readonly Evidence[];
  /** What is run in the end: the script with those it calls, or the command. */
  text: string;
  /** Script of the manifest that it is. */
  script: string | null;
  plan: Plan | null;
  confidence?: number;
  /** Pages that nothing but their place says are to be served. */
  isPages?: boolean;
}

/** Scripts that start it for good, wherever `start` is for development. */
const PRODUCTION = ["start:prod", "start:production", "serve:prod"];
/** So many call what builds for production, too. */
const MAYBE_PRODUCTION = ["prod", "production"];
/** Of a bundler these are its preview; of a server of its own, that server for good. */
const PREVIEWS = ["preview", "serve"];
const BUILDS = [
  "build",
  "build:prod",
  "build:production",
  "compile",
  "production",
  "bundle",
  "build:ts",
  "build-ts",
  "build:app",
  "tsc",
  "transpile",
];
const TESTS = ["test", "test:unit", "test:ci", "tests"];
/** Programs that find the tests by themselves. */
const RUNNERS = [
  { name: "vitest", command: "vitest run" },
  { name: "jest", command: "jest" },
  { name: "mocha", command: "mocha" },
  { name: "ava", command: "ava" },
];
/** A development server does answer, but nobody means it to. */
const DEVELOPMENT_CONFIDENCE = 0.7;

/** The first of these scripts that runs a program of the package. */
function runningScript(project: Project, names: readonly string[]) {
  const script = scriptOf(project, names);
  return script !== null &&
      /(?:^|[\s;&|])(?:node|bun|tsx|ts-node|pm2)\s/.test(
        script.found.value.slice(0, 2_000),
      )
    ? script
    : null;
}

/** `"preview": "NODE_ENV=production node server"`. */
function previewScript(project: Project) {
  const script = runningScript(project, PREVIEWS);
  const text = script?.found.value.slice(0, 2_000) ?? "";
  return /\bNODE_ENV=production\b/.test(text) ? script : null;
}

function startScript(project: Project): Start | null {
  const { manifest } = project;
  const standard = scriptOf(project, ["start"]);
  const isFor = (name: string) => isDevelopment(expandScript(manifest, name));
  const production = scriptOf(project, PRODUCTION) ??
    runningScript(project, MAYBE_PRODUCTION) ?? previewScript(project);
  const picked =
    standard === null || production !== null && isFor(standard.name)
      ? production ?? standard
      : standard;
  if (picked === null) return null;
  const text = expandScript(manifest, picked.name);
  if (startsContainers(text) || isOnlyMaking(text)) return null;
  // `cd client && npm start` of a package without any below is its own affair.
  // A project.json beside it makes it the project that nx serves.
  const isOfOthers = isDelegating(picked.found.value) ||
    runsSeveral(picked.found.value) && isDelegating(text);
  const isAlone = project.below.length === 0 ||
    hasFile(project, "project.json");
  if (isOfOthers && !isAlone) return null;
  return {
    command: runOf(project.manager, picked.name),
    source: "manifest",
    evidence: [picked.found.evidence],
    text,
    script: picked.name,
    plan: null,
    ...isDevelopment(text) ? { confidence: DEVELOPMENT_CONFIDENCE } : {},
  };
}

/** `"start": "node bin/server.js"` where only bin/server.ts is there: the build's is meant. */
function startInBuild(project: Project, start: Start, told: Told): Start {
  const { startsIn } = told.framework;
  const file = /^node\s{1,3}(?:\.\/)?([\w./-]{1,200})\.js$/
    .exec(start.text.trim())?.[1];
  if (
    startsIn === undefined || file === undefined ||
    hasFile(project, `${file}.js`) || !hasFile(project, `${file}.ts`)
  ) return start;
  const command = `node ${startsIn}/${file}.js`;
  return { ...start, command, text: command, script: null };
}

function startOfEntry(entry: Entry): Start {
  return {
    command: entry.start,
    source: "convention",
    evidence: [entry.evidence],
    text: entry.start,
    script: null,
    plan: null,
  };
}

function startOfPlan(told: Told, plan: Plan): Start | null {
  if (plan.start === null) return null;
  const evidence = plan.evidence === null
    ? [told.dependency.evidence]
    : [told.dependency.evidence, plan.evidence];
  return {
    command: plan.start,
    source: "framework",
    evidence,
    text: plan.start,
    script: null,
    plan,
  };
}

/** `npm run dev`: better than nothing where a server is known to be there. */
function startOfDevelopment(project: Project): Start | null {
  const script = scriptOf(project, ["serve", "dev", "develop"]);
  if (script === null) return null;
  const text = expandScript(project.manifest, script.name);
  if (isDelegating(script.found.value) || startsContainers(text)) return null;
  return {
    command: runOf(project.manager, script.name),
    source: "guess",
    evidence: [script.found.evidence],
    text,
    script: script.name,
    plan: null,
  };
}

/** A page whose package only makes its style or scripts: handed out as it lies there. */
function startOfPages(project: Project): Start | null {
  const page = fileOf(project, "index.html");
  if (page === null || project.below.length > 0) return null;
  // A template of a generator is no page.
  if (project.reading.lines(page)[0]?.text.startsWith("---")) return null;
  const served = serveOf(project, ".", { isSinglePage: false });
  if (served.start === null) return null;
  return {
    command: served.start,
    source: "convention",
    evidence: [fileEvidence(page)],
    text: served.start,
    script: null,
    plan: { build: null, ...served, evidence: null },
    isPages: true,
  };
}

/** What is known of how a package runs, before its role is decided. */
export interface Running {
  start: Start | null;
  /** The framework that decides, with its plan. */
  lead: { told: Told; plan: Plan } | null;
  entry: Entry | null;
}

/** The framework that says how the whole is built and started. */
function leadOf(
  frameworks: readonly Told[],
  hasServer: boolean,
): Told | undefined {
  const server = frameworks.find(({ framework }) =>
    framework.kind === "server" || framework.start !== undefined
  );
  if (server !== undefined) return server;
  return frameworks.find(({ framework }) =>
    (framework.kind === "static" || framework.kind === "program") &&
    // A server beside a bundler serves what that one makes.
    !(hasServer && framework.isBundler === true)
  );
}

/** How a package would be started, if it is an application. */
export function runningOf(
  project: Project,
  frameworks: readonly Told[],
): Running {
  const entry = entryOf(project);
  const isServer = frameworks.some(({ framework }) =>
    framework.kind === "library"
  );
  const told = leadOf(frameworks, isServer && entry !== null);
  const lead = told === undefined
    ? null
    : { told, plan: planOf(project, told.framework) };
  const script = startScript(project);
  const start =
    (script !== null && told !== undefined
      ? startInBuild(project, script, told)
      : script) ??
      (lead === null ? null : startOfPlan(lead.told, lead.plan)) ??
      (lead === null && entry !== null ? startOfEntry(entry) : null) ??
      (isServer || lead?.told.framework.kind === "server"
        ? startOfDevelopment(project)
        : null) ??
      (lead === null && entry === null ? startOfPages(project) : null);
  return { start, lead, entry };
}

/** The script that runs the tests; one that only says that there are none is none. */
export function testScriptOf({ scripts }: Manifest) {
  for (const name of TESTS) {
    const found = scripts.get(name);
    if (found !== undefined && !isPlaceholder(found.value)) {
      return { name, found };
    }
  }
  return null;
}

/** Tells how it is installed and tested: true of libraries too. */
export function tellUpkeep(project: Project): void {
  const { draft, manager, manifest } = project;
  const evidence = manager.lock ?? manifest.file;
  claim(
    draft,
    "install",
    installOf(manager),
    "convention",
    fileEvidence(evidence),
  );
  const test = testScriptOf(manifest);
  if (test !== null) {
    const command = runOf(manager, test.name);
    claim(draft, "test", command, "manifest", test.found.evidence);
    return;
  }
  const runner = RUNNERS.find(({ name }) => dependsOn(project, name));
  if (runner === undefined) return;
  const dependency = manifest.dependencies.find(({ name }) =>
    name === runner.name
  );
  const command = executeOf(manager, runner.command);
  claim(draft, "test", command, "convention", dependency?.evidence ?? null);
}

/** What starts by a script of its own needs the framework's build only where that script runs the framework. */
function needsBuild(told: Told, start: Start | null): boolean {
  if (start === null || start.script === null) return true;
  const program = told.framework.bin ?? told.framework.name;
  return start.text.includes(program) && !isDevelopment(start.text);
}

/** Tells how it is built. */
export function tellBuild(project: Project, running: Running): void {
  const { draft, manager } = project;
  const script = scriptOf(project, BUILDS);
  if (script !== null) {
    const command = runOf(manager, script.name);
    claim(draft, "build", command, "manifest", script.found.evidence);
    return;
  }
  const { lead, entry, start } = running;
  if (lead !== null) {
    const { plan, told } = lead;
    if (!needsBuild(told, start)) return;
    claim(draft, "build", plan.build, "framework", told.dependency.evidence);
  } else if (entry !== null && start?.command === entry.start) {
    claim(draft, "build", entry.build, "convention", entry.evidence);
  }
}

/** Tells how it is started. */
export function tellStart(project: Project, start: Start): void {
  project.draft.claims.push({
    field: "start",
    value: start.command,
    source: start.source,
    evidence: start.evidence,
    ...start.confidence === undefined ? {} : { confidence: start.confidence },
  });
}
