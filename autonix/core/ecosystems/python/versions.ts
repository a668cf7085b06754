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
import {
  at,
  entriesOf,
  itemsOf,
  type Node,
  scalarText,
  textOf,
} from "../../formats/node.ts";
import type { Found } from "../../reading.ts";
import { claimPins, lineReader, type Pinning } from "../shared/pins.ts";
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

const PINNING: Pinning = {
  files: [],
  tools: ["python"],
  clean: cleaned,
  others: [
    // pyenv takes several words; those that are no version name environments.
    [".python-version", lineReader(cleaned, /^\s{0,8}([^#\s]{1,80})/)],
    ["runtime.txt", lineReader(cleaned, /^\s{0,8}python-(\S{1,80})/)],
  ],
};

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
  claimPins(draft, manifests.reading, PINNING);
  const said = ofManifests(manifests);
  claim(
    draft,
    "runtimeVersion",
    said?.value ?? null,
    "manifest",
    said?.evidence ?? null,
  );
}
