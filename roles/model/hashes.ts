/**
 * The three hashes of design.md, over RFC 8785 canonical JSON with keys equal
 * to their default removed, so that a new optional key with a default changes
 * no hash. Synchronous on purpose: code that the simulator runs must not leave
 * the microtask queue.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { HealthCheck, Restart, Update, type VmSpec } from "./vm_spec.ts";

/** Keys whose change restarts or switches a VM; every other key is policy. */
const RUNTIME_KEYS = [
  "image",
  "cpuMilli",
  "memoryMib",
  "env",
  "network",
  "volumes",
  "fencing",
  "backend",
] as const satisfies readonly (keyof VmSpec)[];

/** Keys that are in neither part: the name is the instance's identity, and is in the intent by its key. */
const IDENTITY_KEYS = ["name"] as const satisfies readonly (keyof VmSpec)[];

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Defaults of the items of a list are given under this key. */
const EACH = Symbol("each");
interface Defaults {
  [key: string]: unknown;
  [EACH]?: Defaults;
}

const CHECK_DEFAULTS: Defaults = (() => {
  const { name: _name, kind: _kind, ...rest } = HealthCheck.parse({
    name: "x",
    kind: "guest",
  });
  return rest;
})();

/** Every default of a spec, from the schemas themselves. */
const DEFAULTS: Defaults = {
  replicas: 1,
  labels: {},
  priority: 0,
  image: { cmdline: "" },
  env: {},
  network: { allowedDomains: [], allowedPeers: [], ports: [] },
  volumes: [],
  healthChecks: { [EACH]: CHECK_DEFAULTS },
  update: Update.parse({}),
  restart: Restart.parse({}),
  fencing: "none",
  constraints: { [EACH]: { operator: "=" } },
  affinities: { [EACH]: { operator: "=", weight: 50 } },
  spread: { [EACH]: { weight: 50 } },
  dependsOn: [],
  budget: {},
};

/** RFC 8785: keys sorted by UTF-16 code units, numbers and strings as JSON.stringify writes them. */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) {
    let text = "[";
    for (let i = 0; i < value.length; i++) {
      text += (i === 0 ? "" : ",") + canonicalJson(value[i]);
    }
    return text + "]";
  }
  const record = value as Record<string, unknown>;
  let text = "{";
  for (const key of Object.keys(record).sort()) {
    const item = record[key];
    if (item === undefined) continue;
    text += (text.length === 1 ? "" : ",") + JSON.stringify(key) + ":" +
      canonicalJson(item);
  }
  return text + "}";
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null &&
    Object.keys(value).length === 0;
}

/** `value` without the keys that equal `defaults`; undefined when nothing is left of a defaulted value. */
function strip(value: unknown, defaults: unknown): unknown {
  if (typeof value !== "object" || value === null) {
    return value === defaults ? undefined : value;
  }
  if (Array.isArray(value)) {
    const each = (defaults as Defaults | undefined)?.[EACH];
    const items = each === undefined
      ? value
      : value.map((item) => strip(item, each) ?? {});
    const isDefault = items.length === 0 && defaults !== undefined;
    return isDefault ? undefined : items;
  }
  const table = (defaults ?? {}) as Defaults;
  const kept: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    const left = item === undefined ? undefined : strip(item, table[key]);
    if (left !== undefined) kept[key] = left;
  }
  return isEmpty(kept) && defaults !== undefined ? undefined : kept;
}

/** The spec without the keys that equal their default: what is hashed and shown. */
export function withoutDefaults(spec: VmSpec): Record<string, unknown> {
  return (strip(spec, DEFAULTS) ?? {}) as Record<string, unknown>;
}

/** Lower-case hex sha256 of the canonical JSON of `value`. */
export function hashOf(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}

/** What differs between two specs when a VM must be restarted or switched. */
export function runtimeHash(spec: VmSpec): string {
  const bare = withoutDefaults(spec);
  return hashOf(
    Object.fromEntries(RUNTIME_KEYS.map((key) => [key, bare[key]])),
  );
}

/** What differs when a change is applied without touching the VM. */
export function policyHash(spec: VmSpec): string {
  const left = new Set<string>([...RUNTIME_KEYS, ...IDENTITY_KEYS]);
  return hashOf(
    Object.fromEntries(
      Object.entries(withoutDefaults(spec)).filter(([key]) => !left.has(key)),
    ),
  );
}

/** The canonical text of all specs of a generation, in any order: what is hashed, and what is worth storing. */
export function intentText(specs: readonly VmSpec[]): string {
  const vms: Record<string, Json> = {};
  for (const spec of specs) vms[spec.name] = withoutDefaults(spec) as Json;
  return canonicalJson({ vms });
}

/** The hash of an {@linkcode intentText}. */
export function hashOfText(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** The hash of all specs of a generation, in any order. */
export function intentHash(specs: readonly VmSpec[]): string {
  return hashOfText(intentText(specs));
}
