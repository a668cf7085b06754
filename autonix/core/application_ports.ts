/**
 * On which ports an application listens, of all that are named for it.
 *
 * What its start command says outweighs what it would do by itself; a port that
 * a source reads from a variable is the one that the variable is given.
 *
 * @module
 */
import {
  type Claim,
  claimsOf,
  rankOf,
  resolveAll,
  type Resolved,
} from "./claims.ts";
import { isDebugPort, isStorePort } from "./services/ports.ts";

/** Places that say which port is really listened on; beside them a default counts for nothing. */
const DEFAULTS: ReadonlySet<string> = new Set([
  "framework",
  "convention",
  "guess",
]);

/** Places that give an application its variables, and do not read them. */
const GIVING: ReadonlySet<string> = new Set([
  "container",
  "procfile",
]);

/** Ports in a command: `--bind 0.0.0.0:8000`, `--port 8000`, `-p 8000`, `PORT=8000`. */
const PORT_IN_COMMAND = /(?::|--port[= ]|-[pl] |\bPORT=)(\d{2,5})\b/g;

function portsIn(command: string): Set<number> {
  return new Set(
    [...command.matchAll(PORT_IN_COMMAND)].map(([, port]) => Number(port)),
  );
}

/** Variables that say where an application itself listens. */
const LISTENING =
  /^(?:(?:APP|APPLICATION|SERVER|HTTP|API|WEB|LISTEN|BACKEND|NODE|SERVICE)_)?PORT$/;

/** Lines that read the port from a variable which elsewhere is given another. */
function overridden(claims: readonly Claim[]): Set<Claim> {
  const env = claimsOf(claims, "env");
  const given = new Map<string, number>();
  for (const { value: { name, default: port }, source } of env) {
    if (
      !name.endsWith("PORT") || !GIVING.has(source) ||
      !/^\d{2,5}$/.test(port ?? "")
    ) continue;
    given.set(name, Number(port));
  }
  const isRead = ({ value: own, source: place }: Claim<"port">) =>
    !GIVING.has(place) &&
    env.some(({ value: { name, default: standard }, source }) => {
      const port = given.get(name);
      return port !== undefined && port !== own && !GIVING.has(source) &&
        standard === String(own);
    });
  return new Set(
    given.size === 0 ? [] : claimsOf(claims, "port").filter(isRead),
  );
}

/** Variables that sources read, and whose value in an example is where they listen. */
function listed(claims: readonly Claim[]): Claim<"port">[] {
  const env = claimsOf(claims, "env");
  const read = new Set(
    env.filter(({ source }) => source === "source" || source === "config")
      .map(({ value }) => value.name),
  );
  return env.flatMap(({ value: { name, default: port }, source, evidence }) =>
    read.has(name) && LISTENING.test(name) && /^\d{2,5}$/.test(port ?? "") &&
      Number(port) <= 65535
      ? [{ field: "port" as const, value: Number(port), source, evidence }]
      : []
  );
}

/** What the start command itself says is listened on, whoever says so. */
export function resolvePorts(
  claims: readonly Claim[],
  start: Resolved<string> | null,
): Resolved<number>[] {
  const left = overridden(claims);
  const all = claimsOf(claims, "port").filter((claim) => !left.has(claim));
  // A database's port in a source or a compose file is that of whom it calls.
  const own = all.filter(({ value }) => !isStorePort(value));
  const ports = own.length > 0 ? own : all;
  const named = portsIn(start?.value ?? "");
  if (start !== null && !ports.some(({ value }) => named.has(value))) {
    const said = [...named].filter((port) =>
      !isStorePort(port) && !isDebugPort(port)
    );
    const { confidence, evidence } = start;
    if (said.length > 0) {
      return said.sort((a, b) => a - b)
        .map((value) => ({ value, confidence, evidence: [...evidence] }));
    }
  }
  const told = ports.filter(({ source, value }) =>
    !DEFAULTS.has(source) || named.has(value)
  );
  if (told.length > 0) return resolveAll(told, "port");
  // A library reads such a variable for whoever starts; a program of a desk serves its own pages while one works on it.
  const isServing = start !== null &&
    !claimsOf(claims, "framework").some(({ value }) => value === "electron");
  const examples = isServing ? listed(claims) : [];
  if (examples.length > 0) return resolveAll(examples, "port");
  const best = Math.min(...ports.map(rankOf));
  return resolveAll(ports.filter((claim) => rankOf(claim) === best), "port");
}
