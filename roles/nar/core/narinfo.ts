/**
 * The narinfo text format: parsing what a client uploads, writing what a
 * client downloads, and the fingerprint that signatures cover.
 *
 * Source of the format: what nix 2.8 to 2.34 send and read (facts in the
 * project's design notes); unknown fields are dropped, as nix itself does.
 *
 * @module
 */
import { AppError } from "../../model/errors.ts";
import {
  ACCEPTED_COMPRESSIONS,
  type Compression,
  parseBaseName,
  parseNarName,
} from "./names.ts";
import { parseSha256 } from "./sha256.ts";
import { signatureKeyName } from "./signature.ts";

/** Ten thousand references of 60 characters are 600 kB: larger is no narinfo. */
export const MAX_NARINFO_BYTES = 1024 * 1024;
/** More signatures than any chain of caches adds; clients try each of them. */
export const MAX_SIGNATURES = 32;
/** As for {@linkcode MAX_NARINFO_BYTES}. */
const MAX_REFERENCES = 16_384;

/** A path's metadata. Hashes are `sha256:<nix base 32>`; references are base names, sorted. */
export interface NarInfo {
  storeDir: string;
  /** `<hash>-<name>` */
  base: string;
  /** The nar's file name; its URL is `nar/<file>`. */
  file: string;
  compression: Compression;
  fileHash: string;
  fileSize: number;
  narHash: string;
  narSize: number;
  references: readonly string[];
  deriver?: string;
  system?: string;
  ca?: string;
  signatures: readonly string[];
}

function refuse(where: string, why: string): never {
  throw new AppError("invalid", `Cannot accept ${where}: ${why}`, {
    hint: "push with a stock nix copy --to this cache",
  });
}

function readFields(text: string, where: string): Map<string, string[]> {
  const fields = new Map<string, string[]>();
  for (const [at, line] of text.split("\n").entries()) {
    if (line === "") continue;
    const colon = line.indexOf(": ");
    // "References: " may have lost its trailing blank on the way.
    const key = colon < 0 ? line.replace(/:$/, "") : line.slice(0, colon);
    if (colon < 0 && !line.endsWith(":")) {
      refuse(where, `line ${at + 1} is not "Key: value"`);
    }
    const value = colon < 0 ? "" : line.slice(colon + 2).trim();
    const values = fields.get(key);
    if (values === undefined) fields.set(key, [value]);
    else if (key === "Sig") values.push(value);
    else refuse(where, `${key} is there twice`);
  }
  return fields;
}

function parseSize(text: string | undefined): number | undefined {
  if (text === undefined || !/^(0|[1-9]\d{0,15})$/.test(text)) return undefined;
  const size = Number(text);
  return Number.isSafeInteger(size) ? size : undefined;
}

function parseReferences(text: string, where: string): string[] {
  const references = text.split(/\s+/).filter((word) => word !== "");
  if (references.length > MAX_REFERENCES) {
    refuse(where, `it has more than ${MAX_REFERENCES} references`);
  }
  for (const reference of references) {
    if (parseBaseName(reference) === undefined) {
      refuse(where, `the reference "${reference}" is not <hash>-<name>`);
    }
  }
  return [...new Set(references)].sort();
}

function parseFile(
  fields: Map<string, string[]>,
  where: string,
): { file: string; compression: Compression; fileHash: string } {
  const url = fields.get("URL")?.[0] ?? "";
  const name = url.startsWith("nar/") ? parseNarName(url.slice(4)) : undefined;
  if (name === undefined) {
    refuse(
      where,
      `its URL "${url}" is not nar/<file hash>.nar[.zst|.xz|.gz]; compressions accepted are ${ACCEPTED_COMPRESSIONS}`,
    );
  }
  const compression = fields.get("Compression")?.[0];
  if (compression !== name.compression) {
    refuse(
      where,
      `its Compression "${compression ?? ""}" is not that of ${url}`,
    );
  }
  const stated = fields.get("FileHash")?.[0];
  if (stated !== undefined && parseSha256(stated) !== name.fileHash) {
    refuse(where, `its FileHash ${stated} is not that of ${url}`);
  }
  return { file: name.file, compression, fileHash: name.fileHash };
}

function parsePath(
  fields: Map<string, string[]>,
  expected: { hash: string; storeDir: string },
  where: string,
): string {
  const storePath = fields.get("StorePath")?.[0] ?? "";
  const prefix = `${expected.storeDir}/`;
  const base = storePath.startsWith(prefix)
    ? storePath.slice(prefix.length)
    : "";
  const parts = parseBaseName(base);
  if (parts === undefined) {
    refuse(where, `its StorePath "${storePath}" is not ${prefix}<hash>-<name>`);
  }
  if (parts.hash !== expected.hash) {
    refuse(where, `its StorePath is ${storePath}, which has another hash`);
  }
  return base;
}

function parseSignatures(texts: readonly string[], where: string): string[] {
  if (texts.length > MAX_SIGNATURES) {
    refuse(where, `it has more than ${MAX_SIGNATURES} signatures`);
  }
  for (const text of texts) {
    if (signatureKeyName(text) === undefined) {
      refuse(where, `the signature "${text}" is not name:base64 of 64 bytes`);
    }
  }
  return [...new Set(texts)];
}

/** Fields that are taken as they are must still be one harmless line. */
function optionalWord(
  fields: Map<string, string[]>,
  key: string,
  shape: RegExp,
  where: string,
): string | undefined {
  const value = fields.get(key)?.[0];
  if (value === undefined || value === "" || value === "unknown-deriver") {
    return undefined;
  }
  if (!shape.test(value)) refuse(where, `its ${key} "${value}" is malformed`);
  return value;
}

/**
 * Reads a narinfo uploaded as `<expected.hash>.narinfo`.
 *
 * @throws {AppError} `invalid`, naming the field.
 */
export function parseNarInfo(
  text: string,
  expected: { hash: string; storeDir: string },
): NarInfo {
  const where = `${expected.hash}.narinfo`;
  const fields = readFields(text, where);
  const base = parsePath(fields, expected, where);
  const file = parseFile(fields, where);
  const narHash = parseSha256(fields.get("NarHash")?.[0] ?? "");
  const narSize = parseSize(fields.get("NarSize")?.[0]);
  const fileSize = parseSize(fields.get("FileSize")?.[0]);
  if (narHash === undefined) refuse(where, "its NarHash is not a sha256");
  if (narSize === undefined) refuse(where, "its NarSize is not a size");
  if (fileSize === undefined) refuse(where, "its FileSize is not a size");
  const deriver = optionalWord(
    fields,
    "Deriver",
    /^[0-9A-Za-z+._?=-]{34,255}$/,
    where,
  );
  const system = optionalWord(fields, "System", /^[0-9a-z_-]{1,64}$/, where);
  const ca = optionalWord(fields, "CA", /^[0-9A-Za-z:+/=._-]{1,255}$/, where);
  return {
    storeDir: expected.storeDir,
    base,
    ...file,
    fileSize,
    narHash,
    narSize,
    references: parseReferences(fields.get("References")?.[0] ?? "", where),
    ...(deriver === undefined ? {} : { deriver }),
    ...(system === undefined ? {} : { system }),
    ...(ca === undefined ? {} : { ca }),
    signatures: parseSignatures(fields.get("Sig") ?? [], where),
  };
}

/** The text a client downloads. */
export function formatNarInfo(info: NarInfo): string {
  const lines = [
    `StorePath: ${info.storeDir}/${info.base}`,
    `URL: nar/${info.file}`,
    `Compression: ${info.compression}`,
    `FileHash: ${info.fileHash}`,
    `FileSize: ${info.fileSize}`,
    `NarHash: ${info.narHash}`,
    `NarSize: ${info.narSize}`,
    `References: ${info.references.join(" ")}`,
  ];
  if (info.deriver !== undefined) lines.push(`Deriver: ${info.deriver}`);
  if (info.system !== undefined) lines.push(`System: ${info.system}`);
  if (info.ca !== undefined) lines.push(`CA: ${info.ca}`);
  for (const signature of info.signatures) lines.push(`Sig: ${signature}`);
  return lines.join("\n") + "\n";
}

/** What signatures cover: path, content hash, size and references. */
export function narInfoFingerprint(info: NarInfo): string {
  const references = info.references.map((base) => `${info.storeDir}/${base}`);
  return `1;${info.storeDir}/${info.base};${info.narHash};${info.narSize};${
    references.join(",")
  }`;
}
