/**
 * The three hashes of design.md, over RFC 8785 canonical JSON with keys equal
 * to their default removed, so that a new optional key with a default changes
 * no hash. Synchronous on purpose: code that the simulator runs must not leave
 * the microtask queue.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { canonicalJson, canonicalWriter, recordText } from "./canonical.ts";
import { VmSpec } from "./vm_spec.ts";

export { canonicalJson };

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

const ALL_KEYS = Object.keys(VmSpec.shape) as (keyof VmSpec)[];
const POLICY_KEYS = ALL_KEYS.filter((key) =>
  !([...RUNTIME_KEYS, ...IDENTITY_KEYS] as (keyof VmSpec)[]).includes(key)
);

const specText = canonicalWriter(VmSpec);
const runtimeText = canonicalWriter(VmSpec, RUNTIME_KEYS);
const policyText = canonicalWriter(VmSpec, POLICY_KEYS);

/** The spec without the keys that equal their default: what is hashed and shown. */
export function withoutDefaults(spec: VmSpec): Record<string, unknown> {
  return JSON.parse(specText(spec));
}

/** Lower-case hex sha256 of the canonical JSON of `value`. */
export function hashOf(value: unknown): string {
  return hashOfText(canonicalJson(value));
}

/** What differs between two specs when a VM must be restarted or switched. */
export function runtimeHash(spec: VmSpec): string {
  return hashOfText(runtimeText(spec));
}

/** What differs when a change is applied without touching the VM. */
export function policyHash(spec: VmSpec): string {
  return hashOfText(policyText(spec));
}

/** The canonical text of all specs of a generation, in any order: what is hashed, and what is worth storing. */
export function intentText(specs: readonly VmSpec[]): string {
  const byName: Record<string, VmSpec> = {};
  for (const spec of specs) byName[spec.name] = spec;
  return `{"vms":${recordText(byName, specText as (spec: unknown) => string)}}`;
}

/** The hash of an {@linkcode intentText}. */
export function hashOfText(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** The hash of all specs of a generation, in any order. */
export function intentHash(specs: readonly VmSpec[]): string {
  return hashOfText(intentText(specs));
}
