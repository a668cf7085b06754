/**
 * Leiningen: a project is what a project.clj says.
 *
 * @module
 */
import type { Evidence } from "../../../../../roles/model/analysis.ts";
import type { Dependency } from "../../../draft.ts";
import {
  type Command,
  type Place,
  type Project,
  shellWord,
} from "../project.ts";
import { type Form, get, pairsOf, readForms } from "./edn.ts";

const MAX_DEPENDENCIES = 2_000;
/** Profiles that a built program is without. */
const DEV_PROFILE = /dev|test|repl|user|ci|kaocha|bench/;

/** `org.clojure/clojure`, and `ring` which is `ring/ring`, as Maven names them. */
export function coordinates(symbol: string): string {
  const [group = "", artifact = group] = symbol.split("/");
  return `${group}:${artifact}`;
}

function addDependencies(
  to: Dependency[],
  list: Form | null,
  of: { file: string; isDev: boolean },
): void {
  for (const { items, line } of list?.items ?? []) {
    const [name, version, ...options] = items;
    if (name === undefined || to.length >= MAX_DEPENDENCIES) continue;
    const at = options.findIndex(({ text }) => text === "scope");
    const scope = options[at + 1]?.text ?? "";
    to.push({
      name: coordinates(name.text),
      version: version?.kind === "text" ? version.text : null,
      isDev: of.isDev || at >= 0 && /test|provided/.test(scope),
      evidence: { file: of.file, line },
    });
  }
}

function dependenciesOf(project: Form, file: string): Dependency[] {
  const found: Dependency[] = [];
  addDependencies(found, get(project, "dependencies"), { file, isDev: false });
  for (const [profile, value] of pairsOf(get(project, "profiles"))) {
    const isDev = DEV_PROFILE.test(profile.text);
    addDependencies(found, get(value, "dependencies"), { file, isDev });
  }
  return found;
}

function pluginsOf(project: Form, file: string): Map<string, Evidence> {
  const found = new Map<string, Evidence>();
  const lists = [
    get(project, "plugins"),
    ...pairsOf(get(project, "profiles"))
      .map(([, value]) => get(value, "plugins")),
  ];
  for (const { items, line } of lists.flatMap((list) => list?.items ?? [])) {
    const [name] = items;
    if (name !== undefined) found.set(coordinates(name.text), { file, line });
  }
  return found;
}

/** The jar that `lein uberjar` leaves. */
function jarOf(project: Form, name: string, version: string): string {
  const uberjar = get(get(project, "profiles"), "uberjar");
  const told = get(uberjar, "uberjar-name") ?? get(project, "uberjar-name");
  const file = told?.kind === "text"
    ? told.text
    : `${name}-${version}-standalone.jar`;
  const target = (get(uberjar, "target-path") ?? get(project, "target-path"))
    ?.text ?? "target";
  // The active profiles: `uberjar`, of newer Leiningen `default+uberjar`.
  const directory = target.replace(/\/$/, "").replaceAll("%s", "*uberjar");
  return `${directory}/${file.replaceAll("%s", version)}`;
}

/** Null when it is no project. */
export function readLein(place: Place): Project | null {
  const { reading, path, manifest, sources } = place;
  const project = readForms(reading.tree.text(manifest) ?? "")
    .find(({ items }) => items[0]?.text === "defproject");
  const symbol = project?.items[1];
  if (project === undefined || symbol === undefined) return null;
  const version = project.items[2]?.kind === "text"
    ? project.items[2].text
    : "*";
  const artifact = symbol.text.slice(symbol.text.lastIndexOf("/") + 1);
  const plugins = pluginsOf(project, manifest);
  const ring = get(project, "ring");
  const main = get(project, "main");
  const isRing = plugins.has("lein-ring:lein-ring") &&
    get(ring, "handler") !== null;
  const from = isRing ? ring : main;
  const jar = jarOf(project, artifact, version);
  const convention = (command: string, file = manifest): Command => ({
    command,
    source: "convention",
    evidence: { file, line: null },
  });
  const port = get(ring, "port");
  return {
    path,
    manifest,
    tool: "lein",
    role: from === null ? "library" : "application",
    name: {
      value: artifact,
      evidence: { file: manifest, line: symbol.line },
    },
    javaVersion: null,
    language: "clojure",
    dependencies: dependenciesOf(project, manifest),
    plugins,
    provides: [coordinates(symbol.text)],
    links: [],
    install: convention("lein deps"),
    build: from === null
      ? convention("lein jar")
      : convention(isRing ? "lein ring uberjar" : "lein uberjar"),
    start: from === null ? null : {
      command: `java -jar ${shellWord(jar)}`,
      source: "framework",
      evidence: { file: manifest, line: from.line },
    },
    test: sources.test === null ? null : convention("lein test", sources.test),
    ...(port === null || !/^[0-9]{2,5}$/.test(port.text) ? {} : {
      port: {
        value: port.text,
        evidence: { file: manifest, line: port.line },
      },
    }),
  };
}
