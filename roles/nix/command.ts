/**
 * One run of a nix program: its lines offered as plain text within bounds, its
 * failure turned into an error that says what was being done.
 *
 * @module
 */
import { AppError } from "../model/errors.ts";
import { runProcess } from "../process/run.ts";
import { nixFailure, plainLine } from "./core/failure.ts";

/** Lines kept for an error: an evaluation's trace is this long at most in practice. */
const MAX_ERROR_LINES = 200;
/** Characters of log offered per command: a build that prints in a loop must not fill the log store. */
const MAX_LOG_CHARS = 16 * 1024 * 1024;
export const MISSING_HINT = "sudo apt-get install nix-bin";

/** What every command takes. */
export interface NixCall {
  /** Aborting ends nix and its builders. */
  signal?: AbortSignal;
  /** Each line that nix and its builders print, as plain text. Bounded in length and number. */
  onLog?: (line: string) => void;
  timeoutMs?: number;
  /** Address space each process of the command may have: an expression can ask for all there is. */
  memoryMib?: number;
  /** Makes the lines for people of a raw line: for commands whose log is for programs. */
  decode?: (line: string) => string[];
  /** A file: the command waits until no other one holds it. Held until it ends, also when we are gone. */
  lockPath?: string;
}

/** Runs one command over a store: what the parts of {@linkcode Nix} are given. */
export type RunNix = (
  what: string,
  program: NixProgram,
  args: readonly string[],
  call: NixCall,
  stdin?: Uint8Array,
) => Promise<string>;

/** Paths per command line: 500 of 512 bytes stay far below Linux's 2 MiB. */
const MAX_ARGS = 500;

/** A list in pieces that fit on a command line. */
export function chunks<T>(items: readonly T[]): T[][] {
  const parts: T[][] = [];
  for (let i = 0; i < items.length; i += MAX_ARGS) {
    parts.push(items.slice(i, i + MAX_ARGS));
  }
  return parts;
}

/** The two programs whose command lines are stable from 2.8 to 2.34. */
export type NixProgram = "nix" | "nix-store";

/** What is run; `what` completes "Cannot ...". */
interface NixCommand {
  what: string;
  program: NixProgram;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  stdin: Uint8Array | undefined;
}

/** Keeps the end of what a command prints, and offers each line until the bound is reached. */
function lineKeeper({ onLog, decode }: Pick<NixCall, "onLog" | "decode">) {
  const kept: string[] = [];
  let left = MAX_LOG_CHARS;
  const take = (line: string) => {
    // The error stands at the end; a long log before it must not fill the memory.
    if (kept.push(line) > MAX_ERROR_LINES) kept.shift();
    if (onLog === undefined || left <= 0) return;
    left -= line.length + 1;
    onLog(
      left > 0 ? line : "(the log is cut here: it is larger than 16 MiB)",
    );
  };
  return {
    kept,
    onLine(raw: string) {
      for (const line of decode?.(raw) ?? [raw]) take(plainLine(line));
    },
  };
}

const MIB = 1024 * 1024;

/** The command, behind `prlimit` and `flock` of util-linux when its memory is bounded or it waits for its turn. */
function bounded(
  program: NixProgram,
  args: readonly string[],
  { memoryMib, lockPath }: NixCall,
): [string, string[]] {
  const words: string[] = [program, ...args];
  if (memoryMib !== undefined) {
    words.unshift("prlimit", `--as=${memoryMib * MIB}`, "--");
  }
  if (lockPath !== undefined) words.unshift("flock", "--no-fork", lockPath);
  const [first = program, ...rest] = words;
  return [first, rest];
}

/**
 * Runs a nix program and gives its standard output.
 *
 * @throws {AppError} of the kind that nix's own error tells; `missing_dependency`, `timeout`, or `failed` when aborted.
 */
export async function runNix(
  { what, program, args, env, stdin }: NixCommand,
  call: NixCall,
): Promise<string> {
  const { kept, onLine } = lineKeeper(call);
  const command = bounded(program, args, call);
  const result = await runProcess(...command, {
    env: { ...env },
    clearEnv: true,
    onLine,
    missingHint: MISSING_HINT,
    ...(call.signal === undefined ? {} : { signal: call.signal }),
    ...(call.timeoutMs === undefined ? {} : { timeoutMs: call.timeoutMs }),
    ...(stdin === undefined ? {} : { stdin }),
  });
  if (result.code === 0) return result.stdout;
  if (/^(prlimit|flock): failed to execute/.test(kept.at(-1) ?? "")) {
    throw new AppError(
      "missing_dependency",
      `Cannot run ${program}: it is not installed`,
      { hint: MISSING_HINT },
    );
  }
  throw nixFailure(what, result.signal ?? `exit code ${result.code}`, kept);
}
