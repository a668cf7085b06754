/**
 * The port to a virtual machine monitor: start, stop, list, watch.
 *
 * A driver owns the VMM processes of one run directory and what it needs to
 * find them again. It decides nothing: which VM runs, restarts or rolls back
 * is the worker's to say. VMs outlive the driver: `close` leaves them running
 * and a new driver over the same run directory finds them with `list`.
 *
 * What runs is a copy of a VM, an id and an incarnation: two copies of one VM
 * may run side by side and share nothing but their volumes' directory.
 *
 * Every driver passes vmm/contract/contract.ts. A new driver is one file and one line
 * in the registry of vmm/mod.ts.
 *
 * @module
 */
import type { CopyId } from "../roles/model/ids.ts";
import type { VmConfig } from "./core/vm_config.ts";

/** What goes with a start. */
export interface StartOptions {
  /**
   * Resolves when the card that the config names is there. The VMM may be begun
   * before, its machine is made after. A rejection is the start's own, and
   * nothing is left of it.
   */
  readonly nicMade?: Promise<void>;
}

/** What a driver can do beyond start, stop, list and watch. */
export interface VmmCapabilities {
  readonly console: boolean;
  readonly pause: boolean;
  readonly resize: boolean;
  readonly snapshot: boolean;
  /** Replaces the running system without a restart. */
  readonly switch: boolean;
  readonly guestChannel: boolean;
  /** Forwards published ports to a VM that runs. */
  readonly publish: boolean;
}

/** A guest port and where it is reached on this host. */
export interface PortMapping {
  name: string;
  guest: number;
  host: number;
}

/** A port of a VM and the host port it is to be reached at. */
export interface PublishedPort {
  name: string;
  publish: number;
}

/** A VM that runs. */
export interface VmInstance extends CopyId {
  readonly runtimeHash: string;
  /** The VMM's process, 0 where there is none. */
  readonly pid: number;
  /** Address the ports are reached at from this host. */
  readonly host: string;
  readonly ports: readonly PortMapping[];
  /** When the VMM was started, by the boot-time clock. */
  readonly startedAtMs: number;
  /** Its processors are stopped; it answers nobody. */
  readonly paused: boolean;
}

/** A VM ended without being asked to through this port. */
export interface VmExit extends CopyId {
  readonly kind: "exited";
  /** The guest powered itself off; false for a crash, a reset, a kill or when nobody saw how. */
  readonly clean: boolean;
  readonly reason: string;
  /** The guard ended it at its deadline, or died: neither its fault nor its own end. */
  readonly fenced?: boolean;
}

/** Bytes both ways, between this host and a guest. */
export interface GuestConnection {
  /** Ends when the guest, the VMM or `close` ends it. */
  readonly readable: ReadableStream<Uint8Array>;
  /** Resolves when the VMM has taken them. */
  write(bytes: Uint8Array): Promise<void>;
  close(): void;
}

/** What a copy has used since its boot; null: not known by this driver. */
export interface VmFigures {
  cpuSeconds: number | null;
  /** Resident, of the VMM with its guest. */
  memoryBytes: number | null;
  diskReadBytes: number | null;
  diskWrittenBytes: number | null;
  /** By the guest. */
  networkReceivedBytes: number | null;
  networkSentBytes: number | null;
}

/** Which part of a copy's serial log is asked for. */
export interface LogRequest {
  /** The newest boot of this generation; 0: of any. */
  generation: number;
  /** That very boot; 0: the newest. */
  boot: number;
  /** In bytes from that boot's beginning. */
  offset: number;
  maxBytes: number;
}

/** A part of one boot's serial log. */
export interface LogPiece {
  bytes: Uint8Array;
  /** Counts a copy's boots from 1. */
  boot: number;
  /** Where `bytes` ends: further on than asked by more than them when the bounded log has dropped some. */
  offset: number;
  generation: number;
  /** That boot will write no more. */
  ended: boolean;
}

/** The end of a VM's serial log. */
export interface LogTail {
  text: string;
  /** There is more before it. */
  truncated: boolean;
}

/**
 * A virtual machine monitor.
 *
 * Errors of `start` tell whose fault it is by their code: `missing_dependency`
 * and `failed` the driver's, `storage` the disk's, `overloaded` a lack of
 * ports or memory, `not_found` a file that should be there; `invalid` is the
 * image's own fault.
 */
export interface Vmm {
  readonly name: string;
  readonly capabilities: VmmCapabilities;
  /** How many starts go on side by side: more of them would end no sooner. */
  readonly startsAtOnce: number;
  /** @throws {AppError} `missing_dependency` when the program is not installed. */
  version(): Promise<string>;
  /**
   * Starts a VM and resolves when its VMM runs (the guest still boots). The
   * same copy must not run: `conflict`.
   */
  start(config: VmConfig, options?: StartOptions): Promise<VmInstance>;
  /** Asks the guest to power off, ends it after `graceMs`; the copy does not run when it resolves. */
  stop(copy: CopyId, options: { graceMs: number }): Promise<void>;
  /** What runs. The first call after a start adopts, ends and clears what a former driver left. */
  list(): Promise<VmInstance[]>;
  /** Calls `onExit` for each VM that ends by itself, also for adopted ones. */
  watch(onExit: (exit: VmExit) => void): Disposable;
  /** The end of what the guest wrote since its boot, at most `maxBytes`; kept after the end of the VM. */
  serialTail(copy: CopyId, maxBytes: number): Promise<LogTail>;
  /**
   * Whether the guest itself takes a TCP connection at this port within
   * `timeoutMs`: with user networking the host's side accepts whatever the
   * guest does. Never throws.
   */
  accepts(
    copy: CopyId,
    port: PortMapping,
    timeoutMs: number,
  ): Promise<boolean>;
  /**
   * Takes host ports for a VM that runs, without touching its guest; those it
   * has already are left. Where it was reached before, it still is: probes
   * under way do not fail. Tells the VM as it is reached now.
   *
   * @throws {AppError} `overloaded` when a port is taken (those before it are held),
   * `not_found` when the copy does not run, `refused` without the capability.
   */
  publish(copy: CopyId, ports: readonly PublishedPort[]): Promise<VmInstance>;
  /** A part of what the guest wrote to its console; kept per boot, bounded, until `forget`. @throws {AppError} `not_found`. */
  readLog(copy: CopyId, request: LogRequest): Promise<LogPiece>;
  /** Attaches to the console; first comes the last of what was written before. One that does not read is cut off. */
  console(copy: CopyId): Promise<GuestConnection>;
  /** A connection to the guest's end of the guest channel (vmm/guest/); at most one at a time. */
  guestChannel(copy: CopyId): Promise<GuestConnection>;
  /** Stops the guest's processors; idempotent, as `resume` is. */
  pause(copy: CopyId): Promise<void>;
  resume(copy: CopyId): Promise<void>;
  /** Changes what a guest that runs has, as far as its driver can. */
  resize(
    copy: CopyId,
    to: { cpus?: number; memoryMib?: number },
  ): Promise<void>;
  /** Writes the guest's state to a directory that does not exist yet; it runs on. Its size in bytes. */
  snapshot(copy: CopyId, dir: string): Promise<number>;
  /** As `start`, from a snapshot of the same config. */
  restore(config: VmConfig, dir: string): Promise<VmInstance>;
  figures(copy: CopyId): Promise<VmFigures>;
  // All from `console` on throw `not_found` when the copy does not run, those with a capability `refused` without it.

  /** Removes what is kept of an ended VM: its log. */
  forget(copy: CopyId): Promise<void>;
  /** Lets go of everything; the VMs keep running. */
  close(): Promise<void>;
}
