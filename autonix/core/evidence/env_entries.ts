/**
 * A `.env` file or an example of one, line by line: what a shell would take
 * from it.
 *
 * @module
 */
import type { Evidence } from "../../../roles/model/analysis.ts";
import type { Reading } from "../reading.ts";
import { isPlaceholder } from "../secrets.ts";

/** Examples have tens of variables. */
const MAX_VARIABLES = 1_000;
const MAX_VALUE = 2_000;

const ASSIGNMENT = /^\s{0,8}(?:export\s{1,4})?([A-Za-z_]\w{0,199})\s?=(.*)$/s;
const COMMENTED = /^\s{0,8}#\s?([A-Z][A-Z0-9_]{1,199})=\S*$/;

export interface EnvEntry {
  name: string;
  /** Null: there is none, or it stands for one to fill in. */
  value: string | null;
  /** False of one that is commented out, or says that there is none: `REDIS_PASSWORD=null`. */
  isActive: boolean;
  evidence: Evidence;
}

function unquote(raw: string): string {
  const text = raw.slice(0, MAX_VALUE).trim();
  const quote = text[0];
  if (quote === '"' || quote === "'" || quote === "`") {
    const end = text.indexOf(quote, 1);
    return end < 0 ? text.slice(1) : text.slice(1, end);
  }
  if (text.startsWith("#")) return "";
  const comment = text.search(/\s#/);
  return comment < 0 ? text : text.slice(0, comment).trimEnd();
}

/** `${HOST}`, `${LEVEL:-info}` */
const REFERENCE = /\$\{(\w{1,200})(?::?-([^${}]{0,500}))?\}/g;

/**
 * What values come to by each other, each worked out once; null where a part is
 * from elsewhere, in a circle, or too long.
 */
function expander(
  values: ReadonlyMap<string, string>,
): (name: string) => string | null {
  const done = new Map<string, string | null>();
  const expand = (name: string): string | null => {
    const known = done.get(name);
    if (known !== undefined) return known;
    // Found again on the way: a circle.
    done.set(name, null);
    let isWhole = true;
    const text = (values.get(name) ?? "").replace(
      REFERENCE,
      (_, other: string, fallback?: string) => {
        const told = values.has(other) ? expand(other) : fallback ?? null;
        isWhole &&= told !== null;
        return told ?? "";
      },
    );
    const result = isWhole && text.length <= MAX_VALUE ? text : null;
    done.set(name, result);
    return result;
  };
  return expand;
}

/** The variables of a file, in its order; of one assigned twice the first. */
export function readEnvFile(reading: Reading, path: string): EnvEntry[] {
  const byName = new Map<string, EnvEntry>();
  const commented: EnvEntry[] = [];
  const values = new Map<string, string>();
  /** In single quotes, where a shell puts nothing in. */
  const literal = new Set<string>();
  for (const { number, text } of reading.lines(path)) {
    if (byName.size >= MAX_VARIABLES) break;
    const line = text.slice(0, MAX_VALUE);
    const evidence = { file: path, line: number };
    const off = COMMENTED.exec(line)?.[1];
    if (off !== undefined) {
      commented.push({ name: off, value: null, isActive: false, evidence });
      continue;
    }
    const [, name, raw = ""] = ASSIGNMENT.exec(line) ?? [];
    if (name === undefined || byName.has(name)) continue;
    const value = unquote(raw);
    if (raw.trimStart().startsWith("'")) literal.add(name);
    values.set(name, value);
    byName.set(name, {
      name,
      value: value === "" || isPlaceholder(name, value) ? null : value,
      isActive: !/^(?:null|none|undefined)$/i.test(value),
      evidence,
    });
  }
  const expand = expander(values);
  for (const [name, entry] of byName) {
    if (!entry.value?.includes("${") || literal.has(name)) continue;
    const value = expand(name) ?? entry.value;
    byName.set(name, { ...entry, value: value === "" ? null : value });
  }
  for (const entry of commented) {
    if (!byName.has(entry.name)) byName.set(entry.name, entry);
  }
  return [...byName.values()];
}
