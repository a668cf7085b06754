/**
 * Long-running children of tests: their output goes to a file, they are ended
 * by their pid, and disposal leaves none behind.
 *
 * @module
 */

/** A child that serves until it is ended. */
export interface ServingProcess extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  /** Set once it has ended. */
  ended(): Deno.CommandStatus | null;
  /** Resolves when it has ended. */
  readonly status: Promise<Deno.CommandStatus>;
  /** What it has printed since its start. */
  log(): Promise<string>;
  /** Sends the signal and waits for the end. */
  end(signal: Deno.Signal): Promise<Deno.CommandStatus>;
}

/** How to start it. */
export interface ServeOptions {
  name: string;
  /** Standard output and error are appended here. */
  logFile: string;
  env?: Record<string, string>;
  clearEnv?: boolean;
  cwd?: string;
}

/** Time for a clean stop before disposal ends it by force. */
const STOP_MS = 10_000;

/** Starts `words` (a program and its arguments). */
export function startProcess(
  words: readonly string[],
  options: ServeOptions,
): ServingProcess {
  const child = new Deno.Command("/bin/sh", {
    // exec keeps the pid: a signal meets the program, not a shell.
    args: [
      "-c",
      'log=$1; shift; exec "$@" >>"$log" 2>&1 </dev/null',
      "sh",
      options.logFile,
      ...words,
    ],
    env: options.env ?? {},
    clearEnv: options.clearEnv ?? false,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  let status: Deno.CommandStatus | null = null;
  const finished = child.status.then((value) => status = value);
  const kill = (signal: Deno.Signal) => {
    try {
      if (status === null) child.kill(signal);
    } catch {
      // It ended in between, which is what was wanted.
    }
  };
  return {
    name: options.name,
    pid: child.pid,
    ended: () => status,
    status: finished,
    // The shell makes the file: there is a moment without one.
    log: () => Deno.readTextFile(options.logFile).catch(() => ""),
    end(signal) {
      kill(signal);
      return finished;
    },
    async [Symbol.asyncDispose]() {
      if (status !== null) return;
      kill("SIGTERM");
      const timer = setTimeout(() => kill("SIGKILL"), STOP_MS);
      await finished;
      clearTimeout(timer);
    },
  };
}

/**
 * Waits for a condition while the process lives.
 *
 * @throws {Error} with the end of its log when it ended or the time is over.
 */
export async function whileServing<T>(
  process: ServingProcess,
  what: string,
  look: () => Promise<T | null | undefined | false>,
  options: { timeoutMs: number },
): Promise<T> {
  const end = performance.now() + options.timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await look();
      if (value !== null && value !== undefined && value !== false) {
        return value;
      }
    } catch (error) {
      last = error;
    }
    const ended = process.ended();
    if (ended !== null || performance.now() > end) {
      const why = ended === null
        ? `not within ${options.timeoutMs} ms`
        : `${process.name} ended with ${ended.signal ?? ended.code}`;
      const tail = (await process.log()).split("\n").slice(-25).join("\n");
      throw new Error(`No ${what}: ${why}\n${tail}`, { cause: last });
    }
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}
