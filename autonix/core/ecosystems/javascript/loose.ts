/**
 * Sources without any manifest: a Deno program that imports by address, a
 * script for Node. An application only where there is nothing else.
 *
 * @module
 */
import { claim, type Draft, draftOf } from "../../draft.ts";
import type { Run } from "../../file_tree.ts";
import { fileEvidence } from "../../reading.ts";
import { denoDraft } from "./deno.ts";
import { installOf, type Manager } from "./package_manager.ts";
import { tellCode } from "./code.ts";
import type { Project } from "./project.ts";
import { languageOf, ownSources, sourcesByPackage } from "./sources.ts";
import type { Survey } from "./survey.ts";

const DENO =
  /\bfrom\s{0,3}["'](?:https:\/\/(?:deno\.land|jsr\.io)\/|jsr:|npm:)|\bDeno\.\w|import ["'](?:https:\/\/deno\.land|jsr:|npm:)/;
const NODE =
  /\brequire\(\s{0,3}["']|\bfrom\s{0,3}["'](?:node:|http|fs|path)|\bprocess\.(?:env|argv)\b/;
/** Files looked at: the first of a program show it. */
const MAX_FILES = 200;
const ENTRIES = ["index.js", "server.js", "app.js", "main.js"];

function someText(survey: Survey, files: readonly string[], pattern: RegExp) {
  return files.slice(0, MAX_FILES).find((file) =>
    pattern.test(survey.reading.tree.text(file) ?? "")
  );
}

function nodeDraft(
  survey: Survey,
  entry: string,
  all: readonly Run[],
): Draft {
  const { reading } = survey;
  const draft = draftOf({
    path: ".",
    ecosystem: "javascript",
    role: "application",
    weight: 1,
  });
  const manager: Manager = {
    name: "npm",
    isBerry: false,
    lock: null,
    isRush: false,
  };
  const project: Project = {
    reading,
    draft,
    directory: ".",
    manifest: {
      directory: ".",
      file: entry,
      root: null,
      name: null,
      scripts: new Map(),
      dependencies: [],
    },
    workspace: null,
    manager,
    sources: ownSources(".", all),
    below: [],
  };
  const { value, evidence } = languageOf(reading.tree, {
    directory: ".",
    top: ".",
    manifest: entry,
    sources: all,
    dependencies: [],
  });
  claim(draft, "language", value, "source", evidence);
  claim(draft, "start", `node ${entry}`, "convention", fileEvidence(entry));
  for (const { port, kind, file, line } of tellCode(project)) {
    const source = kind === "usual" ? "framework" : "source";
    claim(draft, "port", port, source, { file, line });
  }
  return draft;
}

/** At most one draft, of the whole repository. */
export function looseDrafts(survey: Survey): Draft[] {
  const { tree } = survey.reading;
  const all = sourcesByPackage(tree, new Set(["."])).get(".") ?? [];
  const own = ownSources(".", all);
  if (own.length === 0) return [];
  const deno = someText(survey, own, DENO);
  if (deno !== undefined) {
    const sources = new Map([[".", all]]);
    const draft = denoDraft({ ...survey, sources }, ".", deno);
    draft.weight = 1;
    const entry = draft.claims.find(({ field }) => field === "start");
    const kept = draft.claims.filter(({ field }) => field !== "install");
    draft.claims = kept;
    const file = entry === undefined ? null : /\S+$/.exec(String(entry.value));
    claim(
      draft,
      "install",
      file === null ? installOf(NO_LOCK) : `deno cache ${file[0]}`,
      "convention",
      entry?.evidence ?? null,
    );
    return [draft];
  }
  const entry = ENTRIES.find((file) => tree.has(file));
  return entry !== undefined && someText(survey, [entry], NODE) !== undefined
    ? [nodeDraft(survey, entry, all)]
    : [];
}

const NO_LOCK: Manager = {
  name: "deno",
  isBerry: false,
  lock: null,
  isRush: false,
};
