/**
 * Reads the graph of all paths in slices, while others go on writing.
 *
 * @module
 */
import { type Graph, GraphBuilder, type PathFacts } from "./core/graph.ts";
import type { Pace } from "../../turns/pace.ts";
import type { PathRows } from "./path_rows.ts";

/** Behind none: SQLite numbers rows from 1 on. */
const FIRST_ROW = 0;

export interface ReadOptions {
  rows: PathRows;
  pace: Pace;
  signal: AbortSignal;
  /** Each path before it is added, in its turn. */
  look?: (facts: PathFacts) => PathFacts;
  told?: (
    progress: { phase: "paths" | "references"; done: number; total: number },
  ) => void;
}

/** @throws what `signal` was aborted with. */
export async function readGraph(options: ReadOptions): Promise<Graph> {
  const { rows, pace, signal, told, look = (facts) => facts } = options;
  const total = rows.countPaths();
  const seed = crypto.getRandomValues(new Uint32Array(1))[0] ?? 1;
  const builder = new GraphBuilder({ seed, expected: total });
  let done = 0;
  for (let after = FIRST_ROW;;) {
    const page = rows.factsAfter(after);
    for (const facts of page) builder.addPath(look(facts));
    const last = page.at(-1);
    if (last === undefined) break;
    after = last.row;
    done += page.length;
    told?.({ phase: "paths", done, total: Math.max(done, total) });
    await pace.rest(signal);
  }
  for (let after = "";;) {
    const page = rows.narSizesAfter(after);
    for (const { file, bytes } of page) builder.addNar(file, bytes);
    const last = page.at(-1);
    if (last === undefined) break;
    after = last.file;
    await pace.rest(signal);
  }
  const paths = done;
  done = 0;
  for (let after = "";;) {
    const page = rows.referencesAfter(after);
    for (const { hash, references } of page) {
      builder.addReferences(hash, references);
    }
    const last = page.at(-1);
    if (last === undefined) break;
    after = last.hash;
    done += page.length;
    told?.({ phase: "references", done, total: Math.max(done, paths) });
    await pace.rest(signal);
  }
  return builder.done();
}
