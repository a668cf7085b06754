/**
 * A .cabal file and a package.yaml of hpack, as one package.
 *
 * Cabal's fields are lines `name: value` that go on in deeper indented ones;
 * sections (`executable NAME`) hold fields of their own.
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import type { Dependency } from "../../draft.ts";
import {
  at,
  entriesOf,
  itemsOf,
  type Node,
  textOf,
} from "../../formats/node.ts";
import { type Found, nodeEvidence, type Reading } from "../../reading.ts";

export interface Package {
  file: string;
  name: Found | null;
  dependencies: Dependency[];
  executables: Found[];
  hasTests: Evidence | null;
  hasLibrary: boolean;
  /** Libraries of C by the names that pkg-config or the linker knows. */
  foreign: Found[];
}

const MAX_LINE = 2_000;
const MAX_LINES = 10_000;

const SECTION =
  /^(executable|library|test-suite|benchmark|common|foreign-library|flag|source-repository)(?:\s{1,20}([\w.'-]{1,100}))?\s{0,20}$/i;
const FIELD = /^(\s{0,80})([A-Za-z][\w-]{0,40})\s{0,20}:(.*)$/;
/** A dependency's name: `base >=4.7 && <5`, `servant:server`. */
const DEPENDENCY =
  /^\s{0,80}([A-Za-z][\w-]{0,100})(?:\s{0,8}:[\w{},\s-]{1,100}?)?\s{0,80}((?:[<>=^][^,]{0,100})?)$/;

interface Field {
  section: string;
  name: string;
}

function emptyPackage(file: string): Package {
  return {
    file,
    name: null,
    dependencies: [],
    executables: [],
    hasTests: null,
    hasLibrary: false,
    foreign: [],
  };
}

function isDevSection(section: string): boolean {
  return section === "test-suite" || section === "benchmark";
}

function addDependencies(
  to: Package,
  text: string,
  of: { isDev: boolean; evidence: Evidence },
): void {
  for (const part of text.split(",").slice(0, 500)) {
    const found = DEPENDENCY.exec(part.slice(0, 300));
    const name = found?.[1];
    if (name === undefined || name === to.name?.value) continue;
    const before = to.dependencies.find((one) => one.name === name);
    if (before === undefined) {
      const version = found?.[2]?.trim() ?? "";
      to.dependencies.push({
        name,
        version: version === "" ? null : version,
        ...of,
      });
    } else if (before.isDev && !of.isDev) before.isDev = false;
  }
}

function addValue(
  to: Package,
  field: Field,
  text: string,
  evidence: Evidence,
): void {
  switch (field.name) {
    case "build-depends":
      addDependencies(to, text, {
        isDev: isDevSection(field.section),
        evidence,
      });
      break;
    case "extra-libraries":
    case "pkgconfig-depends":
      for (const part of text.split(",").slice(0, 50)) {
        const name = /^\s{0,80}([\w.+-]{1,60})/.exec(part)?.[1];
        if (name !== undefined) to.foreign.push({ value: name, evidence });
      }
      break;
    case "name":
      if (field.section === "" && text.trim() !== "") {
        to.name ??= { value: text.trim(), evidence };
      }
  }
}

export function readCabal(reading: Reading, file: string): Package {
  const read = emptyPackage(file);
  let field: Field = { section: "", name: "" };
  let depth = 0;
  for (const { number, text } of reading.lines(file).slice(0, MAX_LINES)) {
    const line = text.slice(0, MAX_LINE).trimEnd();
    if (line.trim() === "" || line.trimStart().startsWith("--")) continue;
    const evidence = { file, line: number };
    const section = SECTION.exec(line);
    if (section !== null) {
      const [, kind = "", name] = section;
      field = { section: kind.toLowerCase(), name: "" };
      if (field.section === "executable" && name !== undefined) {
        read.executables.push({ value: name, evidence });
      } else if (field.section === "test-suite") read.hasTests ??= evidence;
      else if (field.section === "library") read.hasLibrary = true;
      continue;
    }
    const found = FIELD.exec(line);
    const indent = line.length - line.trimStart().length;
    if (found !== null && (field.name === "" || indent <= depth)) {
      depth = indent;
      field = { ...field, name: (found[2] ?? "").toLowerCase() };
      addValue(read, field, found[3] ?? "", evidence);
    } else if (field.name !== "") {
      addValue(read, field, line.replace(/^\s{0,80},/, ""), evidence);
    }
  }
  return read;
}

/** Names of a list of hpack, or of a map by name. */
function names(node: Node | null): (readonly [string, Node])[] {
  const listed = itemsOf(node).flatMap((item) => {
    const text = textOf(item) ?? textOf(at(item, "name"));
    return text === null ? [] : [[text, item] as const];
  });
  return [...listed, ...entriesOf(node)];
}

/** What a package of hpack has one of. */
const PARTS: readonly string[] = [
  "library",
  "executables",
  "executable",
  "internal-libraries",
  "tests",
  "ghc-options",
];

export function readHpack(reading: Reading, file: string): Package | null {
  const root = reading.yaml(file);
  // pnpm reads a package.yaml too.
  if (root === null || !PARTS.some((key) => at(root, key) !== null)) {
    return null;
  }
  const read = emptyPackage(file);
  const name = at(root, "name");
  const text = textOf(name);
  if (name !== null && text !== null) {
    read.name = { value: text, evidence: nodeEvidence(file, name) };
  }
  const add = (node: Node | null, isDev: boolean) => {
    for (const [one, item] of names(node)) {
      addDependencies(read, one, { isDev, evidence: nodeEvidence(file, item) });
    }
  };
  add(at(root, "dependencies"), false);
  add(at(root, "library", "dependencies"), false);
  read.hasLibrary = at(root, "library") !== null;
  const programs = [
    ...entriesOf(at(root, "executables")),
    ...at(root, "executable") === null || text === null
      ? []
      : [[text, at(root, "executable") ?? root] as const],
  ];
  for (const [program, node] of programs) {
    read.executables.push({
      value: program,
      evidence: nodeEvidence(file, node),
    });
    add(at(node, "dependencies"), false);
  }
  const tests = at(root, "tests");
  if (tests !== null) read.hasTests = nodeEvidence(file, tests);
  for (const [, node] of entriesOf(tests)) add(at(node, "dependencies"), true);
  for (const key of ["extra-libraries", "pkg-config-dependencies"]) {
    for (const [one, node] of names(at(root, key))) {
      read.foreign.push({ value: one, evidence: nodeEvidence(file, node) });
    }
  }
  return read;
}
