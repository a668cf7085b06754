/**
 * The world as a command sees it, so that tests can hand it another one.
 *
 * @module
 */
import { systemClock, systemRandom } from "../clock/mod.ts";
import type { Environment } from "../config/mod.ts";
import { AppError } from "../model/errors.ts";
import type { Clock, Random } from "../model/ports.ts";
import { ownCommand } from "../process/own_command.ts";
import { type Paint, painter } from "./core/table.ts";
import type {
  EnrolAsked,
  MasterClient,
  MasterTarget,
} from "./master_client.ts";
import { openRawTerminal, type RawTerminal } from "./raw_terminal.ts";

/** Longest standard input that a command reads unless it says otherwise: a token. */
const MAX_INPUT_BYTES = 64 * 1024;

/** What commands read, write and call. */
export interface CliContext {
  readonly env: Environment;
  readonly clock: Clock;
  readonly random: Random;
  readonly paint: Paint;
  /** True when standard output is a terminal. */
  readonly terminal: boolean;
  out(text: string): void;
  /** What is no text: a backup. */
  outBytes(bytes: Uint8Array): void;
  err(text: string): void;
  /** What a program inside a guest wrote to its standard error. */
  errBytes(bytes: Uint8Array): void;
  /** The words that run this program again, for programs that call it: git. */
  readonly command: readonly string[];
  /** A secret from standard input, asked for where that is a terminal. */
  readSecret(prompt: string): Promise<string>;
  /** What another program writes to standard input, until it ends; `maxBytes` is a token's size when not given. */
  readInput(maxBytes?: number): Promise<string>;
  /** Standard input as it comes, for a program inside a guest. */
  input(): ReadableStream<Uint8Array>;
  /** The terminal with every key as it is pressed; null when input or output is none. */
  openTerminal(): RawTerminal | null;
  /** Exchanges a one-time token for a worker's own. */
  enrolWorker(
    target: Omit<MasterTarget, "token">,
    asked: EnrolAsked,
  ): Promise<string>;
  connectMaster(target: MasterTarget): Promise<MasterClient>;
  /** Resolves when the user or the system asks to stop; a second time ends the process. */
  untilStopped(): Promise<void>;
  /** The exit status of a command that answers and yet did not do: `status --wait`. */
  exitStatus: number;
}

/** Whoever read the output is gone, as in `| head -1`: nobody is left to tell anything. */
export class ReaderGone extends Error {
  override readonly name = "ReaderGone";
}

/** Throws ReaderGone. */
function writeAll(
  to: typeof Deno.stdout,
  content: string | Uint8Array,
): void {
  const bytes = typeof content === "string"
    ? new TextEncoder().encode(content)
    : content;
  try {
    for (let at = 0; at < bytes.length;) at += to.writeSync(bytes.subarray(at));
  } catch (cause) {
    if (!(cause instanceof Deno.errors.BrokenPipe)) throw cause;
    throw new ReaderGone("Cannot write as nobody reads", { cause });
  }
}

async function readInput(maxBytes = MAX_INPUT_BYTES): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of Deno.stdin.readable) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > maxBytes) {
      throw new AppError(
        "invalid",
        `Cannot read standard input: it is larger than ${maxBytes} bytes`,
      );
    }
  }
  return text.trim();
}

/** Reads a line without showing it. */
async function readHidden(prompt: string): Promise<string> {
  writeAll(Deno.stderr, prompt);
  const decoder = new TextDecoder();
  let text = "";
  Deno.stdin.setRaw(true, { cbreak: true });
  try {
    const buffer = new Uint8Array(1024);
    for (;;) {
      const count = await Deno.stdin.read(buffer);
      if (count === null) return text.trim();
      for (const char of decoder.decode(buffer.subarray(0, count))) {
        if (char === "\n" || char === "\r") return text.trim();
        if (char === "\x7f" || char === "\b") text = text.slice(0, -1);
        else if (text.length < MAX_INPUT_BYTES) text += char;
      }
    }
  } finally {
    Deno.stdin.setRaw(false);
    writeAll(Deno.stderr, "\n");
  }
}

function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    const stop = () => {
      // 128 + SIGINT: the user does not want to wait for the graceful way.
      if (asked) Deno.exit(130);
      asked = true;
      resolve();
    };
    Deno.addSignalListener("SIGINT", stop);
    Deno.addSignalListener("SIGTERM", stop);
  });
}

/** The real world. */
export function systemContext(): CliContext {
  const env = Deno.env.toObject();
  const terminal = Deno.stdout.isTerminal();
  const colors = terminal && (env["NO_COLOR"] ?? "") === "" &&
    env["TERM"] !== "dumb";
  return {
    env,
    clock: systemClock,
    random: systemRandom,
    paint: painter(colors),
    terminal,
    out: (text) => writeAll(Deno.stdout, text),
    outBytes: (bytes) => writeAll(Deno.stdout, bytes),
    err: (text) => writeAll(Deno.stderr, text),
    errBytes: (bytes) => writeAll(Deno.stderr, bytes),
    input: () => Deno.stdin.readable,
    openTerminal: openRawTerminal,
    enrolWorker: async (target, asked) => {
      const { enrolWorker } = await import("./master_rpc.ts");
      return await enrolWorker(target, asked);
    },
    command: ownCommand(env["PROCURATOR_EXECUTABLE"]),
    readInput,
    readSecret: (prompt) =>
      Deno.stdin.isTerminal() ? readHidden(prompt) : readInput(),
    connectMaster: async (target) => {
      const { connectMaster } = await import("./master_rpc.ts");
      return await connectMaster(target);
    },
    untilStopped,
    exitStatus: 0,
  };
}
