/**
 * Connections to a guest without a machine: a guest channel, where what is
 * written an agent hears in the same turn, and what it says waits to be read;
 * and a keyboard.
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";
import type { SimulatedAgent } from "./core/agent.ts";
import type { GuestConnection } from "../vmm.ts";

/** Said and not read: a real channel would make the guest wait here. */
const MAX_WAITING_BYTES = 1024 * 1024;

/**
 * @param agent null: nobody listens in that guest.
 * @param onClose called once, whoever ends it.
 */
export function simulatedChannel(
  agent: SimulatedAgent | null,
  onClose: () => void,
): GuestConnection {
  const waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let wake = Promise.withResolvers<void>();
  let isClosed = false;
  const close = () => {
    if (isClosed) return;
    isClosed = true;
    wake.resolve();
    onClose();
  };
  const readable = new ReadableStream<Uint8Array>({
    async pull(controller) {
      while (waiting.length === 0 && !isClosed) {
        await wake.promise;
        wake = Promise.withResolvers();
      }
      const piece = waiting.shift();
      if (piece === undefined) return controller.close();
      waitingBytes -= piece.byteLength;
      controller.enqueue(piece);
    },
    cancel: close,
  }, { highWaterMark: 0 });
  return {
    readable,
    close,
    write(bytes) {
      if (isClosed || waitingBytes > MAX_WAITING_BYTES) {
        close();
        return Promise.reject(
          new AppError("unavailable", "The guest's end has closed"),
        );
      }
      const said = new TextEncoder().encode(agent?.hear(bytes) ?? "");
      if (said.byteLength > 0) waiting.push(said);
      waitingBytes += said.byteLength;
      wake.resolve();
      return Promise.resolve();
    },
  };
}

/** What is typed goes to `type`; nothing comes back this way. */
export function keyboardOf(type: (text: string) => void): GuestConnection {
  const decoder = new TextDecoder();
  const closed = Promise.withResolvers<void>();
  const readable = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await closed.promise;
      controller.close();
    },
  }, { highWaterMark: 0 });
  return {
    readable,
    close: () => closed.resolve(),
    write(bytes) {
      type(decoder.decode(bytes, { stream: true }));
      return Promise.resolve();
    },
  };
}
