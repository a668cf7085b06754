/**
 * Packages that source files import, by name: where no manifest of their own
 * lists them (nx, Deno).
 *
 * @module
 */
import type { Dependency } from "../../draft.ts";
import type { FileTree } from "../../file_tree.ts";
import { lineCounter } from "./lines.ts";

const SPECIFIER =
  /(?:\bfrom\s{0,5}|\bimport\s{0,5}\(?\s{0,5}|\brequire\(\s{0,5})["']([^"'\n]{1,300})["']/g;
/** Imports of one file; more are generated. */
const MAX_IMPORTS = 500;

/** `npm:express@^4`, `jsr:@std/http@1`, `https://deno.land/x/oak@v12.0.0/mod.ts`, `@nestjs/core/x`. */
export function packageOf(
  specifier: string,
): { name: string; version: string | null } | null {
  const land = /^https:\/\/deno\.land\/x\/([\w.-]{1,100})(?:@v?([\w.-]{1,60}))?/
    .exec(specifier);
  if (land?.[1] !== undefined) {
    return { name: land[1], version: land[2] ?? null };
  }
  const cdn = /^https:\/\/(?:esm\.sh|cdn\.skypack\.dev|unpkg\.com)\/(.{1,200})/
    .exec(specifier)?.[1];
  const plain = cdn ?? specifier.replace(/^(?:npm|jsr):\/?/, "");
  const found =
    /^((?:@[\w.-]{1,100}\/)?[\w][\w.-]{0,100})(?:@([^/\s]{1,60}))?(?:\/|$)/
      .exec(plain);
  if (found?.[1] === undefined || /^(?:node|https?|file|data):/.test(plain)) {
    return null;
  }
  return { name: found[1], version: found[2] ?? null };
}

/** Each name once, as it is listed first. */
export function withoutDoubles(lists: readonly Dependency[]): Dependency[] {
  const byName = new Map<string, Dependency>();
  for (const one of lists) if (!byName.has(one.name)) byName.set(one.name, one);
  return [...byName.values()];
}

/** The alias that a specifier means: `@org/util/kafka/client` is of `@org/util/kafka`. */
export function aliasOf(
  specifier: string,
  aliases: ReadonlyMap<string, unknown>,
): string | null {
  for (let name = specifier; name !== "";) {
    if (aliases.has(name)) return name;
    const end = name.lastIndexOf("/");
    name = end < 0 ? "" : name.slice(0, end);
  }
  return null;
}

/** What files import, each package once, at its first place; `aliases` are names of the repository itself. */
export function importedPackages(
  tree: FileTree,
  files: readonly string[],
  aliases: ReadonlyMap<string, unknown> = new Map(),
): Dependency[] {
  const byName = new Map<string, Dependency>();
  for (const file of tree.read(files)) {
    const text = tree.text(file);
    if (text === null) continue;
    const lineOf = lineCounter(text);
    let count = 0;
    for (const found of text.matchAll(SPECIFIER)) {
      if (++count > MAX_IMPORTS) break;
      const specifier = found[1] ?? "";
      const alias = aliasOf(specifier, aliases);
      const one = alias === null
        ? packageOf(specifier)
        : { name: alias, version: null };
      if (one === null || byName.has(one.name)) continue;
      const evidence = { file, line: lineOf(found.index) };
      byName.set(one.name, { ...one, isDev: false, evidence });
    }
  }
  return [...byName.values()];
}
