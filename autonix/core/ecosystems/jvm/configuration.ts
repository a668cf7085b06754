/**
 * Ports and variables in the configuration of frameworks: Spring's, Quarkus'
 * and Micronaut's application files, HOCON, Dropwizard's YAML.
 *
 * Read by lines: these files hold placeholders that no parser of YAML takes.
 * Files of profiles that only developers and tests use tell nothing.
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import { claim, type Draft } from "../../draft.ts";
import { basenameOf, directoryOf } from "../../file_tree.ts";
import { addTo } from "../../lists.ts";
import type { Line, Reading } from "../../reading.ts";
import { relativeTo } from "../shared/owners.ts";
import { claimEdn, EDN_FILES } from "./clojure/configuration.ts";
import { isOwnVariable, portOf, type Variable } from "./source_facts.ts";
import { HOCON, statementsOf } from "./statements.ts";

/** Keys whose number is a port that is listened on. */
const PORT_KEYS: ReadonlySet<string> = new Set([
  "server.port",
  "management.server.port",
  "grpc.server.port",
  "spring.grpc.server.port",
  "quarkus.http.port",
  "quarkus.grpc.server.port",
  "micronaut.server.port",
  "ktor.deployment.port",
  "play.server.http.port",
  "http.port",
  "server.applicationConnectors.port",
  "server.adminConnectors.port",
  "server.connector.port",
  "app.port",
  "app.server.port",
  "http.server.port",
]);
const FILES = [
  "application.properties",
  "application.yml",
  "application.yaml",
  "application.conf",
  "bootstrap.properties",
  "bootstrap.yml",
  "bootstrap.yaml",
  "microprofile-config.properties",
  "config.yml",
  "config.yaml",
  ...EDN_FILES,
];
const PROFILE =
  /^application-(?!dev|test|local|it\b|integration|e2e|ci\b|docker-test)[\w-]{1,40}\.(?:properties|ya?ml)$/;
const PRODUCTION = /^application-prod(?:uction)?\./;
const ASIDE = /(?:^|\/)(?:test|it|androidTest|integrationTest|testFixtures)\//;
const MAX_LINE = 2_000;
const MAX_LINES = 3_000;
const MAX_FOUND = 200;

export const CONFIGURATION_FILES = [
  ...FILES,
  "application-*.properties",
  "application-*.yml",
  "application-*.yaml",
];

/** `${X}`, `${X:8080}`, `${X:${y}}`, Ktor's `$X:8080`. */
const PLACEHOLDER =
  /\$\{([A-Z][A-Z0-9_]{1,100})(?::([^${}]{0,200}))?([}$])|\$([A-Z][A-Z0-9_]{1,100})(?::([^"$\s]{1,200}))?"/g;

interface Entry {
  key: string;
  value: string;
  line: number;
  /** It stands below Quarkus' `%prod`. */
  isOfProduction?: boolean;
}

/** Quarkus' `%prod.a.b` is what a started program reads; other profiles' is for work. */
function withoutProfile(
  key: string,
): Pick<Entry, "key" | "isOfProduction"> | null {
  const own = key.startsWith("%prod.") ? key.slice("%prod.".length) : key;
  return own.startsWith("%") ? null : { key: own, isOfProduction: own !== key };
}

/** Without what production says otherwise. */
function asStarted(entries: readonly Entry[]): Entry[] {
  const told = new Set(
    entries.filter(({ isOfProduction }) => isOfProduction)
      .map(({ key }) => key),
  );
  return entries.filter(({ key, isOfProduction }) =>
    isOfProduction === true || !told.has(key)
  );
}

/** `a.b=c` lines. */
function propertiesIn(lines: readonly Line[]): Entry[] {
  return lines.flatMap(({ number, text }) => {
    const [, key, value] =
      /^\s{0,20}(%?[\w.-]{1,200})\s{0,20}[=:]\s{0,20}(.*)$/.exec(text) ?? [];
    const plain = key === undefined ? null : withoutProfile(key);
    return plain === null || value === undefined
      ? []
      : [{ ...plain, value: value.trim(), line: number }];
  });
}

/** Keys with the ones they lie in, of documents for every profile. */
function yamlIn(lines: readonly Line[]): Entry[] {
  const found: Entry[] = [];
  let document: Entry[] = [];
  let path: { indent: number; key: string }[] = [];
  const finish = () => {
    const isOfProfile = document.some(({ key }) =>
      key === "spring.profiles" || key.startsWith("spring.config.activate")
    );
    if (!isOfProfile) found.push(...document);
    document = [];
    path = [];
  };
  for (const { number, text } of lines) {
    if (text.startsWith("---")) {
      finish();
      continue;
    }
    const [, blanks, key, value] =
      /^([ -]{0,100})["']?([\w.%-]{1,200})["']?:(?:\s{1,100}(.*))?$/.exec(
        text,
      ) ?? [];
    if (blanks === undefined || key === undefined) continue;
    const indent = blanks.length;
    path = path.filter((one) => one.indent < indent).slice(-50);
    const full = [...path.map((one) => one.key), key].join(".");
    path.push({ indent, key });
    const plain = withoutProfile(full);
    if (plain === null) continue;
    const told = (value ?? "").trim();
    document.push({ ...plain, value: told, line: number });
  }
  finish();
  return found;
}

function hoconIn(text: string): Entry[] {
  return statementsOf(text, HOCON).flatMap(({ text, line, blocks }) => {
    const [, key, value] =
      /^"?([\w.-]{1,200})"?\s{0,20}[=:]\s{0,20}([^\n]{0,500})$/.exec(text) ??
        [];
    if (key === undefined || value === undefined) return [];
    const around = blocks.map((head) => head.replace(/[\s=:"]{1,10}$/, ""));
    return [{ key: [...around, key].join("."), value, line }];
  });
}

function entriesIn(reading: Reading, file: string): Entry[] {
  if (file.endsWith(".conf")) return hoconIn(reading.tree.text(file) ?? "");
  const lines = reading.lines(file).slice(0, MAX_LINES)
    .map(({ number, text }) => ({ number, text: text.slice(0, MAX_LINE) }))
    .filter(({ text }) => !/^\s{0,100}[#!]/.test(text));
  return asStarted(
    file.endsWith(".properties") ? propertiesIn(lines) : yamlIn(lines),
  );
}

/** `8080`, and the default of `${PORT:8080}`. */
function portIn(value: string): number | null {
  const plain = value.replace(/^["']|["']?(?:\s{1,20}#.*)?$/g, "");
  return portOf(plain) ??
    portOf(/\$\{[\w.]{1,100}:([0-9]{1,5})\}/.exec(value)?.[1]) ??
    portOf(/\$[A-Z_]{1,60}:([0-9]{1,5})/.exec(value)?.[1]);
}

function variablesIn(
  entries: readonly Entry[],
  dialect: "spring" | "dropwizard" | "hocon",
): Variable[] {
  const found: Variable[] = [];
  for (const [index, { key, value, line }] of entries.entries()) {
    const before = entries[index - 1];
    if (found.length >= MAX_FOUND) break;
    if (dialect === "hocon") {
      const [, optional, name] =
        /\$\{(\??)([A-Z][A-Z0-9_]{1,100})\}/.exec(value) ?? [];
      if (name === undefined) continue;
      // `port = 8080` and below it `port = ${?PORT}`.
      const standard = optional === "?" && before?.key === key &&
          !before.value.includes("${")
        ? before.value.replaceAll('"', "")
        : null;
      found.push({ name, required: optional !== "?", default: standard, line });
      continue;
    }
    for (const match of value.matchAll(PLACEHOLDER)) {
      const name = match[1] ?? match[4];
      // Micronaut quotes what has colons in it.
      // Dropwizard's as in a shell: `${X:-default}`.
      const told = dialect === "dropwizard"
        ? match[2]?.replace(/^-/, "")
        : match[2];
      const standard = told?.replace(/^`(.*)`$/, "$1") ?? match[5] ?? null;
      if (name === undefined) continue;
      const isNested = match[3] === "$";
      found.push({
        name,
        required: standard === null && !isNested,
        default: isNested ? null : standard,
        line,
      });
    }
  }
  return found.filter(({ name }) => isOwnVariable(name));
}

/** Files of each project, by its directory. */
export function configurationByProject(
  reading: Reading,
  ownerOf: (directory: string) => string | null,
): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const add = (file: string) => {
    const owner = ownerOf(directoryOf(file));
    if (owner === null) return;
    const relative = relativeTo(owner, file);
    if (!ASIDE.test(relative)) addTo(found, owner, file);
  };
  for (const name of FILES) reading.tree.named(name).forEach(add);
  for (const extension of ["properties", "yml", "yaml"]) {
    for (const file of reading.tree.withExtension(extension)) {
      if (PROFILE.test(basenameOf(file))) add(file);
    }
  }
  return found;
}

export function claimConfiguration(
  draft: Draft,
  reading: Reading,
  of: { files: readonly string[]; isDropwizard: boolean },
): void {
  const own: { port: number; evidence: Evidence }[] = [];
  const ofProduction: typeof own = [];
  for (const file of of.files) {
    const name = basenameOf(file);
    if (name.endsWith(".edn")) {
      claimEdn(draft, reading, file);
      continue;
    }
    if (name.startsWith("config.") && !of.isDropwizard) continue;
    const entries = entriesIn(reading, file);
    // A profile's port is one of several; the application's own counts.
    const to = !PROFILE.test(name)
      ? own
      : PRODUCTION.test(name)
      ? ofProduction
      : [];
    for (const { key, value, line } of entries) {
      const port = PORT_KEYS.has(key) ? portIn(value) : null;
      if (port !== null) to.push({ port, evidence: { file, line } });
    }
    for (
      const { name: variable, required, default: standard, line }
        of variablesIn(
          entries,
          file.endsWith(".conf")
            ? "hocon"
            : name.startsWith("config.")
            ? "dropwizard"
            : "spring",
        )
    ) {
      const value = standard === null
        ? { name: variable, required }
        : { name: variable, required, default: standard };
      claim(draft, "env", value, "config", { file, line });
    }
  }
  for (const { port, evidence } of own.length > 0 ? own : ofProduction) {
    claim(draft, "port", port, "config", evidence);
  }
}
