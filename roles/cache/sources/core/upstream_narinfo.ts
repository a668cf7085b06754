/**
 * Decides whether an upstream's narinfo is believed, and what becomes of it
 * here: named by our own scheme, signed by our keys as well.
 *
 * Upstreams name nars as they like (`nar/<narhash>.nar?hash=...`). Here a nar's
 * name is the hash of its file, so that hash has to be known before the file
 * is: from FileHash, or from NarHash when nothing is compressed.
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
} from "../../core/narinfo.ts";
import { parseSha256 } from "../../core/sha256.ts";
import {
  type PublicKey,
  type SecretKey,
  signatureKeyName,
  signText,
  verifySignature,
} from "../../core/signature.ts";

/** What of an upstream is ours to give. */
export interface Offer {
  /** As it is served and stored here. */
  info: NarInfo;
  /** `info` as a client downloads it. */
  text: string;
  /** Where its nar is, as the upstream names it. */
  url: string;
}

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

/** The lines that name the nar's file here. */
function ownNames(lines: readonly string[]): string[] {
  // Nix takes a missing line for bzip2.
  const compression = field(lines, "Compression") ?? "bzip2";
  const ending = ENDINGS.get(compression);
  if (ending === undefined) {
    passOver(
      `its nar is compressed with "${
        compression.slice(0, 20)
      }", which cannot be unpacked and so not be checked here`,
    );
  }
  const plain = compression === "none";
  const hash = field(lines, plain ? "NarHash" : "FileHash");
  const size = field(lines, plain ? "NarSize" : "FileSize");
  if (hash === undefined || size === undefined) {
    passOver("it does not say the FileHash and FileSize of its nar");
  }
  const fileHash = parseSha256(hash);
  if (fileHash === undefined) passOver("its FileHash is not a sha256");
  return [
    `URL: nar/${fileHash.slice("sha256:".length)}.nar${ending}`,
    `Compression: ${compression}`,
    `FileHash: ${fileHash}`,
    `FileSize: ${size}`,
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
  const renamed = [
    ...lines.filter((line) => !RENAMED.test(line)),
    ...ownNames(lines),
  ];
  const said = parseNarInfo(renamed.join("\n"), rules);
  const bytes = Math.max(said.narSize, said.fileSize);
  if (bytes > rules.maxNarBytes) {
    passOver(
      `its nar has ${bytes} bytes, at most ${rules.maxNarBytes} are taken`,
    );
  }
  const info = { ...said, signatures: signatures(said, rules) };
  return { info, text: formatNarInfo(info), url };
}
