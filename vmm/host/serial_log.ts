/**
 * The serial logs in a VM's directory, one file per boot, written by its VMM.
 * Owns when a boot's log begins, what is dropped and what is read; the rules
 * are core/boot_log.ts's.
 *
 * The worker does not stand between guest and log: the VMM outlives it. So two
 * bounds work together. Once a second what is too old becomes a hole in the
 * file. And the VMM's process may write no file beyond `fileLimitBytes`, which
 * is moved on with each hole: with the worker gone a log ends there, and the
 * guest, whose console swallows the rest, runs on.
 *
 * @module
 */
import { removeIfThere, storageError } from "../../roles/files/mod.ts";
import { AppError } from "../../roles/model/errors.ts";
import { runProcess } from "../../roles/process/run.ts";
import {
  type BootLog,
  bootLogName,
  chooseBoot,
  holeBytes,
  keptOf,
  LOG_BOUNDS,
  type LogBounds,
  originOf,
  parseBootLogName,
  spanToRead,
  tooOld,
} from "../core/boot_log.ts";
import { ownFile } from "./given_files.ts";
import type { LogPiece, LogRequest, LogTail } from "../vmm.ts";

/** Two system calls; a host that swaps may take long. */
const TOOL_TIMEOUT_MS = 10_000;
const TOOLS_HINT = "apt-get install --no-install-recommends util-linux";

/** A log that a VMM is started with. */
export interface BegunLog extends BootLog {
  readonly path: string;
  /** The largest file that its VMM may write. */
  readonly fileLimitBytes: number;
}

/** What is called as the log of a boot in `dir`, whosever it is. */
async function namedIn(dir: string): Promise<BootLog[]> {
  const logs: BootLog[] = [];
  try {
    for await (const { name } of Deno.readDir(dir)) {
      const log = parseBootLogName(name);
      if (log !== null) logs.push(log);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      throw storageError(dir, error);
    }
  }
  return logs;
}

/** The boots whose logs are in `dir`: a VMM's user may make files there, too. */
async function bootsIn(dir: string): Promise<BootLog[]> {
  const logs: BootLog[] = [];
  for (const log of await namedIn(dir)) {
    if (await ownFile(pathOf(dir, log)) !== null) logs.push(log);
  }
  return logs;
}

/** The log of the newest boot in `dir`; null when there is none. */
export async function newestBootLog(dir: string): Promise<string | null> {
  const newest = chooseBoot(await bootsIn(dir), { generation: 0, boot: 0 });
  return newest === null ? null : pathOf(dir, newest);
}

/**
 * Makes the empty log of the boot that is about to begin, for a VMM that
 * appends to it or writes it from `originMib` on. Drops those that are too old.
 *
 * @throws {AppError} `storage`.
 */
export async function beginBootLog(
  dir: string,
  of: { generation: number; originMib: number; gid?: number },
  bounds: LogBounds = LOG_BOUNDS,
): Promise<BegunLog> {
  const logs = await bootsIn(dir);
  for (const old of tooOld(logs)) await removeIfThere(pathOf(dir, old));
  const { keptOldBytes: keptBytes, dropBytes, unwatchedBytes } = bounds;
  for (const former of logs) {
    const path = pathOf(dir, former);
    await punch(path, { keptBytes, dropBytes }).catch(() => undefined);
  }
  const { generation, originMib } = of;
  const boot = 1 +
    logs.reduce((highest, log) => Math.max(highest, log.boot), 0);
  const log = { boot, generation, originMib };
  const path = pathOf(dir, log);
  try {
    await Deno.mkdir(dir, { recursive: true, mode: 0o700 });
    using file = await Deno.open(path, {
      write: true,
      createNew: true,
      mode: of.gid === undefined ? 0o600 : 0o660,
    });
    await file.truncate(originOf(log));
  } catch (error) {
    throw storageError(path, error);
  }
  if (of.gid !== undefined) {
    await Deno.chown(path, null, of.gid);
    await Deno.chmod(path, 0o660);
  }
  return { ...log, path, fileLimitBytes: originOf(log) + unwatchedBytes };
}

/** A boot that did not begin: its empty log must not push those of real ones out. */
export async function abandonBootLog(log: BegunLog): Promise<void> {
  const size = await Deno.stat(log.path).then((info) => info.size, () => 0);
  if (size <= originOf(log)) await removeIfThere(log.path);
}

function pathOf(dir: string, log: BootLog): string {
  return `${dir}/${bootLogName(log)}`;
}

/**
 * Drops what is too old of the newest log, and lets the VMM that writes it
 * write on. Cheap while there is nothing to drop.
 *
 * @param pid 0: that VMM has no limit.
 * @throws {AppError} `missing_dependency`, `failed`: the log ends at its bound then.
 */
export async function boundSerialLog(
  dir: string,
  pid: number,
  bounds: LogBounds = LOG_BOUNDS,
): Promise<void> {
  const log = chooseBoot(await bootsIn(dir), { generation: 0, boot: 0 });
  if (log === null) return;
  const size = await punch(pathOf(dir, log), bounds);
  // A VMM that a former version started has no limit, and its disks must not get one.
  if (size === null || pid === 0 || log.boot === 0) return;
  const limit = size + bounds.unwatchedBytes;
  await tool("prlimit", ["--pid", String(pid), `--fsize=${limit}:`]);
}

/** The size of the file when something was dropped, else null. */
async function punch(
  path: string,
  bounds: Pick<LogBounds, "keptBytes" | "dropBytes">,
): Promise<number | null> {
  const info = await Deno.stat(path).catch(() => null);
  if (info === null) return null;
  const heldBytes = (info.blocks ?? 0) * 512;
  const hole = holeBytes({ size: info.size, heldBytes }, bounds);
  if (hole === 0) return null;
  await tool("fallocate", ["-p", "-o", "0", "-l", String(hole), path]);
  return info.size;
}

async function tool(program: string, args: string[]): Promise<void> {
  const { code, stderrTail } = await runProcess(program, args, {
    timeoutMs: TOOL_TIMEOUT_MS,
    missingHint: TOOLS_HINT,
  });
  if (code !== 0) {
    throw new AppError("failed", `Cannot bound a serial log: ${stderrTail}`);
  }
}

async function readSpan(
  path: string,
  from: number,
  length: number,
): Promise<Uint8Array> {
  if (length === 0) return new Uint8Array();
  using file = await Deno.open(path);
  await file.seek(from, Deno.SeekMode.Start);
  const buffer = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const count = await file.read(buffer.subarray(done));
    if (count === null) break;
    done += count;
  }
  return buffer.subarray(0, done);
}

function keptBoots(logs: readonly BootLog[]): string {
  const kept = logs.toSorted((a, b) => a.boot - b.boot)
    .map(({ boot, generation }) => `${boot} (generation ${generation})`);
  return kept.length === 0
    ? "it has not booted here"
    : `boots whose log is kept: ${kept.join(", ")}`;
}

/** How many bytes the guest has written; null without a log. */
async function lengthOf(dir: string, log: BootLog): Promise<number | null> {
  const info = await Deno.stat(pathOf(dir, log)).catch(() => null);
  return info === null ? null : Math.max(0, info.size - originOf(log));
}

/**
 * A part of one boot's log.
 *
 * @param isRunning whether a VMM may still write to the newest; asked before reading.
 * @throws {AppError} `not_found` when that boot is not kept.
 */
export async function readBootLog(
  dir: string,
  request: LogRequest,
  isRunning: () => boolean,
  bounds: LogBounds = LOG_BOUNDS,
): Promise<LogPiece> {
  const logs = await bootsIn(dir);
  const log = chooseBoot(logs, request);
  const newest = chooseBoot(logs, { generation: 0, boot: 0 });
  const isOver = log !== newest || !isRunning();
  const length = log === null ? null : await lengthOf(dir, log);
  if (log === null || length === null) {
    throw new AppError("not_found", "There is no log of that boot", {
      hint: keptBoots(logs),
    });
  }
  const { keptBytes, keptOldBytes } = bounds;
  const kept = keptOf(length, log === newest ? keptBytes : keptOldBytes);
  const { from, to } = spanToRead(kept, request);
  const bytes = await readSpan(
    pathOf(dir, log),
    originOf(log) + from,
    to - from,
  );
  return {
    bytes,
    boot: log.boot,
    offset: from + bytes.byteLength,
    generation: log.generation,
    // Who reads on has not seen the end yet.
    ended: isOver && from + bytes.byteLength >= length,
  };
}

/** Where the last `maxBytes` of the newest log begin, and which boot it is; null without a log. */
export async function tailOf(
  dir: string,
  maxBytes: number,
): Promise<{ boot: number; offset: number } | null> {
  const log = chooseBoot(await bootsIn(dir), { generation: 0, boot: 0 });
  const length = log === null ? null : await lengthOf(dir, log);
  if (log === null || length === null) return null;
  return { boot: log.boot, offset: Math.max(0, length - maxBytes) };
}

/** The last `maxBytes` of the newest log. */
export async function readSerialTail(
  dir: string,
  maxBytes: number,
): Promise<LogTail> {
  const tail = await tailOf(dir, maxBytes);
  if (tail === null) return { text: "", truncated: false };
  const { bytes, offset } = await readBootLog(
    dir,
    { ...tail, generation: 0, maxBytes },
    () => false,
  );
  return {
    text: new TextDecoder().decode(bytes).replaceAll("\r\n", "\n"),
    truncated: offset > bytes.byteLength,
  };
}

/** Removes every log. */
export async function removeBootLogs(dir: string): Promise<void> {
  for (const log of await namedIn(dir)) await removeIfThere(pathOf(dir, log));
  await removeIfThere(`${dir}/serial.log.1`);
}
