/**
 * What the words below `cache` print, from the answers of the cache.
 *
 * @module
 */
import type { SigningKeyView } from "../../model/cache_keys.ts";
import type {
  CollectionProgress,
  CollectionReport,
  CollectionStatus,
  KeptWhy,
  Pin,
  RootSourceView,
} from "../../model/collection.ts";
import { type Cell, duration, type Paint, plain, table } from "./table.ts";
import { size } from "./vm_view.ts";

const DAY_MS = 86_400_000;
/** Keepers are listed with their chains up to here, then by name alone. */
const CHAINS_SHOWN = 5;

const SHARES: readonly (
  readonly [keyof NonNullable<CollectionReport["shares"]>, string]
)[] = [
  ["rooted", "stays: a generation, a branch or a pin reaches it"],
  ["recent", "stays: stored or asked for just now"],
  ["young", "stays: asked for in the last days"],
  ["circular", "stays: it refers to itself in a large circle"],
  ["old", "goes: nobody asked for it in all its days"],
  ["over", "goes: the least lately used beyond the bounds"],
];

function count(paths: number, what: string): string {
  return `${paths} ${what}${paths === 1 ? "" : "s"}`;
}

/** One line, written over the one before. */
export function formatProgress(
  { phase, done, total }: CollectionProgress,
): string {
  const part = total === 0 ? "" : ` ${Math.floor(100 * done / total)} %`;
  return `\r\x1b[K${phase}${part}`;
}

/** A report for people. */
export function formatCollection(
  report: CollectionReport,
  paint: Paint,
): string {
  const { shares, removed, dryRun, state } = report;
  const lines: string[] = [];
  if (shares !== null) {
    const rows = SHARES.filter(([key]) => shares[key].paths > 0)
      .map(([key, about]): Cell[] => [
        String(shares[key].paths),
        size(shares[key].bytes),
        { text: about, tone: about.startsWith("goes") ? "busy" : "good" },
      ]);
    lines.push(table(["PATHS", "SIZE", "WHY"], rows, paint));
  }
  if (dryRun && report.largest.length > 0) {
    const rows = report.largest.map(({ path, bytes }) => [
      size(bytes),
      path,
    ]);
    lines.push("\n", table(["SIZE", "LARGEST THAT GO"], rows, paint), "\n");
  }
  for (const source of report.sources) lines.push(...warningsOf(source));
  lines.push(
    dryRun
      ? `nothing was touched: this was a dry run\n`
      : `${count(removed.paths, "path")} gone, ${size(removed.bytes)} freed${
        report.spared > 0
          ? `; ${count(report.spared, "path")} spared, in use since`
          : ""
      }\n`,
  );
  if (state !== "done") lines.push(`${state}: ${plain(report.message)}\n`);
  return lines.join("");
}

function warningsOf(source: RootSourceView): string[] {
  const lines: string[] = [];
  if (source.problem !== null) {
    lines.push(
      `the ${source.name} could not be asked, what it told last counts: ${
        plain(source.problem)
      }\n`,
    );
  }
  if ((source.missing ?? 0) > 0) {
    lines.push(
      `${
        count(source.missing ?? 0, "path")
      } that the ${source.name} keeps are not in the cache\n`,
    );
  }
  return lines;
}

/** What runs, comes and was. */
export function formatCollectionStatus(
  { running, nextAtMs, problem, sources, last }: CollectionStatus,
  nowMs: number,
  paint: Paint,
): string {
  const lines: string[] = [];
  if (running !== null) {
    const { phase, done, total } = running.progress;
    lines.push(
      `${plain(running.by)} ${
        running.dryRun ? "looks at what would go" : "collects"
      }: ${phase}${total === 0 ? "" : ` ${done} of ${total}`}\n`,
    );
  }
  lines.push(
    nextAtMs === null
      ? "collects only when asked to\n"
      : nextAtMs <= nowMs
      ? "the next collection is due\n"
      : `the next collection comes in ${duration(nextAtMs - nowMs)}\n`,
  );
  if (problem !== null) lines.push(`${plain(problem)}\n`);
  const rows = sources.map(({ name, roots, readAtMs, problem }): Cell[] => [
    name,
    String(roots),
    readAtMs === null ? "never" : `${duration(nowMs - readAtMs)} ago`,
    problem === null ? "" : { text: problem, tone: "bad" },
  ]);
  lines.push(table(["SOURCE", "KEEPS", "ASKED", "PROBLEM"], rows, paint));
  if (last.length > 0) {
    const done = last.map((report): Cell[] => [
      `${duration(nowMs - report.endedAtMs)} ago`,
      report.by,
      report.state,
      String(report.removed.paths),
      size(report.removed.bytes),
    ]);
    lines.push(
      "\n",
      table(["COLLECTED", "BY", "STATE", "PATHS", "FREED"], done, paint),
    );
  }
  return lines.join("");
}

/** What keeps a path, for people. */
export function formatKept(
  why: KeptWhy,
  nowMs: number,
  paint: Paint,
): string {
  const lines = [`${plain(why.path)}\n`];
  for (const [at, { label, chain }] of why.keepers.entries()) {
    lines.push(`  ${paint(plain(label), "strong")}\n`);
    if (at >= CHAINS_SHOWN || chain.length < 2) continue;
    for (const [depth, path] of chain.entries()) {
      lines.push(`    ${depth === 0 ? "" : "-> "}${plain(path)}\n`);
    }
  }
  if (!why.complete) {
    lines.push("  and more: so much refers to it that not all was looked at\n");
  }
  const { path, atMs, keptUntilMs } = why.lastUse;
  const ago = atMs === 0
    ? "before this was kept"
    : `${duration(nowMs - atMs)} ago`;
  const through = path === why.path ? "" : `, through ${plain(path)}`;
  lines.push(`last used ${ago}${through}\n`);
  if (why.keepers.length === 0 && why.complete) {
    lines.push(
      keptUntilMs > nowMs
        ? `nothing else keeps it: it stays for ${
          Math.ceil((keptUntilMs - nowMs) / DAY_MS)
        } d more unless it is asked for, less where room is short\n`
        : "nothing keeps it: it goes with the next collection\n",
    );
  }
  for (const source of why.sources) {
    if (source.problem !== null) lines.push(...warningsOf(source));
  }
  return lines.join("");
}

/** `demo: /nix/store/..., for 30 d more` */
export function describePin(
  { name, path, expiresAtMs }: Pin,
  nowMs: number,
): string {
  const until = expiresAtMs === null
    ? ""
    : `, for ${duration(expiresAtMs - nowMs)} more`;
  return `${plain(name)}: ${plain(path)}${until}`;
}

export function formatPins(
  pins: readonly Pin[],
  nowMs: number,
  paint: Paint,
): string {
  if (pins.length === 0) {
    return "no pin yet; make one: procurator cache pin PATH --name NAME\n";
  }
  const rows = pins.map((pin): Cell[] => [
    { text: pin.name, tone: "strong" },
    pin.expiresAtMs === null
      ? "until unpinned"
      : `${duration(pin.expiresAtMs - nowMs)} more`,
    pin.pinnedBy,
    pin.path,
  ]);
  return table(["NAME", "KEPT", "BY", "PATH"], rows, paint);
}

export function describeDeleted(
  { path, bytes }: { path: string; bytes: number },
): string {
  return `deleted ${plain(path)}, ${size(bytes)} freed\n`;
}

/** The keys that sign, with the line that clients copy. */
export function formatKeys(
  keys: readonly SigningKeyView[],
  paint: Paint,
): string {
  const rows = keys.map(({ name, current, configured, signedPart }): Cell[] => [
    name,
    configured ? "configured" : current ? "current" : "until retired",
    signedPart === 1
      ? { text: "all paths", tone: "good" }
      : { text: `${Math.floor(100 * signedPart)} % of paths`, tone: "busy" },
  ]);
  const line = keys.map(({ publicKey }) => publicKey).join(" ");
  return `${table(["KEY", "STATE", "SIGNED"], rows, paint)}
nix.conf of clients:
  extra-trusted-public-keys = ${plain(line)}
`;
}
