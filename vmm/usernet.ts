/**
 * Asks whether a guest behind QEMU's user network takes a connection.
 *
 * @module
 */
import { connectionsTo, isTaken } from "./core/usernet.ts";
import type { Qmp } from "./qmp.ts";

/** Between looks at QEMU's table: a handshake inside one host takes less. */
const POLL_MS = 20;
/**
 * QEMU repeats a SYN that a booting guest missed only after seconds: a new
 * connection is quicker. Not much sooner, as QEMU keeps each for a minute.
 */
const RETRY_MS = 400;

async function tableOf(qmp: Qmp, port: number) {
  const text = await qmp.execute("human-monitor-command", {
    "command-line": "info usernet",
  });
  return connectionsTo(port, String(text));
}

/** Resolves when the other side closes. */
async function untilClosed(connection: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(1024);
  try {
    while (await connection.read(buffer) !== null);
  } catch {
    // Reset, or closed by us.
  }
}

/** One connection, watched until the guest takes it, refuses it or `endMs` is over. */
async function tryOnce(
  qmp: Qmp,
  where: { host: string; port: number },
  endMs: number,
): Promise<"taken" | "refused" | "late"> {
  const before = await tableOf(qmp, where.port);
  using connection = await Deno.connect({
    hostname: where.host,
    port: where.port,
  });
  let closed = false;
  untilClosed(connection).then(() => closed = true);
  for (;;) {
    if (isTaken(before, await tableOf(qmp, where.port))) return "taken";
    if (closed) return "refused";
    if (performance.now() >= endMs) return "late";
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** True when the guest itself accepts within `timeoutMs`. Never throws. */
export async function guestAccepts(
  qmp: Qmp,
  where: { host: string; port: number; timeoutMs: number },
): Promise<boolean> {
  const end = performance.now() + where.timeoutMs;
  try {
    while (performance.now() < end) {
      const until = Math.min(end, performance.now() + RETRY_MS);
      const outcome = await tryOnce(qmp, where, until);
      if (outcome !== "late") return outcome === "taken";
    }
    return false;
  } catch {
    return false;
  }
}
