/**
 * What a request was for and what became of it, in the few words that figures
 * are counted by. Pure.
 *
 * @module
 */

/** By how a route begins; the first that fits. */
const KINDS: readonly (readonly [string, string])[] = [
  ["/nix-cache-info", "info"],
  ["/nar/", "nar"],
  ["/log/", "log"],
  ["/realisations/", "realisation"],
  ["/debuginfo/", "debuginfo"],
  ["/closure", "closure"],
  ["/api/", "api"],
  ["/assets/", "page"],
  ["/why", "page"],
  ["/healthz", "health"],
  ["/readyz", "health"],
  ["/metrics", "health"],
];

/** What a route serves: `narinfo`, `nar`, ... `other` for what is nowhere. */
export function kindOf(route: string): string {
  if (route === "/") return "page";
  if (route.includes("narinfo")) return "narinfo";
  // Both are a name with a pattern, at the root.
  if (route.startsWith("/:") && route.includes("ls")) return "ls";
  return KINDS.find(([begin]) => route.startsWith(begin))?.[1] ?? "other";
}

/** How a status is meant. */
export function answerOf(status: number): string {
  if (status === 304) return "not_modified";
  if (status === 404) return "absent";
  if (status === 401 || status === 403) return "denied";
  if (status >= 500) return "failed";
  return status >= 400 ? "refused" : "ok";
}
