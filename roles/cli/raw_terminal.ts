/**
 * The terminal with every key as it is pressed, Ctrl-C included, and as it was
 * before once it is closed, however the program ends short of kill -9.
 *
 * @module
 */

/** A terminal whose keys all go somewhere else; disposed: as it was. */
export interface RawTerminal extends Disposable {
  /** Of the window now. */
  size(): { columns: number; rows: number };
  /** The next keys; null at the end of input. */
  read(): Promise<Uint8Array | null>;
}

/** Keys that are taken at once: a pasted page. */
const MAX_KEYS = 4096;

/** The process's own; null when its input or output is no terminal. */
export function openRawTerminal(): RawTerminal | null {
  if (!Deno.stdin.isTerminal() || !Deno.stdout.isTerminal()) return null;
  Deno.stdin.setRaw(true);
  const restore = () => {
    try {
      Deno.stdin.setRaw(false);
    } catch {
      // The terminal is gone: there is nothing to put right.
    }
  };
  // Deno.exit and an error that nobody caught end here too.
  globalThis.addEventListener("unload", restore);
  return {
    size: () => Deno.consoleSize(),
    async read() {
      const buffer = new Uint8Array(MAX_KEYS);
      const count = await Deno.stdin.read(buffer);
      return count === null ? null : buffer.subarray(0, count);
    },
    [Symbol.dispose]() {
      globalThis.removeEventListener("unload", restore);
      restore();
    },
  };
}
