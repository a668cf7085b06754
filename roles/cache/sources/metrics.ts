/**
 * What the sources count.
 *
 * @module
 */
import { Counter, Gauge, type Registry } from "prom-client";
import type { PathSource } from "./source.ts";

/** Labels are names of configured sources: a handful. */
export interface SourceMetrics {
  lookup(
    source: string,
    what: "narinfo" | "nar" | "object",
    result: "hit" | "miss",
  ): void;
  /** Bytes of nars that came from it. */
  pulled(source: string, bytes: number): void;
  /** An error code, `refused` for what is not believed, `skipped` for not asked since it is down. */
  failure(source: string, kind: string): void;
}

/** Registers the counters, and whether each of `sources` is up. */
export function sourceMetrics(
  registry: Registry,
  sources: () => readonly PathSource[],
): SourceMetrics {
  const registers = [registry];
  const lookups = new Counter({
    name: "procurator_cache_source_lookups_total",
    help:
      "Narinfos, nars, listings and logs asked of other sources than the storage",
    labelNames: ["source", "what", "result"],
    registers,
  });
  const bytes = new Counter({
    name: "procurator_cache_source_bytes_total",
    help: "Bytes of nars that came from other sources than the storage",
    labelNames: ["source"],
    registers,
  });
  const failures = new Counter({
    name: "procurator_cache_source_failures_total",
    help:
      "Failures of sources; refused: not believed; skipped: not asked since it is down",
    labelNames: ["source", "kind"],
    registers,
  });
  new Gauge({
    name: "procurator_cache_source_up",
    help: "1 when the source is asked, 0 while it is passed over",
    labelNames: ["source"],
    registers,
    collect() {
      for (const { name, trouble } of sources()) {
        this.set({ source: name }, trouble === undefined ? 1 : 0);
      }
    },
  });
  return {
    lookup: (source, what, result) => lookups.inc({ source, what, result }),
    pulled: (source, count) => bytes.inc({ source }, count),
    failure: (source, kind) => failures.inc({ source, kind }),
  };
}
