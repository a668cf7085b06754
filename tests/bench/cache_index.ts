/**
 * `bench cache-index`: a cache of 1,000,000 paths, as a process of its own.
 * How long a narinfo takes over HTTP, cold ones mixed with hot ones; how long
 * a dry run of a collection takes; what the process needs at its peak.
 *
 * The paths are made here, in the shape of real ones: names of 60 characters,
 * eight references each to what is older, mostly to what is a little older, so
 * that closures are thousands of paths deep in the graph. Rows go straight into
 * the tables, since a million pushes would take an hour; there are no nars,
 * which neither figure reads.
 *
 * @module
 */
import { z } from "zod";
import { encodeNixBase32 } from "../../roles/nar/core/nix_base32.ts";
import { formatNarInfo } from "../../roles/nar/core/narinfo.ts";
import { Database } from "../../roles/cache/storage/database.ts";
import { CollectionReport } from "../../roles/model/collection.ts";
import { type CacheProcess, startCacheProcess } from "../support/cache.ts";
import { tempDir } from "../support/temp.ts";
import { median } from "./median.ts";

const PATHS = 1_000_000;
const REFERENCES = 8;
/** With the hash and the dash these are 60 characters. */
const NAME = "some-package-name-12.34.5-x";
/** References stay among so many that were built one after the other, as packages refer to others of their own release. */
const RELEASE = 50_000;
/** Pinned: the newest of branches and generations. */
const ROOTS = 300;
/** Half of the paths were used lately. */
const OLD_MS = 60 * 24 * 3_600_000;
/** Rows of one transaction. */
const BATCH = 20_000;
const LOOKUPS = 4000;
/** Every second look-up is one of these. */
const HOT = 200;

/** What came of it; the first three are the goals. */
export interface CacheIndexResult {
  lookupP50Ms: number;
  gcDryRunSeconds: number;
  rssMiB: number;
  coldP50Ms: number;
  hotP50Ms: number;
  lookupP99Ms: number;
  /** Narinfos asked for one after the other while a second dry run goes on. */
  lookupP99MsDuringGc: number;
  startMs: number;
  databaseMiB: number;
  garbagePaths: number;
}

/** The same numbers in each run: what is measured is not the draw. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function randomBytes(draw: () => number, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => Math.floor(draw() * 256));
}

/** All paths' hashes in their order, and which of them is the n-th oldest. */
interface Graph {
  hashes: string[];
  byAge: Uint32Array;
  ageOf: Uint32Array;
}

function makeGraph(draw: () => number): Graph {
  const hashes = Array.from(
    { length: PATHS },
    () => encodeNixBase32(randomBytes(draw, 20)),
  ).sort();
  const byAge = Uint32Array.from({ length: PATHS }, (_, at) => at);
  for (let at = PATHS - 1; at > 0; at--) {
    const other = Math.floor(draw() * (at + 1));
    const held = byAge[at] ?? 0;
    byAge[at] = byAge[other] ?? 0;
    byAge[other] = held;
  }
  const ageOf = new Uint32Array(PATHS);
  byAge.forEach((path, age) => ageOf[path] = age);
  return { hashes, byAge, ageOf };
}

function referencesOf(graph: Graph, age: number, draw: () => number): string[] {
  const found = new Set<string>();
  const older = age % RELEASE;
  for (let count = 0; count < Math.min(REFERENCES, older); count++) {
    // Cubed: most are close, some are far.
    const back = 1 + Math.floor(draw() ** 3 * (older - 1));
    found.add(graph.hashes[graph.byAge[age - back] ?? 0] ?? "");
  }
  return [...found];
}

interface Indexed {
  name: string;
  sql: string;
}

/** Fills the tables; indexes are made afterwards, which is a sort in place of a million searches. */
function fill(file: string, graph: Graph, draw: () => number): void {
  using database = new Database(file);
  const { sql } = database;
  sql.exec("PRAGMA synchronous = OFF");
  const indexes = sql.prepare(
    "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ('path', 'reference')",
  ).all() as unknown as Indexed[];
  for (const { name } of indexes) sql.exec(`DROP INDEX ${name}`);
  const putNar = sql.prepare("INSERT INTO nar VALUES (?,?,?,?,?)");
  const putPath = sql.prepare("INSERT INTO path VALUES (?,?,?,?,?,?,?,?)");
  const putReference = sql.prepare("INSERT INTO reference VALUES (?,?)");
  const nowMs = Date.now();
  for (let from = 0; from < PATHS; from += BATCH) {
    database.transaction("paths", () => {
      for (let at = from; at < Math.min(PATHS, from + BATCH); at++) {
        const hash = graph.hashes[at] ?? "";
        const age = graph.ageOf[at] ?? 0;
        const references = referencesOf(graph, age, draw).sort();
        const digest = encodeNixBase32(randomBytes(draw, 32));
        const narFile = `${digest}.nar.zst`;
        const narSize = Math.floor(1000 + draw() * 1_000_000);
        const base = `${hash}-${NAME}`;
        const text = formatNarInfo({
          storeDir: "/nix/store",
          base,
          file: narFile,
          compression: "zstd",
          fileHash: `sha256:${digest}`,
          fileSize: narSize >> 2,
          narHash: `sha256:${digest}`,
          narSize,
          references: references.map((reference) => `${reference}-${NAME}`),
          deriver: `${hash}-${NAME}.drv`,
          signatures: [`procurator-cache-1:${"A".repeat(86)}==`],
        });
        const usedAtMs = age < PATHS / 2 ? nowMs - OLD_MS : nowMs;
        putNar.run(narFile, narSize >> 2, `sha256:${digest}`, narSize, 1);
        putPath.run(
          ...[hash, base, narFile, narSize, text, 1, usedAtMs, "ci"] as const,
        );
        for (const reference of references) putReference.run(hash, reference);
      }
    });
  }
  for (const { sql: text } of indexes) sql.exec(text);
  const putPin = sql.prepare("INSERT INTO pin VALUES (?,?,?,?,?)");
  for (let root = 0; root < ROOTS; root++) {
    const age = PATHS - 1 - root * Math.floor(PATHS / ROOTS / 2);
    const hash = graph.hashes[graph.byAge[age] ?? 0] ?? "";
    putPin.run(`root-${root}`, `${hash}-${NAME}`, "bench", nowMs, null);
  }
  database.emptyLog();
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = Math.min(sorted.length - 1, Math.floor(sorted.length * share));
  return Number((sorted[at] ?? 0).toFixed(3));
}

async function lookUp(cache: CacheProcess, hash: string): Promise<number> {
  const start = performance.now();
  const response = await fetch(`${cache.url}/${hash}.narinfo`);
  const text = await response.text();
  if (!response.ok || !text.includes(hash)) throw new Error(text);
  return performance.now() - start;
}

async function lookUps(cache: CacheProcess, graph: Graph, draw: () => number) {
  const cold: number[] = [];
  const hot: number[] = [];
  const pick = () => graph.hashes[Math.floor(draw() * PATHS)] ?? "";
  const favourites = Array.from({ length: HOT }, pick);
  for (const hash of favourites) await lookUp(cache, hash);
  for (let count = 0; count < LOOKUPS / 2; count++) {
    hot.push(await lookUp(cache, favourites[count % HOT] ?? ""));
    cold.push(await lookUp(cache, pick()));
  }
  return { cold, hot };
}

const Line = z.object({ report: CollectionReport });

async function dryRun(cache: CacheProcess): Promise<CollectionReport> {
  const response = await fetch(`${cache.url}/api/v1/gc`, {
    method: "POST",
    headers: { authorization: `Bearer ${cache.token("admin")}` },
    body: JSON.stringify({ dryRun: true }),
  });
  const lines = (await response.text()).trim().split("\n");
  const last = lines.at(-1) ?? "";
  if (!response.ok) throw new Error(last);
  return Line.parse(JSON.parse(last)).report;
}

async function peakMiB(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024);
}

/** Makes the cache and measures. */
export async function run(): Promise<CacheIndexResult> {
  await using dir = await tempDir("bi");
  const draw = randomFrom(1);
  console.error(`making ${PATHS} paths`);
  const graph = makeGraph(draw);
  const file = `${dir.path}/cache.sqlite`;
  fill(file, graph, draw);
  const databaseMiB = Math.round((await Deno.stat(file)).size / 1024 ** 2);
  console.error(`${databaseMiB} MiB; starting the cache`);
  const begun = performance.now();
  await using cache = await startCacheProcess(dir.path, {
    config: { gc: { standalone: true, intervalHours: 0 } },
  });
  const startMs = Math.round(performance.now() - begun);
  const { cold, hot } = await lookUps(cache, graph, draw);
  console.error("a dry run of a collection");
  const gcBegun = performance.now();
  await dryRun(cache);
  const gcDryRunSeconds = (performance.now() - gcBegun) / 1000;
  console.error(`${gcDryRunSeconds.toFixed(1)} s; again, with look-ups`);
  let gcDone = false;
  const collecting = dryRun(cache).finally(() => gcDone = true);
  const during: number[] = [];
  while (!gcDone) {
    const hash = graph.hashes[Math.floor(draw() * PATHS)] ?? "";
    during.push(await lookUp(cache, hash));
  }
  const report = await collecting;
  const round = (value: number) => Number(value.toFixed(3));
  return {
    lookupP50Ms: round(median([...cold, ...hot])),
    gcDryRunSeconds: Number(gcDryRunSeconds.toFixed(1)),
    rssMiB: await peakMiB(cache.child.pid),
    coldP50Ms: round(median(cold)),
    hotP50Ms: round(median(hot)),
    lookupP99Ms: percentile([...cold, ...hot], 0.99),
    lookupP99MsDuringGc: percentile(during, 0.99),
    startMs,
    databaseMiB,
    garbagePaths: garbageIn(report),
  };
}

function garbageIn({ shares }: CollectionReport): number {
  return shares === null ? 0 : shares.old.paths + shares.over.paths;
}

if (import.meta.main) console.log(JSON.stringify(await run(), null, 2));
