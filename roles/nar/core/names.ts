/**
 * The names a client may ask for or store under. Whatever is not one of these
 * shapes never reaches a file or a table.
 *
 * @module
 */

/** A store path's base name: `<hash>-<name>`, at most 211 characters of name as Nix has it. */
const BASE_NAME =
  /^([0-9a-df-np-sv-z]{32})-([0-9A-Za-z+_?=-][0-9A-Za-z+._?=-]{0,210})$/;
const HASH = /^[0-9a-df-np-sv-z]{32}$/;
const NAR = /^([0-9a-df-np-sv-z]{52})\.nar(?:\.(zst|xz|gz))?$/;
const REALISATION = /^sha256:[0-9a-f]{64}![A-Za-z0-9+._?=-]{1,211}$/;
const BUILD_ID = /^[0-9a-f]{16,64}(?:\.debug)?$/;

/** How a nar is compressed, in the words of a narinfo. */
export type Compression = "none" | "zstd" | "xz" | "gzip";

/** What is accepted, for messages. */
export const ACCEPTED_COMPRESSIONS = "zstd, xz, gzip and none";

const COMPRESSION_OF = new Map<string | undefined, Compression>([
  [undefined, "none"],
  ["zst", "zstd"],
  ["xz", "xz"],
  ["gz", "gzip"],
]);

/** What a nar's file name says: the sha256 of the file and its compression. */
export interface NarName {
  file: string;
  /** `sha256:<nix base 32>` of the file as it is stored. */
  fileHash: string;
  compression: Compression;
}

/** `<filehash>.nar[.zst|.xz|.gz]`, or undefined. */
export function parseNarName(file: string): NarName | undefined {
  const match = NAR.exec(file);
  const compression = COMPRESSION_OF.get(match?.[2]);
  if (match === null || compression === undefined) return undefined;
  return { file, fileHash: `sha256:${match[1]}`, compression };
}

/** The parts of `<hash>-<name>`, or undefined. */
export function parseBaseName(
  base: string,
): { hash: string; name: string } | undefined {
  const match = BASE_NAME.exec(base);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  return { hash: match[1], name: match[2] };
}

/** True for the 32 characters that begin a store path's base name. */
export function isPathHash(text: string): boolean {
  return HASH.test(text);
}

/** The small things a client may store beside narinfos. */
export type ObjectKind = "ls" | "log" | "realisation" | "debuginfo";

/** True when `name` is one that things of this kind are stored under. */
export function isObjectName(kind: ObjectKind, name: string): boolean {
  switch (kind) {
    case "ls":
      return HASH.test(name);
    case "log":
      return name.endsWith(".drv") && parseBaseName(name) !== undefined;
    case "realisation":
      return REALISATION.test(name);
    case "debuginfo":
      return BUILD_ID.test(name);
  }
}
