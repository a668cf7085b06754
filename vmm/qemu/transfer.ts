/**
 * A QEMU's state on its way: a migration between it and a file of ours, over a
 * socket in the VM's directory. A mark beside it is there exactly while a guest
 * stands still for us; the socket is none, as closing it removes it.
 *
 * @module
 */
import { z } from "zod";
import {
  removeIfThere,
  storageError,
  writeFileAtomic,
} from "../../roles/files/mod.ts";
import { AppError } from "../../roles/model/errors.ts";
import type { Clock } from "../../roles/model/ports.ts";
import { type Qmp, statusOf } from "./qmp.ts";

/** A large guest on a slow disk; longer, and something hangs. */
const TRANSFER_TIMEOUT_MS = 600_000;
/** QEMU answers within milliseconds that it has begun. */
const POLL_MS = 20;
/** As fast as the disk takes it: the guest stands still meanwhile. */
const MAX_BANDWIDTH = 2 ** 40;

/** The other end of a transfer has gone: QEMU notices with its next write. */
const RECOVER_TIMEOUT_MS = 10_000;

const Migration = z.object({
  status: z.string().optional(),
  "error-desc": z.string().optional(),
});

/** What is under way in QEMU's words. */
const UNDER_WAY = new Set(["setup", "active", "device", "cancelling"]);

/** Where a state goes. */
export interface SaveTo {
  id: string;
  /** The file; it does not exist yet. */
  state: string;
  socket: string;
  /** A file that tells the next process that this one died in between. */
  mark: string;
  /** QEMU's. */
  pid: number;
  wasPaused: boolean;
  clock: Clock;
  /** The guest stands still and QEMU did not take that it shall run on. */
  onLeft: () => void;
}

/** Writes a guest's state to a file and lets it run on; its size in bytes. */
export async function saveState(qmp: Qmp, to: SaveTo): Promise<number> {
  await removeIfThere(to.socket);
  using listener = Deno.listen({ transport: "unix", path: to.socket });
  try {
    // It may run as another user than we.
    const { uid, gid } = await Deno.stat(`/proc/${to.pid}`);
    await Deno.chown(to.socket, uid, gid);
    await writeFileAtomic(to.mark, "");
    if (!to.wasPaused) await qmp.execute("stop");
    await moveOut(qmp, listener, to);
  } catch (error) {
    await letGo(qmp, to).catch(() => undefined);
    throw error;
  }
  await letGo(qmp, to);
  return (await Deno.stat(to.state)).size;
}

/** The mark stays while the guest does not run: the next process finds it. */
async function letGo(qmp: Qmp, to: SaveTo): Promise<void> {
  try {
    if (!to.wasPaused) await qmp.execute("cont");
  } catch (error) {
    to.onLeft();
    throw error;
  }
  await removeIfThere(to.mark);
}

async function moveOut(
  qmp: Qmp,
  listener: Deno.UnixListener,
  to: SaveTo,
): Promise<void> {
  using file = await Deno.open(to.state, {
    write: true,
    createNew: true,
    mode: 0o600,
  });
  await qmp.execute("migrate-set-parameters", {
    "max-bandwidth": MAX_BANDWIDTH,
  });
  const copy = async () => {
    using from = await listener.accept();
    try {
      await from.readable.pipeTo(file.writable);
    } catch (error) {
      throw storageError(to.state, error);
    }
  };
  const copying = copy();
  copying.catch(() => undefined);
  await qmp.execute("migrate", { uri: `unix:${to.socket}` });
  await Promise.all([untilMigrated(qmp, to), copying]);
  using written = await Deno.open(to.state, { write: true });
  await written.sync();
}

/** @throws {AppError} `failed` with QEMU's words, `timeout`. */
async function untilMigrated(
  qmp: Qmp,
  { clock, id }: { clock: Clock; id: string },
): Promise<void> {
  const endMs = clock.bootMs() + TRANSFER_TIMEOUT_MS;
  for (;;) {
    const now = Migration.parse(await qmp.execute("query-migrate"));
    if (now.status === "completed") return;
    if (now.status === "failed" || now.status === "cancelled") {
      throw new AppError(
        "failed",
        `Cannot move the state of "${id}": ${now["error-desc"] ?? now.status}`,
      );
    }
    if (clock.bootMs() >= endMs) {
      await qmp.execute("migrate_cancel");
      throw new AppError(
        "timeout",
        `Cannot move the state of "${id}" within ${TRANSFER_TIMEOUT_MS} ms`,
      );
    }
    await clock.sleep(POLL_MS);
  }
}

/**
 * Brings a QEMU that waits for a state the one in a file, and lets it run.
 *
 * @throws {AppError} `failed`.
 */
export async function loadState(
  qmp: Qmp,
  from: { id: string; state: string; socket: string; clock: Clock },
): Promise<void> {
  await removeIfThere(from.socket);
  try {
    await qmp.execute("migrate-incoming", { uri: `unix:${from.socket}` });
    using into = await Deno.connect({ transport: "unix", path: from.socket });
    const file = await Deno.open(from.state);
    // QEMU has read to its end mark and closes; or it has died, which the next question tells.
    await file.readable.pipeTo(into.writable).catch(() => undefined);
    await untilMigrated(qmp, from);
    await qmp.execute("cont");
  } catch (cause) {
    throw new AppError(
      "failed",
      `Cannot restore "${from.id}": its VMM does not take the snapshot`,
      { cause },
    );
  } finally {
    await removeIfThere(from.socket);
  }
}

/**
 * Lets a guest run on whose worker died while its state was being saved; true
 * when there was one.
 *
 * @throws {AppError} `failed` when it waits for a state that nobody brings.
 */
export async function recoverTransfer(
  qmp: Qmp,
  of: { id: string; mark: string; clock: Clock },
): Promise<boolean> {
  if (await statusOf(qmp) === "inmigrate") {
    throw new AppError(
      "failed",
      `Cannot adopt "${of.id}": it waits for a snapshot that nobody brings`,
    );
  }
  if (await Deno.lstat(of.mark).catch(() => null) === null) return false;
  await qmp.execute("migrate_cancel");
  const endMs = of.clock.bootMs() + RECOVER_TIMEOUT_MS;
  for (;;) {
    const { status = "" } = Migration.parse(await qmp.execute("query-migrate"));
    if (!UNDER_WAY.has(status) || of.clock.bootMs() >= endMs) break;
    await of.clock.sleep(POLL_MS);
  }
  await qmp.execute("cont");
  await removeIfThere(of.mark);
  return true;
}
