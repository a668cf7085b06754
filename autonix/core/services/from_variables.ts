/**
 * What the variables of applications tell of services: `REDIS_URL`, or a
 * default that is an address.
 *
 * @module
 */
import type {
  AnalysedApplication,
  EnvVariable,
} from "../../../roles/model/analysis.ts";
import type { ServiceClaim } from "../detector.ts";
import { addressOf, isVariableOf, kindOfVariable } from "./addresses.ts";
import { serviceKind } from "./catalog.ts";

const LOCAL = new Set(["localhost", "127.0.0.1", "0.0.0.0"]);

/** Rails and Laravel write addresses into these files of every new application, used or not. */
const UNASKED = /(?:^|\/)config\/(?:cable\.yml|(?:cache|database|queue)\.php)$/;

/** What Doctrine is told beside an address: `serverVersion=10.11.2-MariaDB`. */
const SERVER = /[?&]serverVersion=(mariadb-)?(\d+(?:\.\d+){0,3})(-mariadb)?/i;

/** The kind and version that an address names itself. */
function serverIn(value: string, kind: string) {
  const [, before, version, behind] = SERVER.exec(value.slice(0, 2_000)) ?? [];
  const isMaria = before !== undefined || behind !== undefined;
  return {
    kind: kind === "mysql" && isMaria ? "mariadb" : kind,
    version: version ?? null,
  };
}

/** The service that a variable with an address, or by its very name, carries. */
export function claimOfVariable(
  variable: Pick<EnvVariable, "name" | "evidence"> & {
    default?: string | undefined;
  },
  usedBy: string | null,
): ServiceClaim | null {
  const address = addressOf(variable.default ?? "");
  const kind = address?.kind ?? kindOfVariable(variable.name);
  if (kind === null || kind === undefined) return null;
  const { evidence } = variable;
  if (
    evidence.length > 0 && evidence.every(({ file }) => UNASKED.test(file))
  ) return null;
  const host = address?.host ?? null;
  return {
    ...serverIn(variable.default ?? "", kind.kind),
    // Of a database somewhere else that an example names.
    port: host?.includes(".") === true && !LOCAL.has(host)
      ? null
      : address?.port ?? null,
    usedBy,
    env: [variable.name],
    strength: "configured",
    name: host === null || LOCAL.has(host) ? null : host,
    evidence,
  };
}

/** Services that applications name in their variables. */
export function claimsOfVariables(
  applications: readonly Pick<AnalysedApplication, "path" | "env">[],
): ServiceClaim[] {
  return applications.flatMap(({ path, env }) =>
    env.flatMap((variable) => claimOfVariable(variable, path) ?? [])
  );
}

/**
 * Variables of an application that carry the address of this kind. Of those
 * that several kinds share (`DATABASE_URL`) only where it uses no other such.
 */
export function variablesFor(
  application: Pick<AnalysedApplication, "env">,
  kind: string,
  used: ReadonlySet<string>,
): string[] {
  const own = serviceKind(kind);
  if (own === null) return [];
  const others = [...used].filter((other) => other !== kind)
    .flatMap((other) => serviceKind(other) ?? [])
    // A document store yields what both could mean to the SQL one.
    .filter(({ group }) => !(own.group === "sql" && group === "store"));
  // A valkey is reached by what is called after redis, where there is none.
  const twin = own.speaks === undefined || used.has(own.speaks)
    ? null
    : serviceKind(own.speaks);
  return application.env.filter((variable) => {
    const value = variable.default ?? "";
    // A database in a file is for whoever develops: who has a driver of another sets it.
    const isOfFile = /^(?:file|sqlite3?|jdbc:sqlite|jdbc:h2)[:+]/.test(value);
    if (isOfFile && own.group !== "sql") return false;
    const address = isOfFile ? null : addressOf(value);
    if (address !== null) {
      return address.kind.kind === kind || own.speaks === address.kind.kind;
    }
    const isOwn = isVariableOf(variable.name, own) ||
      twin !== null && isVariableOf(variable.name, twin);
    return isOwn &&
      !others.some((other) => isVariableOf(variable.name, other));
  }).map(({ name }) => name);
}
