/**
 * What files of hosting platforms say: commands, ports, variables.
 *
 * @module
 */
import { itemsOf, type Node, scalarText, textOf } from "../../formats/node.ts";
import { nodeEvidence } from "../../reading.ts";
import { isPlaceholder, isSecretName, OF_TOOLS } from "../env_files.ts";
import { type Gathering, state } from "../gathering.ts";
import type { Targets } from "../targets.ts";

export interface Place {
  file: string;
  /** Directory it speaks of. */
  path: string;
  targets: Targets;
}

export type Reader = (to: Gathering, root: Node, place: Place) => void;

export function command(
  to: Gathering,
  { file, path }: Place,
  field: "install" | "build" | "start",
  node: Node | null,
): void {
  const words = itemsOf(node).map((item) => scalarText(item) ?? "");
  const text = (textOf(node) ?? words.join(" && ")).trim();
  if (node === null || text === "" || text.length > 2_000) return;
  state(to, {
    path,
    field,
    value: text,
    source: "procfile",
    evidence: nodeEvidence(file, node),
  });
}

export function port(
  to: Gathering,
  { file, path }: Place,
  node: Node | null,
): void {
  const value = Number(scalarText(node));
  if (node === null || !Number.isInteger(value)) return;
  if (value < 1 || value > 65535) return;
  state(to, {
    path,
    field: "port",
    value,
    source: "procfile",
    evidence: nodeEvidence(file, node),
  });
}

export function variable(
  to: Gathering,
  { file, path }: Place,
  of: { name: string; value: string | null; required: boolean; node: Node },
): void {
  const { name, value, required, node } = of;
  if (OF_TOOLS.has(name) || !/^[A-Za-z_]\w{0,199}$/.test(name)) return;
  const isTold = value !== null && value !== "" && !isSecretName(name) &&
    !isPlaceholder(name, value);
  state(to, {
    path,
    field: "env",
    value: {
      name,
      required: required && !isTold,
      ...(isTold ? { default: value } : {}),
    },
    source: "procfile",
    evidence: nodeEvidence(file, node),
  });
}
