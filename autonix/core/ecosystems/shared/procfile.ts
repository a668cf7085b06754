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
  command: string;
  evidence: Evidence;
}

/** The process that is the application: `web`, or its worker where there is none. */
export function mainProcess(reading: Reading, file: string): Process | null {
  const commands = new Map<string, Process>();
  for (const { number, text } of reading.lines(file).slice(0, MAX_LINES)) {
    const [, name, command] = LINE.exec(text.slice(0, 1_100).trim()) ?? [];
    if (name === undefined || command === undefined) continue;
    if (commands.has(name)) continue;
    const evidence = { file, line: number };
    commands.set(name, { command: command.trim(), evidence });
  }
  const name = PROCESSES.find((one) => commands.has(one));
  return name === undefined ? null : commands.get(name) ?? null;
}
