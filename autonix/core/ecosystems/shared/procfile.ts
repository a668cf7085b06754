/**
 * Procfile: the processes that a platform runs, by name.
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import type { Reading } from "../../reading.ts";

/** Strongest first. `release` runs before a start, not as one. */
const PROCESSES = ["web", "app", "server", "bot", "worker"];
const LINE = /^([A-Za-z][\w-]{0,60})\s{0,8}:\s{0,8}(\S.{0,1000})$/;
/** More processes than that no platform runs. */
const MAX_LINES = 200;

export interface Process {
  name: string;
  command: string;
  evidence: Evidence;
}

export function processesOf(reading: Reading, file: string): Process[] {
  return reading.lines(file).slice(0, MAX_LINES).flatMap(({ number, text }) => {
    const [, name, command] = LINE.exec(text.slice(0, 1_100).trim()) ?? [];
    return name === undefined || command === undefined ? [] : [{
      name,
      command: command.trim(),
      evidence: { file, line: number },
    }];
  });
}

/** The one that is the application: `web`, or its worker where there is none. */
export function mainProcess<P extends Process>(
  processes: readonly P[],
): P | null {
  for (const wanted of PROCESSES) {
    const found = processes.find(({ name }) => name === wanted);
    if (found !== undefined) return found;
    // `custom_web`, `web-production`: before any worker.
    const alike = wanted === "server" &&
      processes.find(({ name }) => /(?:^|[_-])web(?:$|[_-])/.test(name));
    if (alike) return alike;
  }
  return null;
}
