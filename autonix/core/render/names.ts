/**
 * Names of packages and VMs: labels that are unique within the flake, and
 * identifiers of Nix as they stand.
 *
 * @module
 */
import { KEYWORDS } from "./nix_text.ts";

/** A label has 63 letters; a number may follow. */
const MAX_STEM = 50;
/** Names that mean something else in an output of a flake. */
const TAKEN = ["default"];

/** `web` of `@acme/web`; "app" where nothing is left. */
export function labelOf(name: string): string {
  const label = name.slice(0, 500).replace(/^@[^/]*\//, "").toLowerCase()
    .replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "")
    .slice(0, MAX_STEM).replace(/-+$/, "");
  if (label === "") return "app";
  if (/^\d/.test(label)) return `app-${label}`;
  return KEYWORDS.has(label) ? `${label}-app` : label;
}

/** Gives each its label, numbered where several are the same. */
export class Names {
  readonly #taken = new Set(TAKEN);

  take(name: string): string {
    const label = labelOf(name);
    let own = label;
    for (let number = 2; this.#taken.has(own); number++) {
      own = `${label}-${number}`;
    }
    this.#taken.add(own);
    return own;
  }
}
