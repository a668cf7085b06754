/**
 * What `nft -f -` is given: a whole ruleset, laid over whatever is there, or
 * only what changed. Each script is one transaction. Pure.
 *
 * @module
 */
import type { Ruleset, Table, TableParts } from "./ruleset.ts";
import { DOMAIN_SET, RULES_VERSION } from "./ruleset_base.ts";

/** What the kernel has of one of our tables. */
export interface FoundTable {
  readonly chains: readonly string[];
  readonly counters: readonly string[];
  readonly sets: readonly string[];
  readonly maps: readonly string[];
}

/** Elements to a line: nft reads lines of any length, people do not. */
const ELEMENTS_PER_LINE = 500;

const NO_PARTS: TableParts = {
  domainSets: new Set(),
  counters: new Set(),
  chains: new Map(),
  elements: new Map(),
};

interface Where {
  readonly family: string;
  readonly name: string;
}

function at({ family, name }: Where): string {
  return `${family} ${name}`;
}

function chunks<T>(items: readonly T[]): T[][] {
  const count = Math.ceil(items.length / ELEMENTS_PER_LINE);
  return Array.from(
    { length: count },
    (_, index) =>
      items.slice(index * ELEMENTS_PER_LINE, (index + 1) * ELEMENTS_PER_LINE),
  );
}

function elementLines(
  verb: "add" | "delete",
  where: Where,
  set: string,
  entries: readonly (readonly [string, string])[],
): string[] {
  const words = entries.map(([key, value]) =>
    value === "" ? key : `${key} : ${value}`
  );
  return chunks(words).map((some) =>
    `${verb} element ${at(where)} ${set} { ${some.join(", ")} }`
  );
}

function sameLines(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, index) => line === b[index]);
}

function missingFrom<T>(items: Iterable<T>, others: { has(item: T): boolean }) {
  return [...items].filter((item) => !others.has(item));
}

function changedChains(from: TableParts, to: TableParts): string[] {
  return [...from.chains].filter(([chain, rules]) => {
    const next = to.chains.get(chain);
    return next !== undefined && !sameLines(rules, next);
  }).map(([chain]) => chain);
}

/** Takes away what `to` does not have, references first. */
function removals(where: Where, from: TableParts, to: TableParts): string[] {
  const lines: string[] = [];
  for (const [set, entries] of from.elements) {
    const kept = to.elements.get(set) ?? new Map<string, string>();
    const gone = [...entries].filter(([key, value]) => kept.get(key) !== value);
    lines.push(...elementLines("delete", where, set, gone));
  }
  const chains = missingFrom(from.chains.keys(), to.chains);
  lines.push(
    ...[...chains, ...changedChains(from, to)].map((chain) =>
      `flush chain ${at(where)} ${chain}`
    ),
    ...chains.map((chain) => `delete chain ${at(where)} ${chain}`),
    ...missingFrom(from.counters, to.counters).map((counter) =>
      `delete counter ${at(where)} ${counter}`
    ),
    ...missingFrom(from.domainSets, to.domainSets).map((set) =>
      `delete set ${at(where)} ${set}`
    ),
  );
  return lines;
}

/** Adds what `from` does not have, what is referred to first. */
function additions(where: Where, from: TableParts, to: TableParts): string[] {
  const chains = [...to.chains].filter(([chain, rules]) =>
    !sameLines(rules, from.chains.get(chain) ?? ["\0"])
  );
  const lines = [
    ...missingFrom(to.domainSets, from.domainSets).map((set) =>
      `add set ${at(where)} ${set} ${DOMAIN_SET}`
    ),
    ...missingFrom(to.counters, from.counters).map((counter) =>
      `add counter ${at(where)} ${counter}`
    ),
    ...chains.map(([chain]) => `add chain ${at(where)} ${chain}`),
    ...chains.flatMap(([chain, rules]) =>
      rules.map((rule) => `add rule ${at(where)} ${chain} ${rule}`)
    ),
  ];
  for (const [set, entries] of to.elements) {
    const known = from.elements.get(set) ?? new Map<string, string>();
    const fresh = [...entries].filter(([key, value]) =>
      known.get(key) !== value
    );
    lines.push(...elementLines("add", where, set, fresh));
  }
  return lines;
}

function isCurrent(found: FoundTable): boolean {
  return found.sets.includes(`version_${RULES_VERSION}`);
}

/** Empties a table of ours but for what dnsmasq has put into sets that stay. */
function emptied(where: Where, found: FoundTable, table: Table): string[] {
  const { domainSets, counters, chains } = table.parts;
  const isDomain = (set: string) => set.startsWith("d_");
  const isGuests = (chain: string) => /^[og]_/.test(chain);
  const fixed = found.sets.filter((set) =>
    !isDomain(set) && !set.startsWith("version_")
  );
  return [
    `flush table ${at(where)}`,
    ...fixed.map((set) => `flush set ${at(where)} ${set}`),
    ...found.maps.map((map) => `flush map ${at(where)} ${map}`),
    ...missingFrom(found.chains.filter(isGuests), chains).map((chain) =>
      `delete chain ${at(where)} ${chain}`
    ),
    ...missingFrom(found.counters, counters).map((counter) =>
      `delete counter ${at(where)} ${counter}`
    ),
    ...missingFrom(found.sets.filter(isDomain), domainSets).map((set) =>
      `delete set ${at(where)} ${set}`
    ),
  ];
}

function wholeTable(
  name: string,
  table: Table,
  found: FoundTable | null,
): string[] {
  const where = { family: table.family, name };
  const clear = found === null
    ? []
    : isCurrent(found)
    ? emptied(where, found, table)
    : [`delete table ${at(where)}`];
  return [
    ...clear,
    `table ${at(where)} {`,
    ...table.base.map((line) => `\t${line}`),
    "}",
    ...additions(where, NO_PARTS, table.parts),
  ];
}

/**
 * The whole ruleset over what the kernel has. Addresses that dnsmasq has put
 * into sets stay allowed, unless the tables are of another version.
 */
export function wholeScript(
  ruleset: Ruleset,
  found: (family: Table["family"]) => FoundTable | null,
): string {
  const lines = ruleset.tables.flatMap((table) =>
    wholeTable(ruleset.name, table, found(table.family))
  );
  return `${lines.join("\n")}\n`;
}

/** What leads from one ruleset to another; "" when they are equal, null when the fixed text differs. */
export function changeScript(from: Ruleset, to: Ruleset): string | null {
  const lines: string[] = [];
  for (const [index, table] of to.tables.entries()) {
    const before = from.tables[index];
    if (
      before === undefined || from.name !== to.name ||
      !sameLines(before.base, table.base)
    ) {
      return null;
    }
    const where = { family: table.family, name: to.name };
    lines.push(
      ...removals(where, before.parts, table.parts),
      ...additions(where, before.parts, table.parts),
    );
  }
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}

/** Takes both tables away, whether they are there or not. */
export function removalScript(name: string): string {
  const families = ["inet", "bridge"];
  return families.flatMap((family) => [
    `add table ${family} ${name}`,
    `delete table ${family} ${name}`,
  ]).join("\n") + "\n";
}
