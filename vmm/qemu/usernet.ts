/**
 * QEMU's user network: whether a guest behind it takes a connection, and
 * forwards that are added while it runs.
 *
 * @module
 */
import { connectionsTo, forwardedPorts, isTaken } from "./core/usernet.ts";
import { AppError } from "../../roles/model/errors.ts";
import { isPortTaken } from "./core/errors.ts";
import type { Qmp } from "./qmp.ts";
import type { PortMapping, PublishedPort } from "../vmm.ts";

/** Between looks at QEMU's table: a handshake inside one host takes less. */
const POLL_MS = 20;
/**
 * QEMU repeats a SYN that a booting guest missed only after seconds: a new
 * connection is quicker. Not much sooner, as QEMU keeps each for a minute.
 */
const RETRY_MS = 400;

/** The last look at the table may end this much after its time: what it tells is worth it. */
const LATE_MS = 500;

/** What QEMU's human monitor prints for a command. */
async function monitor(
  qmp: Qmp,
  command: string,
  options: { timeoutMs?: number } = {},
): Promise<string> {
  const text = await qmp.execute("human-monitor-command", {
    "command-line": command,
  }, options);
  return String(text);
}

/** A QEMU that hangs must not keep a probe longer than it has. */
async function tableOf(qmp: Qmp, port: number, endMs: number) {
  const timeoutMs = Math.max(1, Math.ceil(endMs - performance.now()));
  return connectionsTo(port, await monitor(qmp, "info usernet", { timeoutMs }));
}

/**
 * Takes published ports for a VM that runs, in their order, until one is taken:
 * where each of its ports is reached then, and which one was taken.
 */
export async function addForwards(
  qmp: Qmp,
  vm: { host: string; ports: readonly PortMapping[] },
  published: readonly PublishedPort[],
): Promise<{ reached: PortMapping[]; taken: number | null }> {
  const reached: PortMapping[] = [];
  let taken: number | null = null;
  for (const port of vm.ports) {
    const wanted = published.find(({ name }) => name === port.name)?.publish;
    const isNew = wanted !== undefined && wanted !== port.host;
    const { guest } = port;
    const held = isNew && taken === null &&
      await addForward(qmp, { host: vm.host, port: wanted, guest });
    if (isNew && !held) taken ??= wanted;
    reached.push(held ? { ...port, host: wanted } : port);
  }
  return { reached, taken };
}

/**
 * Forwards `host:port` to a guest's port, beside what is forwarded already.
 * QEMU's own table is the truth: a worker that died after asking for it finds
 * the forward there. False when something else has the port.
 *
 * @throws {AppError} `unavailable` or `timeout` of the monitor, `failed` with QEMU's words.
 */
async function addForward(
  qmp: Qmp,
  forward: { host: string; port: number; guest: number },
): Promise<boolean> {
  const { host, port, guest } = forward;
  if (forwardedPorts(await monitor(qmp, "info usernet")).has(port)) return true;
  const printed = await monitor(
    qmp,
    `hostfwd_add net0 tcp:${host}:${port}-:${guest}`,
  );
  if (printed.trim() === "") return true;
  if (isPortTaken(printed)) return false;
  throw new AppError(
    "failed",
    `Cannot forward port ${port}: ${printed.trim()}`,
  );
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

/** One connection, watched until the guest takes it, refuses it or `endMs` is over; no answer of QEMU's is waited for beyond `limitMs`. */
async function tryOnce(
  qmp: Qmp,
  where: { host: string; port: number },
  { endMs, limitMs }: { endMs: number; limitMs: number },
): Promise<"taken" | "refused" | "late"> {
  const before = await tableOf(qmp, where.port, limitMs);
  using connection = await Deno.connect({
    hostname: where.host,
    port: where.port,
  });
  let closed = false;
  untilClosed(connection).then(() => closed = true);
  for (;;) {
    if (isTaken(before, await tableOf(qmp, where.port, limitMs))) {
      return "taken";
    }
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
      const endMs = Math.min(end, performance.now() + RETRY_MS);
      const outcome = await tryOnce(qmp, where, {
        endMs,
        limitMs: end + LATE_MS,
      });
      if (outcome !== "late") return outcome === "taken";
    }
    return false;
  } catch {
    return false;
  }
}
