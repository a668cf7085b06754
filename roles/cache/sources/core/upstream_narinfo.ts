/**
 * Decides whether an upstream's narinfo is believed, and what becomes of it
 * here: named by our own scheme, signed by our keys as well.
 *
 * Upstreams name nars as they like (`nar/<narhash>.nar?hash=...`). Here a nar's
 * name is the hash of its file, so that hash has to be known before the file
 * is: from FileHash; else the nar is unpacked on its way and has its NarHash.
 *
 * @module
 */
import { AppError } from "../../../model/errors.ts";
import {
  formatNarInfo,
  MAX_SIGNATURES,
  type NarInfo,
  narInfoFingerprint,
  parseNarInfo,
} from "../../../nar/core/narinfo.ts";
import { parseSha256 } from "../../../nar/core/sha256.ts";
import {
  type PublicKey,
  type SecretKey,
  signatureKeyName,
  signText,
  verifySignature,
} from "../../../nar/core/signature.ts";

/** What of an upstream is ours to give. */
export interface Offer {
  /** As it is served and stored here. */
  info: NarInfo;
  /** `info` as a client downloads it. */
  text: string;
  /** Where its nar is, as the upstream names it. */
  url: string;
  /** How it is packed there, when it is not as it is offered here. */
  unpack?: Unpacking;
}

/** What can be unpacked on the way. */
export type Unpacking = "zstd" | "gzip" | "br";

/** What an offer is judged by. */
export interface OfferRules {
  hash: string;
  storeDir: string;
  /** The upstream's keys: one of them must have signed. */
  trusted: readonly PublicKey[];
  signing: readonly SecretKey[];
  maxNarBytes: number;
}

/** The endings our own names have, by the narinfo's word. */
const ENDINGS = new Map([
  ["none", ""],
  ["zstd", ".zst"],
  ["xz", ".xz"],
  ["gzip", ".gz"],
]);
/** What nars are unpacked from when their file's hash is not known, or has no ending here. */
const UNPACKED = new Map<string, Unpacking>([
  ["zstd", "zstd"],
  ["gzip", "gzip"],
  ["br", "br"],
]);
/** The lines that are said anew. */
const RENAMED = /^(?:URL|Compression|FileHash|FileSize):/;

function passOver(why: string): never {
  throw new AppError("refused", `Cannot take it over: ${why}`);
}

function field(lines: readonly string[], key: string): string | undefined {
  const found = lines.filter((line) => line.startsWith(`${key}:`));
  if (found.length > 1) passOver(`${key} is there twice`);
  return found[0]?.slice(key.length + 1).trim();
}

/** The lines that name the nar's file here, and what makes it of the upstream's. */
function ownNames(
  lines: readonly string[],
): { names: string[]; unpack?: Unpacking } {
  // Nix takes a missing line for bzip2.
  const compression = field(lines, "Compression") ?? "bzip2";
  const ending = ENDINGS.get(compression);
  const unpack = UNPACKED.get(compression);
  if (ending === undefined && unpack === undefined) {
    passOver(
      `its nar is compressed with "${
        compression.slice(0, 20)
      }", which cannot be unpacked and so not be checked here`,
    );
  }
  const hash = field(lines, "FileHash");
  const size = field(lines, "FileSize");
  const plain = compression === "none";
  if (
    !plain && ending !== undefined && hash !== undefined && size !== undefined
  ) {
    return { names: namesOf({ hash, size, compression, ending }) };
  }
  if (!plain && unpack === undefined) {
    passOver("it does not say the FileHash and FileSize of its nar");
  }
  const names = namesOf({
    hash: field(lines, "NarHash") ?? "",
    size: field(lines, "NarSize") ?? "",
    compression: "none",
    ending: "",
  });
  return { names, ...(unpack === undefined ? {} : { unpack }) };
}

function namesOf(
  file: { hash: string; size: string; compression: string; ending: string },
): string[] {
  const fileHash = parseSha256(file.hash);
  if (fileHash === undefined) passOver("the hash of its nar is not a sha256");
  return [
    `URL: nar/${fileHash.slice("sha256:".length)}.nar${file.ending}`,
    `Compression: ${file.compression}`,
    `FileHash: ${fileHash}`,
    `FileSize: ${file.size}`,
  ];
}

/** All are valid: ours, then the upstream's; wrong ones under our names are of somebody else. */
function signatures(info: NarInfo, rules: OfferRules): string[] {
  const fingerprint = narInfoFingerprint(info);
  const known = [...rules.trusted, ...rules.signing.map((key) => key.public)];
  const names = new Set(known.map((key) => key.name));
  const trusted = info.signatures.some((signature) =>
    verifySignature(fingerprint, signature, rules.trusted)
  );
  if (!trusted) {
    passOver(
      `none of its ${info.signatures.length} signatures is a valid one of ${
        rules.trusted.map((key) => key.name).join(", ")
      }`,
    );
  }
  const kept = info.signatures.filter((signature) =>
    !names.has(signatureKeyName(signature) ?? "") ||
    verifySignature(fingerprint, signature, known)
  );
  const ours = rules.signing.map((key) => signText(fingerprint, key));
  return [...new Set([...ours, ...kept])].slice(0, MAX_SIGNATURES);
}

/**
 * What to offer of the path that an upstream describes by `text`.
 *
 * @throws {AppError} `invalid`, `refused`: why it is passed over.
 */
export function takeOver(text: string, rules: OfferRules): Offer {
  const lines = text.split("\n").map((line) => line.replace(/\r$/, ""));
  const url = field(lines, "URL");
  if (url === undefined || url === "") passOver("it has no URL");
  const { names, unpack } = ownNames(lines);
  const renamed = [
    ...lines.filter((line) => !RENAMED.test(line)),
    ...names,
  ];
  const said = parseNarInfo(renamed.join("\n"), rules);
  const bytes = Math.max(said.narSize, said.fileSize);
  if (bytes > rules.maxNarBytes) {
    passOver(
      `its nar has ${bytes} bytes, at most ${rules.maxNarBytes} are taken`,
    );
  }
  const info = { ...said, signatures: signatures(said, rules) };
  const offer = { info, text: formatNarInfo(info), url };
  return unpack === undefined ? offer : { ...offer, unpack };
}
