/**
 * Clojure's own tools: deps.edn with its aliases, and build.clj.
 *
 * @module
 */
import { joinPath } from "../../../file_tree.ts";
import type { Dependency } from "../../../draft.ts";
import type { Found } from "../../../reading.ts";
import {
  type Command,
  type Place,
  type Project,
  shellWord,
} from "../project.ts";
import { mainProgram } from "../sources.ts";
import { type Form, get, pairsOf, readForms } from "./edn.ts";
import { coordinates } from "./lein.ts";

const MAX_DEPENDENCIES = 2_000;
/** Aliases that start something, in the order in which they are believed. */
const STARTS = [
  "prod",
  "start",
  "run",
  "server",
  "serve",
  "main",
  "run-m",
  "run-x",
  "app",
  "web",
];
const DEV_ALIAS =
  /dev|test|build|repl|lint|fmt|outdated|kondo|bench|nrepl|dev|uberdeps|depstar|eastwood|cljfmt/;

function dependenciesOf(root: Form, file: string): Dependency[] {
  const found: Dependency[] = [];
  const add = (map: Form | null, isDev: boolean) => {
    for (const [name, value] of pairsOf(map)) {
      if (found.length >= MAX_DEPENDENCIES || name.kind !== "symbol") continue;
      const version = get(value, "mvn/version") ?? get(value, "git/tag");
      found.push({
        name: coordinates(name.text),
        version: version?.text ?? null,
        isDev,
        evidence: { file, line: name.line },
      });
    }
  };
  add(get(root, "deps"), false);
  for (const [alias, value] of pairsOf(get(root, "aliases"))) {
    const isDev = DEV_ALIAS.test(alias.text) || !STARTS.includes(alias.text);
    add(get(value, "extra-deps"), isDev);
    add(get(value, "deps"), isDev);
    add(get(value, "replace-deps"), isDev);
  }
  return found;
}

/** Directories that `:local/root` names. */
function linksOf(root: Form, path: string): string[] {
  return pairsOf(get(root, "deps")).flatMap(([, value]) => {
    const local = get(value, "local/root")?.text;
    return local === undefined ? [] : joinPath(path, local) ?? [];
  });
}

/** What runs an alias: `-M` for a namespace, `-X` for a function. */
function runOf(name: string, alias: Form): string | null {
  if (get(alias, "main-opts") !== null) return `clojure -M:${shellWord(name)}`;
  if (get(alias, "exec-fn") !== null) return `clojure -X:${shellWord(name)}`;
  return null;
}

function startOfAlias(
  aliases: readonly [Form, Form][],
  file: string,
): Command | null {
  for (const wanted of STARTS) {
    for (const [key, alias] of aliases) {
      if (key.text !== wanted) continue;
      const command = runOf(wanted, alias);
      if (command === null) continue;
      const evidence = { file, line: key.line };
      return { command, source: "manifest", evidence };
    }
  }
  return null;
}

/** Values that build.clj gives to names, as far as they are texts: `(def version "1.0")`. */
function definitions(forms: readonly Form[]): Map<string, Form> {
  const found = new Map<string, Form>();
  for (const { items } of forms) {
    const [word, name, value] = items;
    if (word?.text === "def" && name !== undefined && value !== undefined) {
      found.set(name.text, value);
    }
  }
  return found;
}

/** What a form of build.clj comes to; `*` for what cannot be seen. */
function textIn(
  form: Form | undefined,
  named: ReadonlyMap<string, Form>,
  depth = 0,
): string {
  if (form === undefined || depth > 8) return "*";
  if (form.kind === "text") return form.text;
  if (form.kind === "symbol") {
    const value = named.get(form.text);
    if (value !== undefined) return textIn(value, named, depth + 1);
    // A quoted symbol is itself: `(def lib 'com.example/shop)`.
    return depth > 0 && /^[\w.-]+(?:\/[\w.-]+)?$/.test(form.text)
      ? form.text
      : "*";
  }
  const [word, ...rest] = form.items;
  if (word?.text === "name") {
    return textIn(rest[0], named, depth + 1).split("/").at(-1) ?? "*";
  }
  if (word?.text === "str") {
    return rest.map((one) => textIn(one, named, depth + 1)).join("");
  }
  if (word?.text !== "format") return "*";
  const [pattern, ...values] = rest;
  let index = 0;
  return textIn(pattern, named, depth + 1).replace(
    /%[sd]/g,
    () => textIn(values[index++], named, depth + 1),
  );
}

interface Uberjar {
  /** `(def lib 'com.example/shop)`. */
  name: Found | null;
  build: Command;
  start: Command;
}

/** The function of build.clj that makes an uberjar, and where it puts it. */
function uberjarOf(place: Place, hasAlias: boolean): Uberjar | null {
  const file = joinPath(place.path, "build.clj");
  const text = file === null ? null : place.reading.tree.text(file);
  if (file === null || text === null || !hasAlias) return null;
  const forms = readForms(text);
  const make =
    ["uber", "uberjar", "ci", "build", "all"].flatMap((name) =>
      forms.filter(({ items }) =>
        items[0]?.text === "defn" && items[1]?.text === name
      )
    )[0];
  const task = make?.items[1]?.text;
  if (make === undefined || task === undefined) return null;
  const named = definitions(forms);
  const jar = named.get("uber-file") ?? named.get("jar-file") ??
    uberFileIn(forms, named, 0);
  if (jar === null) return null;
  const path = textIn(jar, named).replace(/\*{2,}/g, "*");
  // What its function is told alone says which jar.
  if (!/\w/.test(path)) return null;
  const lib = named.get("lib");
  const name = lib === undefined ? "*" : textIn(lib, named, 1);
  return {
    name: lib === undefined || name.includes("*") ? null : {
      value: name.slice(name.lastIndexOf("/") + 1),
      evidence: { file, line: lib.line },
    },
    build: {
      command: `clojure -T:build ${task}`,
      source: "manifest",
      evidence: { file, line: make.line },
    },
    start: {
      command: `java -jar ${shellWord(path)}`,
      source: "framework",
      evidence: { file, line: jar.line },
    },
  };
}

/** The value of `:uber-file` in a call, wherever that stands. */
function uberFileIn(
  forms: readonly Form[],
  named: ReadonlyMap<string, Form>,
  depth: number,
): Form | null {
  for (const form of forms) {
    const found = get(form, "uber-file");
    if (found !== null && found.kind !== "map") return found;
    if (depth > 12) continue;
    const inner = uberFileIn(form.items, named, depth + 1);
    if (inner !== null) return inner;
  }
  return null;
}

function startOfProgram(place: Place): Command | null {
  const program = mainProgram(place.sources);
  if (program === null || !/\.cljc?$/.test(program.path)) return null;
  return {
    command: `clojure -M -m ${shellWord(program.className)}`,
    source: "source",
    evidence: { file: program.path, line: program.line },
  };
}

function testOf(
  aliases: readonly [Form, Form][],
  file: string,
): Command | null {
  for (const [key, alias] of aliases) {
    if (!/^(?:test|kaocha|unit-test)$/.test(key.text)) continue;
    const command = runOf(key.text, alias);
    if (command !== null) {
      return {
        command,
        source: "manifest",
        evidence: { file, line: key.line },
      };
    }
  }
  return null;
}

/** Null when it holds no map. */
export function readDeps(place: Place): Project | null {
  const { reading, path, manifest } = place;
  const root = readForms(reading.tree.text(manifest) ?? "")
    .find(({ kind }) => kind === "map");
  if (root === undefined) return null;
  const aliases = pairsOf(get(root, "aliases"));
  const hasBuild = aliases.some(([key]) => key.text === "build");
  const uberjar = uberjarOf(place, hasBuild);
  const start = uberjar?.start ?? startOfAlias(aliases, manifest) ??
    startOfProgram(place);
  return {
    path,
    manifest,
    tool: "clj",
    role: start === null ? "library" : "application",
    name: uberjar?.name ?? null,
    javaVersion: null,
    language: "clojure",
    dependencies: dependenciesOf(root, manifest),
    plugins: new Map(),
    provides: [],
    links: linksOf(root, path),
    install: {
      command: "clojure -P",
      source: "convention",
      evidence: { file: manifest, line: null },
    },
    build: uberjar?.build ?? null,
    start,
    test: testOf(aliases, manifest),
  };
}
