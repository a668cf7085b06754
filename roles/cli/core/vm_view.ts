/**
 * What `vm` and its words print. Pure.
 *
 * @module
 */
import type { SnapshotInfo } from "../../model/snapshot.ts";
import type { Figures } from "../vm_client.ts";
import { duration, type Paint, table } from "./table.ts";

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** `1.5 GiB`; `-` for what nobody knows. */
export function size(bytes: number | null): string {
  if (bytes === null) return "-";
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** One VM's figures; null: they could not be read, and why. */
export interface VmFiguresRow {
  vm: string;
  figures: Figures | null;
  problem: string;
}

/** Processors kept busy between two looks; null without a former one. */
function busy(now: Figures, before: Figures | undefined): string {
  if (now.cpuSeconds === null) return "-";
  if (before === undefined || before.cpuSeconds === null) {
    return `${now.cpuSeconds.toFixed(1)} s`;
  }
  const seconds = (now.atMs - before.atMs) / 1000;
  // It has booted since: what it used before is another guest's.
  if (seconds <= 0 || now.cpuSeconds < before.cpuSeconds) return "-";
  const percent = 100 * (now.cpuSeconds - before.cpuSeconds) / seconds;
  return `${percent.toFixed(0)} %`;
}

/** Figures of VMs, and with a former look their processors' load since then. */
export function formatFigures(
  rows: readonly VmFiguresRow[],
  paint: Paint,
  before: ReadonlyMap<string, Figures> = new Map(),
): string {
  if (rows.length === 0) return "no VMs run\n";
  return table(
    ["VM", "CPU", "MEMORY", "READ", "WRITTEN", "RECEIVED", "SENT", "MESSAGE"],
    rows.map(({ vm, figures, problem }) =>
      figures === null ? [vm, "-", "-", "-", "-", "-", "-", problem] : [
        vm,
        busy(figures, before.get(vm)),
        size(figures.memoryBytes),
        size(figures.diskReadBytes),
        size(figures.diskWrittenBytes),
        size(figures.networkReceivedBytes),
        size(figures.networkSentBytes),
        "",
      ]
    ),
    paint,
  );
}

/** Snapshots of a VM, oldest first. */
export function formatSnapshots(
  list: readonly SnapshotInfo[],
  nowMs: number,
  paint: Paint,
): string {
  if (list.length === 0) return "no snapshots\n";
  return table(
    ["NAME", "MADE", "SIZE", "GENERATION"],
    list.map(({ name, createdAtMs, bytes, generation }) => [
      name,
      `${duration(nowMs - createdAtMs)} ago`,
      size(bytes),
      String(generation),
    ]),
    paint,
  );
}
