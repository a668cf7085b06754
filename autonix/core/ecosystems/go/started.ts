/**
 * The program that a Procfile starts, and where it looks for it: what is built
 * has to lie there.
 *
 * @module
 */
import { basenameOf, joinPath } from "../../file_tree.ts";
import type { Reading } from "../../reading.ts";
import { mainProcess, processesOf } from "../shared/procfile.ts";
import type { Program } from "./programs.ts";

export interface Started {
  /** Null when it is called like none of them. */
  program: Program | null;
  /** Relative to the module: `bin/shop`, `shop`. */
  output: string;
}

const PROGRAM = /^(\.\/)?((?:[\w.-]{1,60}\/){0,4})([\w.-]{1,100})$/;

/** Null when it starts something else: a script, a tool, what an installation brought. */
export function startedProgram(
  reading: Reading,
  directory: string,
  of: { programs: readonly Program[]; name: string },
): Started | null {
  const { programs, name } = of;
  const file = joinPath(directory, "Procfile") ?? "";
  if (!reading.tree.has(file) || programs.length === 0) return null;
  const process = mainProcess(processesOf(reading, file));
  const [word = ""] = process?.command.split(" ", 1) ?? [];
  const [, here = "", folder = "", base = ""] = PROGRAM.exec(word) ?? [];
  if (base === "" || folder.includes("..")) return null;
  const output = `${folder}${base}`;
  if (reading.tree.has(joinPath(directory, output) ?? "")) return null;
  const program =
    programs.find((one) =>
      one.directory === "." ? base === name : basenameOf(one.directory) === base
    ) ?? null;
  // A bare word may be any program of the machine.
  const isOwn = program !== null || here !== "" || folder !== "";
  return isOwn ? { program, output } : null;
}
