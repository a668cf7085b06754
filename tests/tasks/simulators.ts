/**
 * Starts simulating processes, which have no permission, and reads what they
 * print. Decides nothing.
 *
 * @module
 */
import type { Settings } from "../sim/run.ts";
import type { SeedResult } from "../sim/summary.ts";

/** Processes at once: a run keeps one core busy and needs 100 MB. */
export const PARALLEL = Math.min(4, navigator.hardwareConcurrency);

/** A trace of 200,000 lines is 20 MB of JSON. */
const MAX_RESULT_CHARS = 128 * 1024 * 1024;

/** The repository that this file belongs to. */
export const root: string = new URL("../../", import.meta.url).pathname;

async function* linesOf(
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<string> {
  const pieces: string[] = [];
  let chars = 0;
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    let start = 0;
    for (
      let end = text.indexOf("\n");
      end !== -1;
      end = text.indexOf("\n", start)
    ) {
      pieces.push(text.slice(start, end));
      yield pieces.splice(0).join("");
      chars = 0;
      start = end + 1;
    }
    pieces.push(text.slice(start));
    chars += text.length - start;
    if (chars > MAX_RESULT_CHARS) throw new Error("a result never ends");
  }
}

/**
 * Runs the simulator of the tree at `directory`; `onResult` is told of each
 * seed when it is done.
 *
 * @throws {Error} when the process does not run, or `signal` ends it.
 */
export async function simulateIn(
  directory: string,
  settings: Settings,
  options: { onResult: (result: SeedResult) => void; signal: AbortSignal },
): Promise<void> {
  const { onResult, signal } = options;
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--no-check",
      "--frozen",
      `${directory}/tests/sim/run.ts`,
      JSON.stringify(settings),
    ],
    cwd: directory,
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
    signal,
  }).spawn();
  for await (const line of linesOf(child.stdout)) {
    let result: SeedResult;
    try {
      result = JSON.parse(line);
    } catch {
      // A simulated component that prints is looked at by whoever made it print.
      console.log(line);
      continue;
    }
    onResult(result);
  }
  const { code } = await child.status;
  if (code !== 0) throw new Error(`the simulator ended with code ${code}`);
}

/** Ends the simulating processes when this one is asked to end. */
export function untilStopped(): AbortSignal & Disposable {
  const stopped = new AbortController();
  const stop = () => stopped.abort(new Error("asked to stop"));
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const name of signals) Deno.addSignalListener(name, stop);
  return Object.assign(stopped.signal, {
    [Symbol.dispose]: () => {
      for (const name of signals) Deno.removeSignalListener(name, stop);
    },
  });
}
