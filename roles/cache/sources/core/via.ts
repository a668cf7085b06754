/**
 * Ends loops of caches that are upstreams of each other. Each cache names
 * itself in the `Via` header (RFC 9110, section 7.6.3) of what it asks its
 * upstreams, and of what it answers from them:
 *
 * - a request that names us has been here: no upstream is asked for it;
 * - a path that came through a cache is of no use to a request that came
 *   through the same cache: it would wait for itself.
 *
 * @module
 */

/** Ours begin with this: other proxies' names (`varnish`) are no one's in particular. */
const PREFIX = "procurator-";
const ENTRY = /^\S{1,32}\s+(procurator-[0-9a-f]{16})(?:\s.*)?$/;
/** A chain of caches longer than this is a mistake: what comes through it is not passed on. */
const MAX_CACHES = 8;
/** Looked at of a header: eight of ours, and as many of others. */
const MAX_ENTRIES = 32;

/** A cache's name for {@linkcode formatVia}; `hex` has 16 digits. */
export function cacheName(hex: string): string {
  return PREFIX + hex;
}

/** The caches of ours that a `Via` header names. */
export function parseVia(header: string | null | undefined): string[] {
  if (header === null || header === undefined || header === "") return [];
  const names: string[] = [];
  for (const entry of header.split(",", MAX_ENTRIES)) {
    const name = ENTRY.exec(entry.trim())?.[1];
    if (name !== undefined) names.push(name);
  }
  return names;
}

/** The header that names these caches. */
export function formatVia(chain: readonly string[]): string {
  return chain.map((name) => `1.1 ${name}`).join(", ");
}

/** Whether a cache may ask others for a request that came through `chain`. */
export function mayPassOn(chain: readonly string[], own: string): boolean {
  return chain.length < MAX_CACHES && !chain.includes(own);
}

/** True when a cache is in both. */
export function meet(one: readonly string[], other: readonly string[]) {
  return one.some((name) => other.includes(name));
}
