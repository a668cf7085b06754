/**
 * Turns what the disk and SQLite throw into something a user can act on.
 *
 * @module
 */
import { AppError } from "../../model/errors.ts";

const DAMAGED = "its database is damaged";

/** SQLite's own words for a full and for a broken disk. */
const SQLITE_CODES = new Map([
  [13, "the disk is full"],
  [10, "the disk has an input/output error"],
  [11, DAMAGED],
  [26, DAMAGED],
  [8, "its database is read-only"],
]);
const SYSTEM_CODES = new Map([
  ["ENOSPC", "the disk is full"],
  ["EDQUOT", "the disk quota is used up"],
  ["EIO", "the disk has an input/output error"],
  ["EROFS", "the disk is read-only"],
  ["EFBIG", "the file is larger than the file system allows"],
]);

/** True for a disk or a quota without room, as the system or SQLite tells it. */
export function isFull(error: unknown): boolean {
  const reason = reasonOf(error);
  return reason === SYSTEM_CODES.get("ENOSPC") ||
    reason === SYSTEM_CODES.get("EDQUOT");
}

function reasonOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  if (typeof errcode === "number") return SQLITE_CODES.get(errcode & 255);
  return typeof code === "string" ? SYSTEM_CODES.get(code) : undefined;
}

const MEND =
  "stop the cache and run procurator cache fsck, which says what to do";

/** `storage` for a full or broken disk; any other error as it is. */
export function toStorageError(what: string, error: unknown): unknown {
  const reason = reasonOf(error);
  if (reason === undefined) return error;
  return new AppError("storage", `Cannot store ${what}: ${reason}`, {
    cause: error,
    hint: reason === DAMAGED
      ? MEND
      : "make room in the cache's state directory, then push again",
  });
}

/** A database that cannot be opened because it is damaged; any other error as it is. What `exec` throws has no code. */
export function toOpenError(path: string, error: unknown): unknown {
  const isDamage = error instanceof Error &&
    /malformed|not a database|disk I\/O error/.test(error.message);
  if (!isDamage) return error;
  return new AppError("storage", `Cannot open ${path}: ${error.message}`, {
    cause: error,
    hint: MEND,
  });
}
