/**
 * What was tried on a worker's host, in words. Pure.
 *
 * @module
 */
import type { HostDriver, HostProbe, HostTrial } from "../roles.ts";

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
