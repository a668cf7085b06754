/**
 * What the CLI asks of a master about one VM that runs: its log, its console,
 * commands inside it: a part of the port {@linkcode MasterClient}.
 *
 * @module
 */
import type { SnapshotInfo } from "../model/snapshot.ts";

/** Which part of which boot's log. */
export interface LogRequest {
  vm: string;
  /** 0: the main copy. */
  incarnation: number;
  /** 0: any. */
  generation: number;
  /** 0: the newest. */
  boot: number;
  offset: number;
  maxBytes: number;
  /** How long to wait for more when there is none. */
  waitMs: number;
}

/** A part of one boot's log; `offset` is where it ends. */
export interface LogPiece {
  data: Uint8Array;
  incarnation: number;
  boot: number;
  generation: number;
  offset: number;
  /** That boot writes no more. */
  ended: boolean;
}

/** What a VM has used since its boot; null: nobody knows. */
export interface Figures {
  atMs: number;
  cpuSeconds: number | null;
  memoryBytes: number | null;
  diskReadBytes: number | null;
  diskWrittenBytes: number | null;
  networkReceivedBytes: number | null;
  networkSentBytes: number | null;
}

/** A console that is attached; disposed: not any more. */
export interface AttachedConsole extends Disposable {
  /** Resolves when the VM's side has taken it. */
  write(bytes: Uint8Array): Promise<void>;
  /** Why nothing more comes; empty: the guest has ended. Rejects when the master goes away. */
  readonly ended: Promise<string>;
}

/** A command that runs; disposed: it is ended. */
export interface RunningCommand extends Disposable {
  write(bytes: Uint8Array): Promise<void>;
  closeInput(): Promise<void>;
  /** Code -1: it did not run to its end, and why. Rejects when the master goes away. */
  readonly ended: Promise<{ code: number; message: string }>;
}

export interface VmClient {
  readLog(request: LogRequest, signal: AbortSignal): Promise<LogPiece>;
  figures(vm: string): Promise<Figures>;
  snapshots(vm: string): Promise<SnapshotInfo[]>;
  pauseVm(vm: string): Promise<void>;
  resumeVm(vm: string): Promise<void>;
  /** Its bytes. */
  snapshotVm(vm: string, name: string): Promise<number>;
  restoreVm(vm: string, name: string): Promise<void>;
  deleteSnapshot(vm: string, name: string): Promise<void>;
  /** Attaches; the next piece comes when `take` is done. */
  console(
    vm: string,
    take: (bytes: Uint8Array) => void,
  ): Promise<AttachedConsole>;
  /** Runs a command inside; `timeoutMs` 0: as long as it takes. */
  exec(
    vm: string,
    command: readonly string[],
    options: {
      timeoutMs: number;
      take: (isError: boolean, bytes: Uint8Array) => void;
    },
  ): Promise<RunningCommand>;
}
