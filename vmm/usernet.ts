/**
 * Asks whether a guest behind QEMU's user network takes a connection.
 *
 * @module
 */
import { connectionsTo, isTaken } from "./core/usernet.ts";
import type { Qmp } from "./qmp.ts";

/** Between looks at QEMU's table: a handshake inside one host takes less. */
const POLL_MS = 20;

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

/** True when the guest itself accepts within `timeoutMs`. Never throws. */
export async function guestAccepts(
  qmp: Qmp,
  where: { host: string; port: number; timeoutMs: number },
): Promise<boolean> {
  const end = performance.now() + where.timeoutMs;
  try {
    const before = await tableOf(qmp, where.port);
    using connection = await Deno.connect({
      hostname: where.host,
      port: where.port,
    });
    let closed = false;
    untilClosed(connection).then(() => closed = true);
    for (;;) {
      if (isTaken(before, await tableOf(qmp, where.port))) return true;
      if (closed || performance.now() >= end) return false;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  } catch {
    return false;
  }
}
