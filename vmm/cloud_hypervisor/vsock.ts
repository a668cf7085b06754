/**
 * The guest channel over cloud-hypervisor's vsock: its unix socket takes a line
 * with the guest's port, answers with one, and is the connection from then on.
 *
 * Source: docs/vsock.md of the project (Firecracker's "hybrid vsock").
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";
import { guestConnection } from "../host/guest_connection.ts";
import type { GuestConnection } from "../vmm.ts";

/** The port that the guest's agent listens on. */
export const CHANNEL_PORT = 1024;
/** `OK 4294967295`; a longer line is no answer. */
const MAX_LINE_BYTES = 32;
/** A guest whose kernel runs answers within milliseconds; one without an agent refuses as soon. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

/** Byte by byte, so that nothing behind the line is taken. Null when it is none. */
async function readLine(socket: Deno.UnixConn): Promise<string | null> {
  const byte = new Uint8Array(1);
  let line = "";
  while (line.length < MAX_LINE_BYTES) {
    if (await socket.read(byte) === null) return null;
    const letter = String.fromCharCode(byte[0] ?? 0);
    if (letter === "\n") return line;
    line += letter;
  }
  return null;
}

/** @throws {AppError} `unavailable` when the VMM or the guest's agent does not answer. */
export async function connectVsock(
  path: string,
  what: string,
  onClose: () => void,
): Promise<GuestConnection> {
  const refused = (why: string, cause?: unknown) =>
    new AppError("unavailable", `Cannot connect to ${what}: ${why}`, {
      cause,
      hint: "look whether the image has the guest's agent",
    });
  let socket: Deno.UnixConn;
  try {
    socket = await Deno.connect({ transport: "unix", path });
  } catch (cause) {
    throw refused("its VMM does not serve it", cause);
  }
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    socket.close();
  }, HANDSHAKE_TIMEOUT_MS);
  try {
    await socket.write(new TextEncoder().encode(`CONNECT ${CHANNEL_PORT}\n`));
    const line = await readLine(socket);
    if (line !== null && /^OK \d+$/.test(line)) {
      return guestConnection(socket, onClose);
    }
    throw refused("nobody listens inside the guest");
  } catch (error) {
    if (isLate) throw refused("the guest does not answer", error);
    socket.close();
    throw error instanceof AppError
      ? error
      : refused("its VMM does not serve it", error);
  } finally {
    clearTimeout(timer);
  }
}
