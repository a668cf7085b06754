/**
 * `.cargo/config.toml`: for which machine cargo builds.
 *
 * @module
 */
import { basenameOf, directoryOf, joinPath } from "../../file_tree.ts";
import { at, itemsOf, textOf } from "../../formats/node.ts";
import type { Reading } from "../../reading.ts";

export const CARGO_CONFIGS = [".cargo/config.toml", ".cargo/config"];

/** Firmware: no system that could start it. */
const BARE = /-none\b|^thumb|^avr-|^xtensa-|^msp430/;

export interface Target {
  /** As the directory below `target` is called. */
  triple: string;
  isBare: boolean;
}

/** The nearest that is named at or above a directory; null: this machine. */
export function targetOf(reading: Reading, directory: string): Target | null {
  for (let here = directory;; here = directoryOf(here)) {
    const file = reading.tree.first(here, CARGO_CONFIGS);
    const node = file === null
      ? null
      : at(reading.toml(file), "build", "target");
    const named = textOf(node) ?? textOf(itemsOf(node)[0] ?? null);
    if (named !== null && /^[\w./-]{1,100}$/.test(named)) {
      const path = joinPath(here, named) ?? named;
      const triple = basenameOf(path).replace(/\.json$/, "");
      return { triple, isBare: BARE.test(triple) };
    }
    if (here === ".") return null;
  }
}
