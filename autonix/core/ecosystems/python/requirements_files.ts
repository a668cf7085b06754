/**
 * Files of requirements: which of a directory's there are, what they are for,
 * and their lines with those they include (`-r other.txt`).
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import {
  basenameOf,
  directoryOf,
  type FileTree,
  joinPath,
} from "../../file_tree.ts";
import type { Reading } from "../../reading.ts";
import { MAX_LINE, parseRequirement, type Requirement } from "./requirement.ts";

/** Files of one project, with those they include. */
const MAX_INCLUDED = 100;
/** Lines of them; the longest frozen lists have hundreds. */
const MAX_LINES = 20_000;
const DEV =
  /(?:^|[-_.])(?:dev|devel|develop|development|test|tests|testing|doc|docs|lint|linting|ci|style|typing|mypy|build|benchmark|bench|examples?|local|tools|pre-commit|release)(?=[-_.]|$)/i;
/** What an installation starts from, the first being the surest. */
const MAIN = [
  "requirements.txt",
  "requirements/production.txt",
  "requirements/prod.txt",
  "requirements/main.txt",
  "requirements/requirements.txt",
  "requirements/base.txt",
  "requirements/common.txt",
  "requirements/app.txt",
  "requirements-prod.txt",
  "requirements-production.txt",
  "requirements_prod.txt",
  "requirements.lock",
  "requirements.in",
];
/** Folders of requirement files. */
export const REQUIREMENT_FOLDERS: ReadonlySet<string> = new Set([
  "requirements",
  "reqs",
]);

const IS_FILE =
  /^(?:requirements.*\.(?:txt|in|lock)|.*requirements\.(?:txt|in))$/i;

export interface RequirementLine {
  requirement: Requirement;
  evidence: Evidence;
}

/** True when only developing needs it: `requirements-dev.txt`, `requirements/test.txt`. */
export function isDevFile(path: string): boolean {
  return DEV.test(basenameOf(path).replace(/\.(?:txt|in|lock)$/, ""));
}

/** Requirement files of a directory: its own, then those of `requirements/`. */
export function requirementFiles(tree: FileTree, directory: string): string[] {
  const own = tree.filesIn(directory).filter((name) =>
    name.length < 100 && IS_FILE.test(name)
  );
  const folders = tree.directoriesIn(directory).filter((name) =>
    REQUIREMENT_FOLDERS.has(name)
  );
  const within = folders.flatMap((folder) => {
    const path = joinPath(directory, folder) ?? folder;
    return tree.filesIn(path).filter((name) => /\.(?:txt|in)$/.test(name))
      .map((name) => `${folder}/${name}`);
  });
  return [...own, ...within].flatMap((name) => joinPath(directory, name) ?? []);
}

/** The file `pip install -r` is given; null when there is none for running it. */
export function mainRequirements(
  tree: FileTree,
  directory: string,
): string | null {
  const known = tree.first(directory, MAIN);
  if (known !== null) return known;
  return requirementFiles(tree, directory).find((path) => !isDevFile(path)) ??
    null;
}

/** Lines as pip joins them: `\` at the end goes on. */
function joined(reading: Reading, path: string) {
  const lines: { number: number; text: string }[] = [];
  let open: { number: number; text: string } | null = null;
  for (const { number, text } of reading.lines(path).slice(0, MAX_LINES)) {
    const cut = text.slice(0, MAX_LINE).trim();
    const goesOn = cut.endsWith("\\");
    const part = goesOn ? cut.slice(0, -1).trim() : cut;
    if (open === null) open = { number, text: part };
    else if (open.text.length < MAX_LINE) open.text += ` ${part}`;
    if (goesOn) continue;
    lines.push(open);
    open = null;
  }
  if (open !== null) lines.push(open);
  return lines;
}

/** What a file and those it includes ask for, without those `seen` before. */
export function readRequirements(
  reading: Reading,
  file: string,
  seen: Set<string>,
): RequirementLine[] {
  const found: RequirementLine[] = [];
  const read = (path: string): void => {
    if (seen.has(path) || seen.size >= MAX_INCLUDED) return;
    seen.add(path);
    for (const { number, text } of joined(reading, path)) {
      if (text === "" || text.startsWith("#")) continue;
      const included = /^(?:-r|--requirement)[ \t=]*(\S+)/.exec(text)?.[1];
      if (included !== undefined) {
        const other = joinPath(directoryOf(path), included);
        if (other !== null) read(other);
        continue;
      }
      const editable = /^(?:-e|--editable)[ \t=]+(.+)$/.exec(text)?.[1];
      if (editable === undefined && text.startsWith("-")) continue;
      const requirement = parseRequirement(
        (editable ?? text).replace(/^["']|["']$/g, ""),
      );
      if (requirement === null) continue;
      found.push({ requirement, evidence: { file: path, line: number } });
    }
  };
  read(file);
  return found;
}
