/**
 * What a small object is about. Pure.
 *
 * @module
 */
import { z } from "zod";
import {
  isPathHash,
  parseBaseName,
  parseNarName,
} from "../../../nar/core/names.ts";

/** A path by its hash, or a nar by its file name. */
export type Subject =
  | { kind: "path"; hash: string }
  | { kind: "nar"; file: string };

const Realisation = z.object({ outPath: z.string() });
const Debuginfo = z.object({ archive: z.string() });

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}

/**
 * Without its subject the object is of no use to anybody. Undefined where that
 * cannot be told: such an object stays.
 */
export function subjectOf(
  { kind, name, body }: {
    kind: "ls" | "realisation" | "debuginfo";
    name: string;
    body: Uint8Array;
  },
): Subject | undefined {
  if (kind === "ls") {
    return isPathHash(name) ? { kind: "path", hash: name } : undefined;
  }
  if (kind === "realisation") {
    const base = Realisation.safeParse(parseJson(body)).data?.outPath;
    const parts = parseBaseName(base?.split("/").at(-1) ?? "");
    return parts === undefined ? undefined : { kind: "path", hash: parts.hash };
  }
  const archive = Debuginfo.safeParse(parseJson(body)).data?.archive;
  const file = archive?.split("/").at(-1) ?? "";
  return parseNarName(file) === undefined ? undefined : { kind: "nar", file };
}
