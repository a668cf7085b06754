/**
 * Configuration of frameworks and libraries: which service they speak to, by
 * driver or by address, and through which variable.
 *
 * @module
 */
import type { EvidenceDetector } from "../../detector.ts";
import { directoryOf, joinPath } from "../../file_tree.ts";
import { at, entriesOf, itemsOf, textOf } from "../../formats/node.ts";
import { nodeEvidence, type Reading } from "../../reading.ts";
import { addressesIn, isAddressName } from "../../services/addresses.ts";
import { readEnvFile } from "../env_entries.ts";
import { type Gathering, gathering, service } from "../gathering.ts";
import { Targets } from "../targets.ts";
import { serviceKind } from "../../services/catalog.ts";
import { kindOfDriver } from "./kinds.ts";
import {
  ADDRESS_PATH,
  CONNECTION_STRINGS,
  DRIVER_VARIABLE,
  LARAVEL,
  type Rule,
  RULES,
  WITH_ADDRESSES,
} from "./rules.ts";

const MAX_LINE = 2_000;
const MAX_LINES = 3_000;
/** Of tests, and of what lies below a build. */
const ASIDE = /(?:^|\/)(?:tests?|spec|__tests__|node_modules|target|build)\//;
const COMMENT = /^\s{0,40}(?:#|\/\/|;|--|\*)/;
/** `env("X")`, loco's `get_env(name="X")`, Ktor's `$X`, `ENV["X"]`, `ENV.fetch("X")`, `${X:...}`, `process.env.X`, `os.environ["X"]`. */
const VARIABLE =
  /(?:\benv\(|\bENV\[|\bENV\.fetch\(|\bprocess\.env\.|\bprocess\.env\[|\bos\.environ\[|\bos\.environ\.get\(|\bos\.getenv\(|\bSystem\.get_env\(|\bget_env\(name=|\$\{?\??)\s{0,2}["']?([A-Z][A-Z0-9_]{1,100})/;

interface Configured {
  kind: string;
  /** Directory of who is configured; that of the file unless it is told. */
  path?: string;
  port: number | null;
  name: string | null;
  env: string[];
  line: number;
}

function tell(to: Gathering, file: string, found: Configured): void {
  to.services.push(service({
    kind: found.kind,
    port: found.port,
    usedBy: found.path ?? directoryOf(file),
    env: found.env,
    name: found.name,
    strength: "configured",
    evidence: [{ file, line: found.line }],
  }));
}

function linesOf(reading: Reading, file: string) {
  return reading.lines(file).slice(0, MAX_LINES)
    .map(({ number, text }) => ({ number, text: text.slice(0, MAX_LINE) }))
    .filter(({ text }) => !COMMENT.test(text));
}

const ADDRESS_KEY = /^\s{0,8}(?:url|directUrl)\s{0,8}[=:]/;
/** Sequelize's way to name one. */
const ENV_KEY =
  /["']?use_env_variable["']?\s{0,4}:\s{0,4}["']([A-Z][A-Z0-9_]{1,100})["']/;
/** `host=db user=x port=5434`, as libpq takes it. */
const KEYED_PORT = /\bhost=[^\n]{1,300}?\bport=(\d{2,5})\b/;
const HOST_KEY =
  /^\s{0,12}["']?(?:url|host|hostname|port|connection|connectionString|uri)["']?\s{0,8}:/;

/** `url = env("DATABASE_URL")` beside a provider, and Prisma's `directUrl`. */
function variablesBeside(
  reading: Reading,
  file: string,
  { isOfOne = false }: Rule,
): string[] {
  return linesOf(reading, file).flatMap(({ text }) => {
    const isKey = ADDRESS_KEY.test(text) || isOfOne && HOST_KEY.test(text);
    const name = isKey ? VARIABLE.exec(text)?.[1] : undefined;
    const said = isOfOne ? ENV_KEY.exec(text)?.[1] : undefined;
    if (said !== undefined) return [said];
    // `port: process.env.PORT` of a server that stands beside.
    return name === undefined || name === "PORT" || name === "HOST"
      ? []
      : [name];
  });
}

function readDrivers(
  to: Gathering,
  reading: Reading,
  rule: Rule,
  file: string,
) {
  const { needs } = rule;
  const whole = reading.tree.text(file) ?? "";
  if (
    needs !== undefined &&
    !linesOf(reading, file).some(({ text }) => needs.test(text))
  ) return;
  const told = new Set<string>();
  for (const line of linesOf(reading, file)) {
    for (const pattern of rule.drivers) {
      const kind = kindOfDriver(pattern.exec(line.text)?.[1] ?? "");
      if (kind === null || told.has(kind)) continue;
      told.add(kind);
      const env = variablesBeside(reading, file, rule);
      const port = serviceKind(kind)?.group === "sql" ? keyedPort(whole) : null;
      const path = packageOf(reading, file);
      tell(to, file, { kind, path, port, name: null, env, line: line.number });
    }
  }
}

/** A schema of Prisma is of the package it lies in, however deep. */
function packageOf(reading: Reading, file: string): string {
  const own = directoryOf(file);
  if (!file.endsWith(".prisma")) return own;
  for (let path = own; path !== "."; path = directoryOf(path)) {
    if (reading.tree.has(`${path}/package.json`)) return path;
  }
  return reading.tree.has("package.json") ? "." : own;
}

/** The port of the one address in a file that is made of keys. */
function keyedPort(text: string): number | null {
  const port = Number(KEYED_PORT.exec(text.slice(0, 50_000))?.[1]);
  return port >= 1 && port <= 65535 ? port : null;
}

const LOCAL = new Set(["localhost", "127.0.0.1", "0.0.0.0", "host"]);

function readAddresses(to: Gathering, reading: Reading, file: string): void {
  for (const { number, text } of linesOf(reading, file)) {
    const variable = VARIABLE.exec(text)?.[1];
    // `jdbc:postgresql://db/${DB_NAME}`: that one is no address.
    const name = isAddressName(variable ?? "") ? variable : undefined;
    for (const { kind, host, port } of addressesIn(text)) {
      tell(to, file, {
        kind: kind.kind,
        port,
        name: host === null || LOCAL.has(host) ? null : host,
        env: name === undefined ? [] : [name],
        line: number,
      });
    }
    if (!file.endsWith(".json")) continue;
    const kind = CONNECTION_STRINGS.find(([pattern]) => pattern.test(text))
      ?.[1];
    if (kind === undefined) continue;
    tell(to, file, { kind, port: null, name: null, env: [], line: number });
  }
}

const ENV_FILES = [".env.example", ".env.dist", ".env.sample", ".env"];

/** The variables of a directory's first environment file. */
function variablesAt(reading: Reading, directory: string) {
  for (const name of ENV_FILES) {
    const path = joinPath(directory, name);
    const entries = path === null ? [] : readEnvFile(reading, path);
    if (entries.length > 0) return entries.filter(({ isActive }) => isActive);
  }
  return [];
}

/** `DB_CONNECTION=pgsql`. */
function readEnvDrivers(to: Gathering, reading: Reading, directory: string) {
  for (const { name, value, evidence } of variablesAt(reading, directory)) {
    if (!DRIVER_VARIABLE.test(name)) continue;
    const kind = kindOfDriver(value ?? "");
    if (kind === null || evidence.line === null) continue;
    tell(to, evidence.file, {
      kind,
      port: null,
      name: null,
      env: [],
      line: evidence.line,
    });
  }
}

/** `'default' => env('DB_CONNECTION', 'mysql')`, where no variable says otherwise. */
function readLaravel(to: Gathering, reading: Reading, directory: string): void {
  const set = new Set(variablesAt(reading, directory).map(({ name }) => name));
  for (const [name, variable] of LARAVEL) {
    const path = joinPath(directory, name);
    if (path === null || set.has(variable)) continue;
    const found = reading.match(
      path,
      /^\s{0,8}'default' => env\('\w{1,40}', '(\w{1,20})'\)/,
    );
    const kind = kindOfDriver(found?.value ?? "");
    if (found === null || kind === null) continue;
    to.services.push(service({
      kind,
      usedBy: directory,
      strength: "configured",
      evidence: [found.evidence],
    }));
  }
}

/** Rust's libraries for several databases: the feature says which. */
const RUST_ORMS = ["sqlx", "diesel", "diesel-async", "sea-orm", "rbatis"];

function readCargo(to: Gathering, reading: Reading, file: string): void {
  const root = reading.toml(file);
  const dependencies = at(root, "dependencies") ??
    at(root, "workspace", "dependencies");
  const named = new Map(entriesOf(dependencies));
  for (const name of RUST_ORMS) {
    const features = at(named.get(name), "features");
    for (const item of itemsOf(features)) {
      const kind = kindOfDriver((textOf(item) ?? "").replace(/^sqlx-/, ""));
      if (kind === null) continue;
      const { line } = nodeEvidence(file, item);
      if (line === null) continue;
      tell(to, file, { kind, port: null, name: null, env: [], line });
    }
  }
}

const PROFILE = /\/application-(\w{1,20})\.(?:properties|ya?ml)$/;

/** `application-postgres.yml`: one of several databases, for who asks for it. */
function isChoice(file: string): boolean {
  return kindOfDriver(PROFILE.exec(file)?.[1] ?? "") !== null;
}

export const configuration: EvidenceDetector = {
  name: "configuration of frameworks",
  reads: { manifests: [...WITH_ADDRESSES, ...LARAVEL.map(([path]) => path)] },
  gather(reading, drafts) {
    const found = gathering();
    const targets = new Targets(drafts);
    for (const file of reading.tree.read(reading.tree.files)) {
      const rule = RULES.find(({ path }) => path.test(file));
      const hasAddresses = ADDRESS_PATH.test(file);
      if (rule === undefined && !hasAddresses) continue;
      if (ASIDE.test(file) || targets.isAside(file)) continue;
      if (isChoice(file)) continue;
      if (rule !== undefined) readDrivers(found, reading, rule, file);
      if (hasAddresses) readAddresses(found, reading, file);
    }
    for (const { path, ecosystem } of targets.all) {
      readEnvDrivers(found, reading, path);
      if (ecosystem === "php") readLaravel(found, reading, path);
      const cargo = joinPath(path, "Cargo.toml");
      if (ecosystem === "rust" && cargo !== null) {
        readCargo(found, reading, cargo);
      }
    }
    return found;
  },
};
