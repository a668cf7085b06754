/**
 * What `cache status` prints: what the cache's page shows. Pure.
 *
 * @module
 */
import {
  type CacheStatus,
  hitRate,
  type LargestClosures,
  type Push,
  type SourceStatus,
} from "../../model/cache_status.ts";
import { formatCollectionStatus } from "./cache_view.ts";
import { type Cell, duration, type Paint, plain, table } from "./table.ts";
import { size } from "./vm_view.ts";

const READERS: Readonly<Record<CacheStatus["anonymous"], string>> = {
  viewer: "anybody",
  local: "anybody on its host, others with a token",
  none: "who has a token",
};

function factsOf(status: CacheStatus, nowMs: number): [string, string][] {
  const { content, disk, traffic, publicKeys } = status;
  const { hits, misses } = traffic.narInfos;
  const refused = traffic.refusedUploads === 0
    ? ""
    : `, ${traffic.refusedUploads} uploads refused`;
  return [
    ["url", status.url],
    ...publicKeys.map((key): [string, string] => ["public key", key]),
    ["read by", READERS[status.anonymous]],
    ["paths", `${content.paths}, ${size(content.narBytes)} unpacked`],
    [
      "on disk",
      `${size(content.fileBytes)}; ${size(disk.freeBytes)} of ${
        size(disk.totalBytes)
      } free`,
    ],
    ["hit rate", `${hitRate(traffic.narInfos)} of ${hits + misses} look-ups`],
    [
      "traffic",
      `${size(traffic.sentBytes)} sent, ${
        size(traffic.receivedBytes)
      } received${refused}`,
    ],
    ["counted", `for ${duration(nowMs - status.startedAtMs)}`],
  ];
}

function formatPushes(
  pushes: readonly Push[],
  nowMs: number,
  paint: Paint,
): string {
  if (pushes.length === 0) {
    return "nothing was pushed yet: nix copy --to 'URL?compression=zstd' PATH\n";
  }
  const rows = pushes.map((push): Cell[] => [
    `${duration(nowMs - push.lastAtMs)} ago`,
    push.by === "" ? "not known" : push.by,
    `${push.paths}${push.whole ? "" : "+"}`,
    size(push.bytes),
    push.path,
  ]);
  return table(["PUSHED", "BY", "PATHS", "SIZE", "LAST PATH"], rows, paint);
}

function formatLargest(
  largest: LargestClosures | null,
  paint: Paint,
): string {
  if (largest === null) {
    return "the largest closures are being looked for: ask again in a moment\n";
  }
  const rows = largest.closures.map(({ path, paths, bytes }) => [
    String(paths),
    size(bytes),
    path,
  ]);
  return rows.length === 0 ? "" : table(
    ["PATHS", "SIZE", `LARGEST CLOSURES${largest.complete ? "" : " SEEN"}`],
    rows,
    paint,
  );
}

function formatSources(
  sources: readonly SourceStatus[],
  paint: Paint,
): string {
  const rows = sources.map((source): Cell[] => [
    source.name,
    hitRate(source),
    size(source.bytes),
    String(source.failures),
    source.trouble === null
      ? { text: "asked", tone: "good" }
      : { text: `passed over: ${source.trouble}`, tone: "bad" },
  ]);
  return rows.length === 0 ? "" : table(
    ["UPSTREAM", "HIT RATE", "FETCHED", "FAILED", "STATE"],
    rows,
    paint,
  );
}

/** Everything, the figures first. */
export function formatCacheStatus(
  status: CacheStatus,
  nowMs: number,
  paint: Paint,
): string {
  const facts = factsOf(status, nowMs);
  const width = Math.max(...facts.map(([name]) => name.length));
  const lines = facts.map(([name, text]) =>
    `${paint(name.padEnd(width), "quiet")}  ${plain(text)}\n`
  );
  const parts = [
    lines.join(""),
    formatPushes(status.pushes, nowMs, paint),
    formatLargest(status.largest, paint),
    formatSources(status.sources, paint),
    formatCollectionStatus(status.collection, nowMs, paint),
  ];
  return parts.filter((part) => part !== "").join("\n");
}
