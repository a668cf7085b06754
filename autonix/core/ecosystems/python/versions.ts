/**
 * Which Python a project asks for.
 *
 * Files that pin it (`.python-version`, `.tool-versions`, mise.toml,
 * runtime.txt) count for the directories below them too, the nearest alone.
 * Manifests say what they say of their own directory.
 *
 * @module
 */
import { claim, type Draft } from "../../draft.ts";
import { directoryOf } from "../../file_tree.ts";
import {
  at,
  entriesOf,
  itemsOf,
  type Node,
  scalarText,
  textOf,
} from "../../formats/node.ts";
import type { Found, Reading } from "../../reading.ts";
import { iniValue } from "./ini.ts";
import { type Manifests, pyprojectAt } from "./project.ts";

/** `3.12`, `3.11.4`, `pypy3.10-7.3`, `cpython-3.12.1` without what stands before CPython's number. */
function cleaned(text: string): string | null {
  const version = text.trim().replace(/^(?:cpython|python)[-@]?/i, "").replace(
    /^v(?=[0-9])/,
    "",
  );
  return /^(?:[0-9]|pypy|graalpy|miniconda|anaconda|miniforge|mambaforge|latest$)/
      .test(version) &&
      version.length < 60
    ? version
    : null;
}

function fromLines(
  reading: Reading,
  file: string,
  pattern: RegExp,
): Found | null {
  for (const { number, text } of reading.lines(file).slice(0, 200)) {
    const line = text.slice(0, 500).trim();
    const version = cleaned(pattern.exec(line)?.[1] ?? "");
    if (version !== null) {
      return { value: version, evidence: { file, line: number } };
    }
  }
  return null;
}

function fromMise(reading: Reading, file: string): Found | null {
  const tool = at(reading.toml(file), "tools", "python");
  const first = itemsOf(tool)[0] ?? tool;
  const version = cleaned(
    scalarText(at(first, "version")) ?? scalarText(first) ?? "",
  );
  return tool === null || version === null
    ? null
    : { value: version, evidence: { file, line: tool.line } };
}

/** Each way to pin; of several in one directory the first. */
const PINS: readonly (readonly [
  string,
  (reading: Reading, file: string) => Found | null,
])[] = [
  [
    ".python-version",
    (reading, file) => fromLines(reading, file, /^([^#\s]+)/),
  ],
  [
    "runtime.txt",
    (reading, file) => fromLines(reading, file, /^python-(\S+)/),
  ],
  ["mise.toml", fromMise],
  [".mise.toml", fromMise],
  [
    ".tool-versions",
    (reading, file) => fromLines(reading, file, /^python[ \t]+(\S+)/),
  ],
];

/** Of every pin in the nearest directory that has one. */
function nearestPins(reading: Reading, path: string): Found[] {
  for (let here = path;; here = directoryOf(here)) {
    const found = PINS.flatMap(([name, read]) => {
      const file = reading.tree.first(here, [name]);
      return file === null ? [] : read(reading, file) ?? [];
    });
    if (found.length > 0 || here === ".") return found;
  }
}

function ofNode(
  manifest: Manifests["pyproject"],
  node: Node | null,
  text = textOf(node),
): Found | null {
  return manifest === null || node === null || text === null || text === ""
    ? null
    : { value: text, evidence: { file: manifest.file, line: node.line } };
}

/** `python=3.11`, `python>=3.10,<4` among what conda installs. */
function ofEnvironment({ environment }: Manifests): Found | null {
  for (const item of itemsOf(at(environment?.node, "dependencies"))) {
    const text = textOf(item)?.split("::").at(-1) ?? "";
    const version = /^python[ \t]*([<>=!~][^#]*)$/.exec(text.slice(0, 200))
      ?.[1];
    if (version === undefined) continue;
    const pinned = version.replace(/^={1,2}[ \t]*(?=[0-9])/, "").trim();
    return ofNode(
      environment,
      item,
      pinned.split("=")[0] === "" || /[<>!~]/.test(pinned)
        ? pinned
        : pinned.split("=")[0] ?? null,
    );
  }
  return null;
}

/** The first manifest that says it. */
function ofManifests(manifests: Manifests): Found | null {
  const { pyproject, pipfile, setupScript, setupConfig } = manifests;
  const requires = entriesOf(at(pipfile?.node, "requires"));
  const full = requires.find(([key]) => key === "python_full_version") ??
    requires.find(([key]) => key === "python_version");
  const poetry = pyprojectAt(
    manifests,
    "tool",
    "poetry",
    "dependencies",
    "python",
  );
  const config = iniValue(
    setupConfig?.ini ?? null,
    "options",
    "python_requires",
  );
  return ofNode(
    pyproject,
    pyprojectAt(manifests, "project", "requires-python"),
  ) ??
    ofNode(
      pyproject,
      poetry,
      textOf(poetry) ?? textOf(at(poetry, "version")),
    ) ??
    ofNode(pipfile, full?.[1] ?? null, scalarText(full?.[1])) ??
    ofEnvironment(manifests) ??
    (config === null || setupConfig === null ? null : {
      value: config.text,
      evidence: { file: setupConfig.file, line: config.number },
    }) ??
    setupScript?.script?.pythonRequires ?? null;
}

export function claimVersion(draft: Draft, manifests: Manifests): void {
  const pins = nearestPins(manifests.reading, manifests.path);
  for (const [index, { value, evidence }] of pins.entries()) {
    // Two that differ: the first is told, the other counts only where it agrees.
    if (index === 0 || value === pins[0]?.value) {
      claim(draft, "runtimeVersion", value, "pin", evidence);
    }
  }
  const said = ofManifests(manifests);
  claim(
    draft,
    "runtimeVersion",
    said?.value ?? null,
    "manifest",
    said?.evidence ?? null,
  );
}
