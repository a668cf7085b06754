/**
 * What `main.ts` hands to the CLI: how each role is started. The table itself
 * is in main.ts, so that tests of the CLI load no role.
 *
 * @module
 */
import type { z } from "zod";
import type { Service } from "../config/mod.ts";
import type { CliContext } from "./context.ts";
import type { GuardStatus } from "../guard/core/messages.ts";
import type {
  CacheBackupInfo,
  CacheCheckReport,
  CacheFilesProgress,
  CacheRestoreInfo,
} from "../model/cache_files.ts";
import type { Actor } from "../model/event.ts";
import type { RunningRole } from "../model/ports.ts";

/** Parses the role's configuration from file and flags by its schema, and sets logging up. */
export type LoadRoleConfig = <S extends z.ZodType>(
  schema: S,
) => Promise<z.output<S>>;

/** Loads the role's module, its configuration, and starts it. */
export type StartRole = (load: LoadRoleConfig) => Promise<RunningRole>;

/** What `dev` and `demo` are asked for. */
export interface DevOptions {
  /** Where everything is kept; a fresh directory when not given (demo), `.procurator` (dev). */
  stateDir?: string;
  /** The first port, 0 for free ones; the usual ports when not given. */
  portBase?: number;
  json: boolean;
  /** demo: leave it running. */
  keep: boolean;
  /** Let the VMs run on when this ends, for the next start to adopt; they are stopped otherwise. */
  leaveVms: boolean;
  logLevel?: string;
  /** dev: the VM driver; the worker's default when not given. */
  driver?: string;
}

/** What the flags of `guard` may say. */
export interface GuardRunFlags {
  runDir?: string | undefined;
  logLevel?: string | undefined;
}

/** A running guard's word, and when it was heard by the boot-time clock. */
export interface GuardReport {
  status: GuardStatus;
  bootMs: number;
}

/** What a backup of the master's database holds. */
export interface BackupInfo {
  file: string;
  bytes: number;
  documents: number;
  generations: number;
  events: number;
  incarnation: number;
}

/** What a restore came to. */
export interface RestoreInfo extends BackupInfo {
  /** Where the database is that was replaced; null: there was none. */
  replaced: string | null;
  /** The tokens of the backup were taken, for there were none. */
  tokensRestored: boolean;
}

/** The master's database as a file. */
export interface MasterFiles {
  /** Of a running or stopped master. */
  backup(load: LoadRoleConfig, file: string): Promise<BackupInfo>;
  /**
   * Of a stopped one.
   *
   * @throws {AppError} `refused` while it runs, `invalid` for what is no sound backup.
   */
  restore(
    load: LoadRoleConfig,
    file: string,
    asked: { by: Actor; nowMs: number },
  ): Promise<RestoreInfo>;
}

/** How a check or a copy of the cache's files is done. */
export interface CacheFilesOptions {
  told?: (progress: CacheFilesProgress) => void;
  signal: AbortSignal;
}

/** The cache's files, on the machine that has them. */
export interface CacheFiles {
  /**
   * Of a stopped cache.
   *
   * @throws {AppError} `refused` while it runs, `storage` when nothing of its database can be read.
   */
  check(
    load: LoadRoleConfig,
    options: CacheFilesOptions & {
      deep: boolean;
      repair: boolean;
      restart: boolean;
      now: () => number;
    },
  ): Promise<CacheCheckReport>;
  /** Of a running or stopped one. */
  backup(
    load: LoadRoleConfig,
    directory: string,
    options: CacheFilesOptions,
  ): Promise<CacheBackupInfo>;
  /** Of a stopped one. */
  restore(
    load: LoadRoleConfig,
    directory: string,
    options: CacheFilesOptions & { nowMs: number },
  ): Promise<CacheRestoreInfo>;
}

/** A driver, and how it executes guests. */
export interface HostDriver {
  driver: string;
  accel: string;
}

/** One thing that was tried of it. */
export interface HostTrial extends HostDriver {
  step: string;
  ok: boolean;
  /** What was found, or why it failed. */
  note: string;
  tookMs: number;
}

/** What was tried on a worker's host, and what the worker goes by. */
export interface HostProbe {
  /** Null: no guest boots there. */
  chosen: HostDriver | null;
  why: string;
  tried: readonly HostTrial[];
  /** What a worker with this choice tells the master. */
  attributes: Readonly<Record<string, string>>;
  /** The driver that the configuration names: `auto` goes by what was tried. */
  configured: string;
  /** What a worker found before; null: none has looked, or it found nothing. */
  remembered: HostDriver | null;
  /** What has changed since: the worker tries again when it starts. */
  changed: readonly string[];
}

/** A systemd unit's file name and text. */
export interface ServiceUnit {
  name: string;
  text: string;
}

/** A volume on a worker's host. */
export interface HostVolume {
  /** Null when nothing says whose it is. */
  vm: string | null;
  name: string;
  path: string;
  sizeBytes: number;
  /** What it takes on the disk. */
  usedBytes: number;
  /** Its VM is to run here. */
  isOrdered: boolean;
}

/** A worker's host, asked on the host itself. */
export interface WorkerHost {
  /** Tries the drivers, whatever the worker goes by; `onTrial` is told of each trial as it ends. Throws the signal's reason. */
  probe(
    load: LoadRoleConfig,
    options: { onTrial: (trial: HostTrial) => void; signal: AbortSignal },
  ): Promise<HostProbe>;
  /** The systemd units that run this program as a worker. */
  units(
    load: LoadRoleConfig,
    program: { command: readonly string[]; config?: string },
  ): Promise<ServiceUnit[]>;
  /** The worker's name in the cluster. */
  nameOf(load: LoadRoleConfig): Promise<string>;
  /** The volumes of VMs, ordered here or not; of a running or stopped worker. */
  volumes(load: LoadRoleConfig): Promise<HostVolume[]>;
  /** @throws {AppError} `not_found`; `refused` while its VM is ordered here. */
  removeVolume(load: LoadRoleConfig, name: string): Promise<HostVolume>;
}

/** Every way to run something that stays. */
export interface RoleTable {
  roles: Readonly<Record<Service, StartRole>>;
  masterFiles: MasterFiles;
  cacheFiles: CacheFiles;
  workerHost: WorkerHost;
  guard: {
    run: StartRole;
    /** @throws {AppError} `unavailable` when none answers. */
    status: (
      options: { runDir?: string },
      context: CliContext,
    ) => Promise<GuardReport>;
  };
  /** Runs until it is asked to stop; the exit status. */
  dev: (options: DevOptions, context: CliContext) => Promise<number>;
  demo: (options: DevOptions, context: CliContext) => Promise<number>;
}
