/**
 * Server processes for the interop tests and the benchmark: both print their
 * port when they listen.
 *
 * @module
 */

const SERVICE = new URL("./service.ts", import.meta.url).pathname;
const ROOT = new URL("../../", import.meta.url).pathname;

export interface ServerProcess {
  port: number;
  pid: number;
  kill(signal?: Deno.Signal): void;
  /** Kills it if it still runs, and waits for its end. */
  [Symbol.asyncDispose](): Promise<void>;
}

async function start(
  program: string,
  args: readonly string[],
): Promise<ServerProcess> {
  const child = new Deno.Command(program, {
    args: [...args],
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`${program} ended before it listened`);
    text += value;
  }
  await reader.cancel();
  const kill = (signal: Deno.Signal = "SIGTERM") => {
    try {
      child.kill(signal);
    } catch {
      // Ended already.
    }
  };
  return {
    port: Number(text),
    pid: child.pid,
    kill,
    async [Symbol.asyncDispose]() {
      kill("SIGKILL");
      await child.status;
    },
  };
}

/** The C++ server that `buildCpp` made. */
export function startCppServer(program: string): Promise<ServerProcess> {
  return start(program, []);
}

/** Our server in a process of its own. */
export function startOurServer(): Promise<ServerProcess> {
  return start(Deno.execPath(), [
    "run",
    "--no-check",
    "--allow-net=127.0.0.1",
    SERVICE,
  ]);
}

export interface Outcome {
  success: boolean;
  text: string;
}

/** Runs the C++ client to its end. */
export async function runCppClient(
  program: string,
  port: number,
  args: readonly string[] = [],
): Promise<Outcome> {
  const output = await new Deno.Command(program, {
    args: [`127.0.0.1:${port}`, ...args],
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return {
    success: output.success,
    text: decode(output.stdout) + (output.success ? "" : decode(output.stderr)),
  };
}
