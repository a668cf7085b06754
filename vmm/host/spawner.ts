/**
 * The port to whoever starts VMMs that must not outlive a deadline. Owned by
 * the drivers, which start an exclusive VM by it and all others by themselves.
 *
 * A start is named by its marker: an id may run again under another one.
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";

/** What is started, and under which lease. */
export interface GuardedStart {
  readonly marker: string;
  readonly vm: string;
  readonly incarnation: number;
  readonly runtimeHash: string;
  /** The lease in force when the start was decided; refused under any other. */
  readonly lease: string;
  readonly program: string;
  /** They hold the marker, so that the process is found by it. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** The process of a start; a pid that was used again has other ticks. */
export interface GuardedProcess {
  readonly pid: number;
  readonly startTicks: number;
}

/** A VMM that runs under the guard. */
export interface GuardedVmm
  extends
    GuardedProcess,
    Pick<GuardedStart, "marker" | "vm" | "incarnation" | "runtimeHash"> {}

/** How a guarded VMM ended: `fence` when the deadline passed or the guard died. */
export interface GuardedEnd {
  readonly marker: string;
  readonly by: "itself" | "request" | "fence";
  readonly reason: string;
  /** The last of what it wrote to standard error. */
  readonly stderrTail: string;
}

/** Starts VMMs that die by a deadline or with the guard, whatever we do. */
export interface Spawner {
  /**
   * @throws {AppError} `unavailable` without a guard, `refused` when `lease` is
   * not in force, `conflict` while that VM runs, `missing_dependency`.
   */
  spawn(start: GuardedStart): Promise<GuardedProcess>;
  /** What runs and may go on running; nothing while no guard answers. */
  list(): Promise<GuardedVmm[]>;
  /** Ends one for good; unknown markers have ended. */
  kill(marker: string): Promise<void>;
  /** How it ended; null while it runs. An end nobody saw was the fence's. */
  endOf(marker: string): Promise<GuardedEnd | null>;
}

/** @throws {AppError} `unavailable` when there is no guard to start an exclusive VM. */
export function guardOf(
  { id }: { id: string },
  spawner: Spawner | undefined,
): Spawner {
  if (spawner !== undefined) return spawner;
  throw new AppError(
    "unavailable",
    `Cannot start VM "${id}": it is exclusive, and there is no guard`,
  );
}
