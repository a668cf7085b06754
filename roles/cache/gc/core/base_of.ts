/**
 * From what people and other roles write to what the tables have. Pure.
 *
 * @module
 */
import { AppError } from "../../../model/errors.ts";
import { isPathHash, parseBaseName } from "../../../nar/core/names.ts";

/** `<hash>-<name>` of a store path, or of a file below one. */
export function baseOf(path: string): string {
  return path.split("/")[3] ?? "";
}

/**
 * The hash of a store path, of `<hash>-<name>`, of a file below a store path,
 * or a hash itself.
 *
 * @throws {AppError} `invalid`
 */
export function pathHashOf(text: string, storeDir: string): string {
  const base = text.startsWith(`${storeDir}/`)
    ? text.slice(storeDir.length + 1).split("/")[0] ?? ""
    : text;
  const hash = isPathHash(base) ? base : parseBaseName(base)?.hash;
  if (hash !== undefined) return hash;
  throw new AppError(
    "invalid",
    `"${text.slice(0, 300)}" is no store path`,
    { hint: `name one: ${storeDir}/<hash>-<name>, or its hash` },
  );
}
