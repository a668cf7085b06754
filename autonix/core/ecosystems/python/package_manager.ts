/**
 * Who installs a project's dependencies, and how it is called.
 *
 * A lockfile says so; of several the one whose manager pyproject.toml names
 * (others are left from a move). Without one the manifest: a table of the
 * manager, Pipfile, environment.yml. What is left is pip's.
 *
 * @module
 */
import type {
  Evidence,
  PackageManager,
} from "../../../../roles/model/analysis.ts";
import type { Source } from "../../claims.ts";
import { claim, type Draft } from "../../draft.ts";
import { at, entriesOf, itemsOf, textOf } from "../../formats/node.ts";
import { fileEvidence } from "../../reading.ts";
import {
  fileOf,
  isPackage,
  type Manifests,
  pyprojectAt,
  pyprojectEvidence,
  relativeTo,
} from "./project.ts";
import { workspaceRootOf } from "./workspaces.ts";
import { shellWord } from "../../shell_word.ts";

type Manager = Extract<
  PackageManager,
  "uv" | "poetry" | "pdm" | "pipenv" | "conda" | "pip"
>;

/** Of two locks that nothing decides between, the first: projects move towards it. */
const LOCKS: readonly (readonly [Manager, string])[] = [
  ["uv", "uv.lock"],
  ["poetry", "poetry.lock"],
  ["pdm", "pdm.lock"],
  ["pipenv", "Pipfile.lock"],
];

export interface Managed {
  manager: Manager;
  source: Source;
  evidence: readonly Evidence[];
  /** True when a lockfile says what is installed. */
  isLocked: boolean;
}

/** The manager that pyproject.toml has a table of; a build back-end's own settings are none. */
function named(
  manifests: Manifests,
): { manager: Manager; evidence: Evidence } | null {
  const tables: readonly (readonly [Manager, readonly string[]])[] = [
    ["poetry", ["tool", "poetry"]],
    ["uv", ["tool", "uv"]],
    ["pdm", ["tool", "pdm"]],
  ];
  for (const [manager, keys] of tables) {
    const node = pyprojectAt(manifests, ...keys);
    const evidence = pyprojectEvidence(manifests, node);
    const isBackEnd = manager === "pdm" &&
      entriesOf(node).every(([key]) => key === "version" || key === "build");
    if (evidence !== null && !isBackEnd) return { manager, evidence };
  }
  const backEnd = pyprojectAt(manifests, "build-system", "build-backend");
  const evidence = pyprojectEvidence(manifests, backEnd);
  const name = textOf(backEnd) ?? "";
  if (evidence === null) return null;
  if (name.startsWith("poetry.")) return { manager: "poetry", evidence };
  if (name.startsWith("uv_build")) return { manager: "uv", evidence };
  return null;
}

/**
 * Conda, unless what it lists is only there beside requirements for pip, or
 * beside a package: then it is where that is developed. One that installs the
 * list or the package itself is meant.
 */
function conda(manifests: Manifests): Evidence | null {
  const { environment, mainRequirements } = manifests;
  if (environment === null) return null;
  const isBeside = mainRequirements !== null || isPackage(manifests);
  const included = itemsOf(at(environment.node, "dependencies")).some((item) =>
    itemsOf(at(item, "pip")).some((line) =>
      /^(?:-r\b|(?:-e[ \t]*)?\.)/.test(textOf(line) ?? "")
    )
  );
  return isBeside && !included ? null : fileEvidence(environment.file);
}

function ofManifest(manager: Manager, evidence: Evidence): Managed {
  return {
    manager,
    source: "manifest",
    evidence: [evidence],
    isLocked: false,
  };
}

/** Null for sources that nothing installs anything for. */
export function managedBy(manifests: Manifests): Managed | null {
  const said = named(manifests);
  const locks = LOCKS.flatMap(([manager, name]) => {
    const file = fileOf(manifests, name);
    return file === null ? [] : [{ manager, evidence: fileEvidence(file) }];
  });
  const root = workspaceRootOf(manifests);
  const shared = root === null
    ? null
    : manifests.reading.tree.first(root, ["uv.lock"]);
  if (shared !== null) {
    locks.push({ manager: "uv", evidence: fileEvidence(shared) });
  }
  const lock = locks.find(({ manager }) => manager === said?.manager) ??
    locks[0];
  if (lock !== undefined) {
    const { manager, evidence } = lock;
    return { manager, source: "lock", evidence: [evidence], isLocked: true };
  }
  if (root !== null) {
    const file = `${root === "." ? "" : `${root}/`}pyproject.toml`;
    return ofManifest("uv", fileEvidence(file));
  }
  if (said !== null) return ofManifest(said.manager, said.evidence);
  if (manifests.pipfile !== null) {
    return ofManifest("pipenv", fileEvidence(manifests.pipfile.file));
  }
  const environment = conda(manifests);
  if (environment !== null) return ofManifest("conda", environment);
  const file = pipReads(manifests);
  return file === null ? null : ofManifest("pip", fileEvidence(file));
}

/** The manifest that `pip install .` reads. */
function installable(manifests: Manifests): string | null {
  const { pyproject, setupScript, setupConfig, requirements } = manifests;
  if (
    pyproject !== null &&
    (pyproject.node === null || at(pyproject.node, "project") !== null ||
      at(pyproject.node, "build-system") !== null)
  ) {
    return pyproject.file;
  }
  if (setupScript !== null) return setupScript.file;
  if (setupConfig?.ini.has("metadata") === true) return setupConfig.file;
  return requirements[0] ?? null;
}

/** What pip is given: a list, or the package itself where its lists lie in a folder for setup.py to read. */
function pipReads(manifests: Manifests): string | null {
  const list = manifests.mainRequirements;
  const isOwn = list !== null && relativeTo(manifests, list).includes("/") &&
    isPackage(manifests);
  return isOwn ? installable(manifests) : list ?? installable(manifests);
}

/** What a person types to install. */
function installOf(
  manifests: Manifests,
  { manager, isLocked }: Managed,
): string | null {
  switch (manager) {
    case "uv":
      // Its pip interface reads lists of requirements, `sync` only a project.
      if (
        pyprojectAt(manifests, "project") === null &&
        manifests.mainRequirements !== null
      ) {
        return `uv pip install -r ${
          shellWord(relativeTo(manifests, manifests.mainRequirements))
        }`;
      }
      return isLocked ? "uv sync --frozen" : "uv sync";
    case "poetry":
      return "poetry install";
    case "pdm":
      return isLocked ? "pdm install --frozen-lockfile" : "pdm install";
    case "pipenv":
      return isLocked ? "pipenv install --deploy" : "pipenv install";
    case "conda":
      return `conda env create -f ${
        shellWord(
          relativeTo(
            manifests,
            manifests.environment?.file ?? "environment.yml",
          ),
        )
      }`;
    case "pip": {
      const from = pipReads(manifests);
      return from !== null && manifests.requirements.includes(from)
        ? `pip install -r ${shellWord(relativeTo(manifests, from))}`
        : "pip install .";
    }
  }
}

/** Claims manager and installation; `who` is what `managedBy` said. */
export function claimManager(
  draft: Draft,
  manifests: Manifests,
  who: Managed | null,
): void {
  if (who === null) return;
  claim(draft, "packageManager", who.manager, who.source, who.evidence);
  // What is installed is written in the manifest the lock belongs to.
  const ownManifest = who.manager === "pipenv"
    ? manifests.pipfile
    : who.manager === "pip" || who.manager === "conda"
    ? null
    : manifests.pyproject;
  claim(draft, "install", installOf(manifests, who), "convention", [
    ...who.evidence.map(({ file }) => fileEvidence(file)),
    ...ownManifest === null ? [] : [fileEvidence(ownManifest.file)],
  ]);
}
