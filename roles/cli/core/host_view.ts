/**
 * What was tried on a worker's host, in words. Pure.
 *
 * @module
 */
import { table } from "./table.ts";
import type { HostDriver, HostProbe, HostTrial, HostVolume } from "../roles.ts";

function nameOf({ driver, accel }: HostDriver): string {
  return accel === "kvm" ? `${driver} on KVM` : `${driver} without KVM`;
}

/** One trial as a line, as it ends. */
export function formatTrial(trial: HostTrial): string {
  const { step, ok, note, tookMs } = trial;
  const word = ok ? "ok    " : "FAILED";
  const [first = "", ...more] = note.split("\n");
  const rest = more.map((line) => `\n         ${line}`).join("");
  return `${word}   ${
    nameOf(trial)
  }, ${step} (${tookMs} ms): ${first}${rest}\n`;
}

/** What it came to, and whether a worker here goes by it. */
export function formatProbe(probe: HostProbe): string {
  const { chosen, why, configured, remembered, changed } = probe;
  const lines = [why];
  if (configured !== "auto") {
    lines.push(
      `the configuration names driver "${configured}", whatever was found`,
    );
  } else if (remembered !== null && changed.length > 0) {
    lines.push(
      `the worker goes by ${nameOf(remembered)} until it starts again: ${
        changed.join(", ")
      } changed since`,
    );
  } else if (
    remembered !== null &&
    (chosen === null || nameOf(chosen) !== nameOf(remembered))
  ) {
    lines.push(`the worker goes by ${nameOf(remembered)}, found before`);
  }
  return lines.join("\n") + "\n";
}

const MIB = 1024 * 1024;

/** Volumes as a table; those that nothing ordered here uses stand out. */
export function formatVolumes(volumes: readonly HostVolume[]): string {
  if (volumes.length === 0) return "no volumes\n";
  const rows = volumes.map((volume) => [
    volume.vm ?? "unknown",
    volume.name,
    String(Math.round(volume.sizeBytes / MIB)),
    String(Math.round(volume.usedBytes / MIB)),
    volume.isOrdered ? "yes" : "orphan",
    volume.path,
  ]);
  const head = ["VM", "VOLUME", "MIB", "USED", "ORDERED", "PATH"];
  return table(head, rows, (text) => text);
}
