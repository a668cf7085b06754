/**
 * Every dependency a project declares, in whichever form: PEP 621, dependency
 * groups, poetry, pdm, uv, Pipfile, conda, setup.py, setup.cfg, requirement
 * files. Of one that is declared twice the first that running needs is kept.
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import type { Dependency } from "../../draft.ts";
import { directoryOf, joinPath } from "../../file_tree.ts";
import {
  at,
  entriesOf,
  itemsOf,
  type Node,
  scalarText,
  textOf,
} from "../../formats/node.ts";
import { iniLines } from "./ini.ts";
import type { Manifests } from "./project.ts";
import {
  normaliseName,
  parseRequirement,
  pathOf,
  type Requirement,
} from "./requirement.ts";
import { isDevFile, readRequirements } from "./requirements_files.ts";

/** Groups and extras that an application does not run with. */
const DEV_GROUP =
  /^(?:.*[-_])?(?:dev|devel|develop|development|test|tests|testing|doc|docs|lint|linting|linters?|typing|types|mypy|ci|style|format|qa|benchmark|bench|examples?|notebooks?|jupyter|pre-?commit|release|build|all)(?:[-_].*)?$/i;
/** Groups that it does run with. */
const RUN_GROUP =
  /^(?:main|default|prod|production|deploy|deployment|server|web|runtime|app)$/i;

/** Names of groups are short; a longer one is cut before it is looked at. */
const MAX_GROUP = 100;

function isDevGroup(name: string): boolean {
  return DEV_GROUP.test(name.slice(0, MAX_GROUP));
}

function isRunGroup(name: string): boolean {
  return RUN_GROUP.test(name.slice(0, MAX_GROUP));
}

export interface Collected {
  dependencies: Dependency[];
  extras: Map<string, readonly string[]>;
  links: string[];
}

class Collector {
  readonly byName = new Map<string, Dependency>();
  readonly extras = new Map<string, readonly string[]>();
  readonly links = new Set<string>();
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  add(
    requirement: Requirement | null,
    isDev: boolean,
    evidence: Evidence,
  ): void {
    if (requirement === null) return;
    const { name, version, extras, location } = requirement;
    if (location !== null) this.link(location, directoryOf(evidence.file));
    if (name === null) return;
    if (extras.length > 0) {
      this.extras.set(name, [...this.extras.get(name) ?? [], ...extras]);
    }
    const before = this.byName.get(name);
    // A second file pins or repeats what the first asks for.
    if (before !== undefined && (!before.isDev || isDev)) return;
    this.byName.set(name, { name, version, isDev, evidence });
  }

  /** `from`: the directory the path is seen from. */
  link(location: string, from: string): void {
    const relative = pathOf(location);
    const path = relative === null ? null : joinPath(from, relative);
    if (path !== null && path !== this.#path) this.links.add(path);
  }

  text(written: string, isDev: boolean, evidence: Evidence): void {
    this.add(parseRequirement(written), isDev, evidence);
  }
}

/** A list of requirements in the form of PEP 508. */
function ofList(
  to: Collector,
  list: Node | null,
  isDev: boolean,
  file: string,
): void {
  for (const item of itemsOf(list)) {
    const text = textOf(item);
    if (text !== null) {
      to.text(text.replace(/^-e[ \t]+/, ""), isDev, { file, line: item.line });
    }
  }
}

/** A table of names as poetry and pipenv have it: `name = "^1"`, `name = { version, extras, path }`. */
function ofTable(
  to: Collector,
  table: Node | null,
  isDev: boolean,
  file: string,
): void {
  for (const [name, node] of entriesOf(table)) {
    if (name === "python") continue;
    const first = itemsOf(node)[0] ?? node;
    const location = textOf(at(first, "path")) ?? textOf(at(first, "file"));
    const extras = itemsOf(at(first, "extras")).flatMap((item) =>
      textOf(item) ?? []
    );
    to.add(
      {
        name: normaliseName(name),
        extras: extras.map(normaliseName),
        version: scalarText(at(first, "version")) ?? textOf(first),
        location,
      },
      isDev || at(first, "optional")?.value === true && isDevGroup(name),
      { file, line: node.line },
    );
  }
}

function ofPyproject(
  to: Collector,
  { file, node }: NonNullable<Manifests["pyproject"]>,
): void {
  ofList(to, at(node, "project", "dependencies"), false, file);
  const poetry = at(node, "tool", "poetry");
  ofTable(to, at(poetry, "dependencies"), false, file);
  for (
    const [group, list] of entriesOf(
      at(node, "project", "optional-dependencies"),
    )
  ) {
    ofList(to, list, isDevGroup(group), file);
  }
  for (const [group, list] of entriesOf(at(node, "dependency-groups"))) {
    ofList(to, list, !isRunGroup(group), file);
  }
  for (const [group, table] of entriesOf(at(poetry, "group"))) {
    ofTable(to, at(table, "dependencies"), !isRunGroup(group), file);
  }
  ofTable(to, at(poetry, "dev-dependencies"), true, file);
  ofList(to, at(node, "tool", "uv", "dev-dependencies"), true, file);
  for (
    const [, list] of entriesOf(at(node, "tool", "pdm", "dev-dependencies"))
  ) {
    ofList(to, list, true, file);
  }
  for (const [, env] of entriesOf(at(node, "tool", "hatch", "envs"))) {
    ofList(to, at(env, "dependencies"), true, file);
    ofList(to, at(env, "extra-dependencies"), true, file);
  }
  for (const [, source] of entriesOf(at(node, "tool", "uv", "sources"))) {
    const path = textOf(at(source, "path"));
    if (path !== null) {
      to.link(
        path.includes("/") || path.startsWith(".") ? path : `./${path}`,
        directoryOf(file),
      );
    }
  }
}

/** conda's own lines are `channel::name=1.2=build`; a list under `pip` is PyPI's. */
function ofEnvironment(
  to: Collector,
  { file, node }: NonNullable<Manifests["environment"]>,
): void {
  for (const item of itemsOf(at(node, "dependencies"))) {
    ofList(to, at(item, "pip"), false, file);
    const text = textOf(item)?.split("::").at(-1)?.trim();
    if (
      text === undefined || /^(?:python|pip|setuptools|wheel)\b(?!-)/.test(text)
    ) continue;
    const [, name = "", version = ""] =
      /^([A-Za-z0-9_.-]+)[ \t]*(.*)$/.exec(text.slice(0, 500)) ?? [];
    if (name === "") continue;
    const pinned = version.replace(/^=(?!=)/, "").split("=")[0] ?? "";
    to.add(
      {
        name: normaliseName(name),
        extras: [],
        version: /^[<>!=~]/.test(version) && !/^=[^=]/.test(version)
          ? version
          : pinned === ""
          ? null
          : pinned,
        location: null,
      },
      false,
      { file, line: item.line },
    );
  }
}

function ofSetup(to: Collector, { setupScript, setupConfig }: Manifests): void {
  for (const { value, evidence } of setupScript?.script?.requires ?? []) {
    to.text(value, false, evidence);
  }
  for (const { value, evidence } of setupScript?.script?.extras ?? []) {
    to.text(value, true, evidence);
  }
  if (setupConfig === null) return;
  const { file, ini } = setupConfig;
  for (const { text, number } of iniLines(ini, "options", "install_requires")) {
    to.text(text, false, { file, line: number });
  }
  for (const [extra] of ini.get("options.extras_require") ?? []) {
    for (
      const { text, number } of iniLines(ini, "options.extras_require", extra)
    ) {
      to.text(text, isDevGroup(extra), { file, line: number });
    }
  }
}

export function collectDependencies(manifests: Manifests): Collected {
  const to = new Collector(manifests.path);
  const { pyproject, pipfile, environment, reading } = manifests;
  if (pyproject !== null) ofPyproject(to, pyproject);
  if (pipfile !== null) {
    ofTable(to, at(pipfile.node, "packages"), false, pipfile.file);
    ofTable(to, at(pipfile.node, "dev-packages"), true, pipfile.file);
  }
  ofSetup(to, manifests);
  if (environment !== null) ofEnvironment(to, environment);
  // What running needs first: a list for developing includes it.
  const files = manifests.requirements.toSorted((a, b) =>
    Number(isDevFile(a)) - Number(isDevFile(b))
  );
  const seen = new Set<string>();
  for (const file of files) {
    for (
      const { requirement, evidence } of readRequirements(reading, file, seen)
    ) {
      to.add(requirement, isDevFile(evidence.file), evidence);
    }
  }
  return {
    dependencies: [...to.byName.values()],
    extras: to.extras,
    links: [...to.links],
  };
}
