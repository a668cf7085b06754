/**
 * The cache's own counters, beside those of every HTTP role.
 *
 * @module
 */
import { Counter, Gauge, type Registry } from "prom-client";
import type { Metadata } from "./storage/metadata.ts";

/** What the endpoints count. */
export interface CacheMetrics {
  narinfo(result: "hit" | "miss"): void;
  nar(result: "hit" | "miss"): void;
  sent(bytes: number): void;
  received(bytes: number): void;
  /** An upload was refused, by error code. */
  refused(code: string): void;
}

function addSizes(registry: Registry, metadata: Metadata): void {
  const sizes = {
    paths: "Store paths",
    narBytes: "Bytes of all paths unpacked",
    nars: "Nar files",
    fileBytes: "Bytes of all nar files as stored",
    objects: "Listings, logs, realisations and debug infos",
  } as const;
  new Gauge({
    name: "procurator_cache_content",
    help: `What is in the cache: ${Object.values(sizes).join("; ")}`,
    labelNames: ["what"],
    registers: [registry],
    collect() {
      const stats = metadata.stats();
      for (const key of Object.keys(sizes) as (keyof typeof sizes)[]) {
        this.set({ what: key }, stats[key]);
      }
    },
  });
}

/** Registers the counters. */
export function cacheMetrics(
  registry: Registry,
  metadata: Metadata,
): CacheMetrics {
  addSizes(registry, metadata);
  const lookups = new Counter({
    name: "procurator_cache_lookups_total",
    help: "Narinfos and nars asked for",
    labelNames: ["what", "result"],
    registers: [registry],
  });
  const bytes = new Counter({
    name: "procurator_cache_nar_bytes_total",
    help: "Bytes of nars, by direction; for answers the bytes promised",
    labelNames: ["direction"],
    registers: [registry],
  });
  const refused = new Counter({
    name: "procurator_cache_refused_uploads_total",
    help: "Uploads refused, by error code",
    labelNames: ["code"],
    registers: [registry],
  });
  return {
    narinfo: (result) => lookups.inc({ what: "narinfo", result }),
    nar: (result) => lookups.inc({ what: "nar", result }),
    sent: (count) => bytes.inc({ direction: "sent" }, count),
    received: (count) => bytes.inc({ direction: "received" }, count),
    refused: (code) => refused.inc({ code }),
  };
}
