/**
 * Decides what is wrong with a path's record, by the copies there are of each
 * of its fields: the columns, the narinfo's text, the nar's record, the
 * reference rows, and the signatures of our own keys over most of them.
 *
 * A text that one of our keys signed is the truth about its path: what differs
 * is rewritten from it. Where a signature of ours is wrong and every other copy
 * agrees, the signature is what changed: it is made anew. Else nobody can say
 * which copy is right, and the path is taken out. Reads nothing.
 *
 * @module
 */
import { AppError } from "../../../model/errors.ts";
import type { NarRecord } from "../../core/admission.ts";
import {
  type NarInfo,
  narInfoFingerprint,
  parseNarInfo,
} from "../../../nar/core/narinfo.ts";
import {
  type PublicKey,
  signatureKeyName,
  verifySignature,
} from "../../../nar/core/signature.ts";

/** A row of the table `path`, and what belongs to it elsewhere. */
export interface PathFacts {
  hash: string;
  base: string;
  file: string;
  narSize: number;
  text: string;
  /** The record of `file`. */
  nar: NarRecord | undefined;
  /** Hashes, in their order. */
  referenceRows: readonly string[];
}

/** What is to be done with a path. */
export type PathVerdict =
  | { kind: "sound"; info: NarInfo }
  | {
    kind: "path-unreadable" | "path-without-nar" | "path-differs";
    why: string;
  }
  | {
    kind: "signature-wrong" | "references-differ";
    why: string;
    info: NarInfo;
  };

function differenceOf(
  { hash, base, file, narSize, nar }: PathFacts,
  info: NarInfo,
): string | undefined {
  const pairs: [string, unknown, unknown][] = [
    ["name", info.base, base],
    ["hash", info.base.slice(0, 32), hash],
    ["nar", info.file, file],
    ["NarSize", info.narSize, narSize],
    ["NarSize", info.narSize, nar?.narSize],
    ["FileSize", info.fileSize, nar?.fileSize],
    ["NarHash", info.narHash, nar?.narHash],
  ];
  const wrong = pairs.find(([, said, known]) => said !== known);
  return wrong === undefined
    ? undefined
    : `its narinfo says ${wrong[0]} ${wrong[1]}, the tables ${wrong[2]}`;
}

/** What is wrong with the path, the worst first. */
export function judgePath(
  facts: PathFacts,
  { storeDir, keys }: { storeDir: string; keys: readonly PublicKey[] },
): PathVerdict {
  let info: NarInfo;
  try {
    info = parseNarInfo(facts.text, { hash: facts.hash, storeDir });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { kind: "path-unreadable", why: error.message };
  }
  if (facts.nar === undefined) {
    return {
      kind: "path-without-nar",
      why: `there is no record of nar/${facts.file}`,
    };
  }
  const difference = differenceOf(facts, info);
  if (difference !== undefined) {
    return { kind: "path-differs", why: difference };
  }
  const fingerprint = narInfoFingerprint(info);
  const names = new Set(keys.map(({ name }) => name));
  const own = info.signatures.filter((signature) =>
    names.has(signatureKeyName(signature) ?? "")
  );
  const wrong = own.filter((one) => !verifySignature(fingerprint, one, keys));
  const known = [...new Set(info.references.map((base) => base.slice(0, 32)))]
    .sort().join(" ");
  const agrees = known === facts.referenceRows.join(" ");
  const isUnsigned = keys.length > 0 && own.length === 0;
  if (agrees && isUnsigned) {
    return {
      kind: "signature-wrong",
      why: `none of our keys signed it: ${[...names].join(", ")}`,
      info,
    };
  }
  if (agrees && wrong.length === 0) return { kind: "sound", info };
  if (agrees) {
    const name = signatureKeyName(wrong[0] ?? "") ?? "";
    return {
      kind: "signature-wrong",
      why: `the signature by ${name} is not of this narinfo`,
      info,
    };
  }
  const why = "its narinfo and the table of references differ";
  return own.length > wrong.length
    ? { kind: "references-differ", why, info }
    : { kind: "path-differs", why };
}
