/**
 * A unix socket that a VMM serves, as a connection to what is behind it in the
 * guest. Keeps no more than one piece that nobody has read: who does not read
 * slows the guest's writes to it, and fills nothing.
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";
import type { GuestConnection } from "../vmm.ts";

/** One read: a socket's buffer holds not much more. */
const PIECE_BYTES = 16 * 1024;

/**
 * @param onClose called once, whoever ends it.
 * @throws {AppError} `unavailable` when nobody serves it.
 */
export async function connectGuest(
  path: string,
  what: string,
  onClose: () => void = () => undefined,
): Promise<GuestConnection> {
  try {
    const socket = await Deno.connect({ transport: "unix", path });
    return guestConnection(socket, onClose);
  } catch (cause) {
    throw new AppError(
      "unavailable",
      `Cannot connect to ${what}: its VMM does not serve it`,
      {
        cause,
        hint:
          "a VM that a former version started has it from its next start on",
      },
    );
  }
}

/** The connection over a socket that is connected. */
export function guestConnection(
  socket: Deno.UnixConn,
  onClose: () => void,
): GuestConnection {
  let isClosed = false;
  const close = () => {
    if (isClosed) return;
    isClosed = true;
    try {
      socket.close();
    } catch {
      // Closed by the other side's end.
    }
    onClose();
  };
  const buffer = new Uint8Array(PIECE_BYTES);
  const readable = new ReadableStream<Uint8Array>({
    async pull(controller) {
      // An error is an end too: the VMM has gone, or `close` was called.
      const count = await socket.read(buffer).catch(() => null);
      if (count !== null) return controller.enqueue(buffer.slice(0, count));
      controller.close();
      close();
    },
    cancel: close,
  }, { highWaterMark: 0 });
  return {
    readable,
    close,
    async write(bytes) {
      try {
        for (let done = 0; done < bytes.byteLength;) {
          done += await socket.write(bytes.subarray(done));
        }
      } catch (cause) {
        close();
        throw new AppError("unavailable", "The guest's end has closed", {
          cause,
        });
      }
    },
  };
}
