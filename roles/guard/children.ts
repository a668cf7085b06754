/**
 * The VMMs as children of this process: started so that the kernel ends them
 * with us, and ended without ever meeting a pid that was used again, since a
 * child keeps its pid until we have waited for it.
 *
 * `setpriv` asks for SIGKILL at the parent's death, which the kernel takes to
 * be that of the *thread* that forked. Deno forks on its main thread, which
 * lives as long as the process; each start is checked for it. A shell then
 * looks whether we died before `setpriv` had asked, and becomes the VMM.
 *
 * @module
 */
import { AppError } from "../model/errors.ts";
import type { Clock } from "../model/ports.ts";
import { parseProcStat } from "../../vmm/core/run_record.ts";
import type {
  GuardedEnd,
  GuardedProcess,
  GuardedStart,
  GuardedVmm,
} from "../../vmm/host/spawner.ts";
import { STDERR_TAIL_CHARS } from "./core/messages.ts";

/** Ends kept to be asked for: far more than end while a worker restarts. */
const MAX_ENDS = 1000;
/** After its end a VMM's last words are in the pipe; a helper of its own may hold that open. */
const LAST_WORDS_MS = 200;
/** SIGKILL ends a process in milliseconds; sent again it does no harm. */
const KILL_AGAIN_MS = 250;
/** Longer, and the kernel holds it: said once, tried on. */
const KILL_SLOW_MS = 1500;
/** Ours is the parent, or we have died already and the VMM must not begin. */
const BECOME_VMM = '[ "$PPID" = "$0" ] || exit 125; exec "$@"';

type Ending = { by: GuardedEnd["by"]; reason: string };

interface Child {
  readonly vmm: GuardedVmm;
  readonly process: Deno.ChildProcess;
  readonly ended: Promise<void>;
  ending: Ending | null;
  stderrTail: string;
}

/** How children are started. */
export interface ChildrenOptions {
  setprivPath: string;
  clock: Clock;
  onProblem: (message: string) => void;
}

export class Children {
  readonly #options: ChildrenOptions;
  readonly #running = new Map<string, Child>();
  readonly #ends = new Map<string, GuardedEnd>();

  constructor(options: ChildrenOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#running.size;
  }

  /** What has not ended, also what is being ended. */
  *all(): Generator<GuardedVmm> {
    for (const { vmm } of this.#running.values()) yield vmm;
  }

  /** What executes anything, also while it is being ended; not what has ended and is still to be told. */
  *alive(): Generator<GuardedVmm> {
    for (const { vmm } of this.#running.values()) {
      if (isAlive(vmm)) yield vmm;
    }
  }

  /** What runs and is not being ended. */
  *kept(): Generator<GuardedVmm> {
    for (const { vmm, ending } of this.#running.values()) {
      if (ending === null) yield vmm;
    }
  }

  /**
   * Starts one. Nothing is awaited: whether it may start was looked up in the
   * same turn.
   *
   * @throws {AppError} `missing_dependency`, `failed`.
   */
  start(start: GuardedStart): GuardedProcess {
    const process = this.#fork(start);
    const startTicks = this.#startTicks(process, start.vm);
    const { marker, vm, incarnation, runtimeHash } = start;
    const vmm = {
      marker,
      vm,
      incarnation,
      runtimeHash,
      pid: process.pid,
      startTicks,
    };
    const child: Child = {
      vmm,
      process,
      ending: null,
      stderrTail: "",
      ended: Promise.resolve().then(() => this.#watch(child)),
    };
    this.#running.set(marker, child);
    return { pid: process.pid, startTicks };
  }

  /** Sends SIGKILL to one, again and again until it has ended. Unknown ones have. */
  end(marker: string, ending: Ending): Promise<void> {
    const child = this.#running.get(marker);
    if (child === undefined) return Promise.resolve();
    if (child.ending === null) {
      child.ending = ending;
      killOnce(child);
      void this.#insist(child);
    }
    return child.ended;
  }

  /** How it ended; null while it runs. */
  endOf(marker: string): GuardedEnd | null {
    if (this.#running.has(marker)) return null;
    return this.#ends.get(marker) ?? {
      marker,
      by: "fence",
      reason: "it is not known to this guard",
      stderrTail: "",
    };
  }

  #fork({ vm, program, args, env }: GuardedStart): Deno.ChildProcess {
    const { setprivPath } = this.#options;
    const words = ["--pdeathsig", "KILL", "--", "sh", "-c", BECOME_VMM];
    try {
      return new Deno.Command(setprivPath, {
        args: [...words, String(Deno.pid), program, ...args],
        env: { ...env },
        stdin: "null",
        stdout: "null",
        stderr: "piped",
        // A Ctrl-C at our terminal is not meant for guests.
        detached: true,
      }).spawn();
    } catch (cause) {
      if (cause instanceof Deno.errors.NotFound) {
        throw new AppError(
          "missing_dependency",
          `Cannot start VM "${vm}": ${setprivPath} is not installed`,
          { hint: "apt-get install --no-install-recommends util-linux", cause },
        );
      }
      throw new AppError("failed", `Cannot start VM "${vm}"`, { cause });
    }
  }

  /** Its start time; ends it when its life would not hang on this process. */
  #startTicks(process: Deno.ChildProcess, vm: string): number {
    const stat = parseProcStat(
      Deno.readTextFileSync(`/proc/${process.pid}/stat`),
    );
    if (stat !== null && isOfMainThread(process.pid)) return stat.startTicks;
    process.kill("SIGKILL");
    void process.stderr.cancel();
    throw new AppError(
      "failed",
      `Cannot start VM "${vm}": it would not end with the guard`,
    );
  }

  async #watch(child: Child): Promise<void> {
    const reading = readTail(child);
    const { signal, code } = await child.process.status;
    await Promise.race([reading, this.#options.clock.sleep(LAST_WORDS_MS)]);
    const { marker } = child.vmm;
    const how = signal === null ? `exit code ${code}` : signal;
    const { by, reason } = child.ending ??
      { by: "itself", reason: `the VMM ended with ${how}` };
    this.#running.delete(marker);
    this.#ends.set(marker, {
      marker,
      by,
      reason,
      stderrTail: child.stderrTail,
    });
    for (const oldest of this.#ends.keys()) {
      if (this.#ends.size <= MAX_ENDS) break;
      this.#ends.delete(oldest);
    }
  }

  async #insist(child: Child): Promise<void> {
    const { clock, onProblem } = this.#options;
    const { marker, vm, pid } = child.vmm;
    for (let waitedMs = 0; this.#running.get(marker) === child;) {
      await clock.sleep(KILL_AGAIN_MS);
      const wasSlow = waitedMs >= KILL_SLOW_MS;
      waitedMs += KILL_AGAIN_MS;
      if (this.#running.get(marker) !== child) return;
      if (!wasSlow && waitedMs >= KILL_SLOW_MS) {
        onProblem(`process ${pid} of VM "${vm}" does not die`);
      }
      killOnce(child);
    }
  }
}

function isAlive({ pid, startTicks }: GuardedVmm): boolean {
  try {
    const stat = parseProcStat(Deno.readTextFileSync(`/proc/${pid}/stat`));
    return stat !== null && stat.startTicks === startTicks &&
      stat.state !== "Z" && stat.state !== "X";
  } catch {
    return false;
  }
}

function killOnce({ process }: Child): void {
  try {
    process.kill("SIGKILL");
  } catch {
    // It has ended, which is what was wanted.
  }
}

/** True where the kernel does not tell. */
function isOfMainThread(pid: number): boolean {
  try {
    const path = `/proc/self/task/${Deno.pid}/children`;
    return Deno.readTextFileSync(path).split(" ").includes(String(pid));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return true;
    throw error;
  }
}

async function readTail(child: Child): Promise<void> {
  const decoder = new TextDecoder();
  try {
    for await (const chunk of child.process.stderr) {
      const text = child.stderrTail + decoder.decode(chunk, { stream: true });
      child.stderrTail = text.slice(-STDERR_TAIL_CHARS);
    }
  } catch {
    // What was read is what there is.
  }
}
