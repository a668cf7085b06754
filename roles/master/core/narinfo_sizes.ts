/**
 * The three fields of a narinfo that sizes are counted from. Checks them as
 * hostile text: a cache is another machine.
 *
 * Source of the format: what nix 2.8 to 2.34 send and read (facts in the
 * project's design notes).
 *
 * @module
 */
import { AppError } from "../../model/errors.ts";

/** What is kept of a path. */
export interface PathSize {
  /** `/nix/store/<hash>-<name>` */
  path: string;
  /** Unpacked, in bytes. */
  narSize: number;
  /** Base names, itself left out. */
  references: readonly string[];
}

/** 32 characters of nix's base 32, then a name. */
const BASE_NAME = /^([0-9a-df-np-sv-z]{32})-[0-9A-Za-z+._?=-]{1,211}$/;
/** As roles/cache accepts: larger is no narinfo. */
const MAX_REFERENCES = 16_384;

/** The hash part of `<hash>-<name>`; null for what is no base name. */
export function hashOfBaseName(base: string): string | null {
  return BASE_NAME.exec(base)?.[1] ?? null;
}

/** The base name of a store path or of a file below it; null for another path. */
export function baseNameOf(path: string): string | null {
  const parts = path.split("/");
  const base = parts[3] ?? "";
  const isInStore = parts[0] === "" && parts[1] === "nix" &&
    parts[2] === "store";
  return isInStore && BASE_NAME.test(base) ? base : null;
}

function fieldOf(text: string, key: string): string | null {
  for (const line of text.split("\n")) {
    if (line.startsWith(`${key}:`)) return line.slice(key.length + 1).trim();
  }
  return null;
}

/**
 * Reads what was served as `<hash>.narinfo`.
 *
 * @throws {AppError} `failed`, naming the field.
 */
export function parsePathSize(text: string, hash: string): PathSize {
  const refuse = (why: string): never => {
    throw new AppError("failed", `Cannot read ${hash}.narinfo: ${why}`);
  };
  const path = fieldOf(text, "StorePath") ?? "";
  const base = baseNameOf(path);
  if (base === null || path !== `/nix/store/${base}`) {
    return refuse("its StorePath is no store path");
  }
  if (hashOfBaseName(base) !== hash) {
    return refuse("its StorePath is another one");
  }
  const size = fieldOf(text, "NarSize") ?? "";
  if (!/^\d{1,15}$/.test(size)) return refuse("its NarSize is not a size");
  const references = (fieldOf(text, "References") ?? "").split(/\s+/)
    .filter((word) => word !== "" && word !== base);
  if (references.length > MAX_REFERENCES) {
    return refuse(`it has more than ${MAX_REFERENCES} references`);
  }
  if (references.some((word) => hashOfBaseName(word) === null)) {
    return refuse("a reference is not <hash>-<name>");
  }
  return { path, narSize: Number(size), references };
}
