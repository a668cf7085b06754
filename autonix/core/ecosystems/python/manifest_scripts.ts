/**
 * Commands a manifest gives names to: pdm, Pipenv, poetry, hatch, poethepoet,
 * taskipy.
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import {
  at,
  entriesOf,
  itemsOf,
  type Node,
  textOf,
} from "../../formats/node.ts";
import { fileOf, type Manifests, pyprojectAt } from "./project.ts";
import { shellWord } from "../../shell_word.ts";

export interface NamedCommand {
  name: string;
  /** How a person runs it. */
  run: string;
  /** What it runs, as written; null where it is a function. */
  text: string | null;
  evidence: Evidence;
}

const TABLES: readonly (readonly [readonly string[], string])[] = [
  [["tool", "pdm", "scripts"], "pdm run"],
  [["tool", "hatch", "envs", "default", "scripts"], "hatch run"],
  [["tool", "poe", "tasks"], "poe"],
  [["tool", "taskipy", "tasks"], "task"],
];
/** Of a manager that is not told, since pip installs what it locks: its scripts are told as they are. */
const UNRUN: readonly string[] = ["tool", "rye", "scripts"];

/** `"cmd"`, `["cmd", "args"]`, `{ cmd = "..." }`, `{ shell = "..." }`, `{ composite = [...] }`. */
function commandText(node: Node): string | null {
  const inner = at(node, "cmd") ?? at(node, "shell") ?? at(node, "chain") ??
    node;
  const items = itemsOf(inner).flatMap((item) => textOf(item) ?? []);
  return textOf(inner) ?? (items.length > 0 ? items.join(" ") : null);
}

function ofTable(
  table: Node | null,
  run: string,
  file: string,
): NamedCommand[] {
  return entriesOf(table).filter(([name]) => name !== "_").map((
    [name, node],
  ) => ({
    name,
    run: `${run} ${shellWord(name)}`,
    text: commandText(node),
    evidence: { file, line: node.line },
  }));
}

/** Every named command. */
export function namedCommands(manifests: Manifests): NamedCommand[] {
  const { pyproject, pipfile } = manifests;
  const found: NamedCommand[] = [];
  if (pyproject !== null) {
    for (const [keys, run] of TABLES) {
      found.push(
        ...ofTable(pyprojectAt(manifests, ...keys), run, pyproject.file),
      );
    }
    const plain = ofTable(
      pyprojectAt(manifests, ...UNRUN),
      "",
      pyproject.file,
    );
    found.push(
      ...plain.flatMap((one) =>
        one.text === null ? [] : { ...one, run: one.text }
      ),
    );
  }
  if (pipfile !== null) {
    found.push(
      ...ofTable(at(pipfile.node, "scripts"), "pipenv run", pipfile.file),
    );
  }
  return found;
}

/** Entry points that are there to start it, not to be installed as programs. */
function namedEntryPoints(manifests: Manifests): NamedCommand[] {
  const isUv = pyprojectAt(manifests, "tool", "uv") !== null ||
    fileOf(manifests, "uv.lock") !== null;
  const tables: readonly (readonly [readonly string[], string | null])[] = [
    [["tool", "poetry", "scripts"], "poetry run"],
    [
      ["project", "scripts"],
      pyprojectAt(manifests, "tool", "poetry") !== null
        ? "poetry run"
        : isUv
        ? "uv run"
        : null,
    ],
  ];
  const { pyproject } = manifests;
  return tables.flatMap(([keys, run]) =>
    pyproject === null || run === null
      ? []
      : ofTable(pyprojectAt(manifests, ...keys), run, pyproject.file)
        .map((one) => ({ ...one, text: null }))
  );
}

const STARTS = ["start", "serve", "server", "web", "run", "prod"];

export function startCommand(manifests: Manifests): NamedCommand | null {
  const all = [...namedCommands(manifests), ...namedEntryPoints(manifests)];
  for (const name of STARTS) {
    const found = all.find((one) => one.name === name);
    if (found !== undefined) return found;
  }
  return null;
}

export function testCommand(manifests: Manifests): NamedCommand | null {
  const all = namedCommands(manifests);
  return all.find(({ name }) => name === "test") ??
    all.find(({ name }) => name === "tests") ?? null;
}

/** Programs the installed package brings: `project.scripts` and its older forms. */
export function entryPoints(
  manifests: Manifests,
): { name: string; evidence: Evidence }[] {
  const { pyproject, setupScript, setupConfig } = manifests;
  const found: { name: string; evidence: Evidence }[] = [];
  if (pyproject !== null) {
    for (
      const keys of [["project", "scripts"], ["tool", "poetry", "scripts"]]
    ) {
      for (const [name, node] of entriesOf(pyprojectAt(manifests, ...keys))) {
        found.push({
          name,
          evidence: { file: pyproject.file, line: node.line },
        });
      }
    }
  }
  for (const { value, evidence } of setupScript?.script?.scripts ?? []) {
    found.push({ name: value.split("=")[0]?.trim() ?? "", evidence });
  }
  for (
    const { text, number }
      of setupConfig?.ini.get("options.entry_points")?.get("console_scripts") ??
        []
  ) {
    if (!text.includes("=")) continue;
    found.push({
      name: text.split("=")[0]?.trim() ?? "",
      evidence: { file: setupConfig?.file ?? "", line: number },
    });
  }
  return found.filter(({ name }) => /^[\w.-]+$/.test(name));
}
