/**
 * Names by which platforms of functions call a runtime with its version:
 * `nodejs18.x`, `python3.11`, and without a dot `python312`.
 *
 * @module
 */
import { type Node, textOf } from "../../formats/node.ts";
import { nodeEvidence } from "../../reading.ts";
import { type Gathering, state } from "../gathering.ts";
import { isOf, type Runtime } from "../targets.ts";
import type { Place } from "./statements.ts";

/** By the word before the number; `isMajor` where the number is a whole one. */
const WORDS: ReadonlyMap<string, { runtime: Runtime; isMajor: boolean }> =
  new Map<string, { runtime: Runtime; isMajor: boolean }>([
    ["nodejs", { runtime: "node", isMajor: true }],
    ["java", { runtime: "jvm", isMajor: true }],
    ["python", { runtime: "python", isMajor: false }],
    ["ruby", { runtime: "ruby", isMajor: false }],
    ["php", { runtime: "php", isMajor: false }],
    ["go", { runtime: "go", isMajor: false }],
  ]);

/** What a name says; null for one that pins nothing. */
export function runtimeOf(
  name: string,
): { runtime: Runtime; version: string } | null {
  const found = /^([a-z]{2,8})(\d{1,4}(?:\.[\dx]{1,4})?)$/.exec(name);
  const word = WORDS.get(found?.[1] ?? "");
  const number = found?.[2] ?? "";
  if (word === undefined) return null;
  const version = word.isMajor || number.includes(".") || number.length < 2
    ? number
    : `${number.slice(0, 1)}.${number.slice(1)}`;
  return { runtime: word.runtime, version };
}

/** Tells the version to the application that the place is of. */
export function runtime(to: Gathering, place: Place, node: Node | null): void {
  const found = runtimeOf(textOf(node)?.trim() ?? "");
  const owner = place.targets.owner(place.path);
  if (node === null || found === null || owner === null) return;
  if (!isOf(owner, found.runtime)) return;
  state(to, {
    path: owner.path,
    field: "runtimeVersion",
    value: found.version,
    source: "procfile",
    evidence: nodeEvidence(place.file, node),
  });
}
