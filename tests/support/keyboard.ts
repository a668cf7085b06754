/**
 * A terminal whose keys the test presses.
 *
 * @module
 */
import type { RawTerminal } from "../../roles/cli/raw_terminal.ts";

/** Keys to press, and what became of the terminal. */
export interface Keyboard {
  terminal: RawTerminal;
  press(text: string): Promise<void>;
  isRestored(): boolean;
}

/** A window of 60 columns and 20 rows. */
export function keyboard(): Keyboard {
  const keys = new TransformStream<Uint8Array, Uint8Array>();
  const writer = keys.writable.getWriter();
  const reader = keys.readable.getReader();
  let isRestored = false;
  return {
    terminal: {
      size: () => ({ columns: 60, rows: 20 }),
      read: async () => (await reader.read()).value ?? null,
      [Symbol.dispose]: () => {
        isRestored = true;
      },
    },
    press: (text) => writer.write(new TextEncoder().encode(text)),
    isRestored: () => isRestored,
  };
}
