/**
 * One start of a VM, from its config to a guest that runs and is watched over.
 *
 * ```text
 *  record "starting" -> VMM answers, card is there -> vm.create -> serial port -> vm.boot -> record "running"
 *        |  killed on the way: the next process finds the VMM by the record's marker;
 *        |  one that runs no guest is ended
 * ```
 *
 * @module
 */
import { removeIfThere } from "../../roles/files/mod.ts";
import { AppError } from "../../roles/model/errors.ts";
import type { Clock } from "../../roles/model/ports.ts";
import { CloudHypervisorClient } from "./client.ts";
import type { EventPipe } from "./events.ts";
import {
  clearStart,
  lastWords,
  prepareStart,
  scratchDirOf,
  type StartFiles,
} from "./files.ts";
import type { CloudHypervisorFleet, Running } from "./fleet.ts";
import { launchVmm } from "./launch.ts";
import type { Pipes } from "./pipes.ts";
import { SerialLine } from "./serial.ts";
import { createBody, tapDirectory } from "./core/config.ts";
import { startError } from "./core/errors.ts";
import type { CreateBody } from "./core/schema.ts";
import { recordedOf, type RunRecord } from "../core/run_record.ts";
import type { VmConfig } from "../core/vm_config.ts";
import { readBootId } from "../host/process_table.ts";
import { startRecord } from "../host/start_record.ts";
import type { RunDirectory, VmPaths } from "../host/run_directory.ts";
import { beginBootLog } from "../host/serial_log.ts";
import type { Spawner } from "../host/spawner.ts";
import type { VmProcesses } from "../host/vm_process.ts";

/** What starts are done with. */
export interface StartDeps {
  fleet: CloudHypervisorFleet;
  directory: RunDirectory;
  processes: VmProcesses;
  clock: Clock;
  program: string;
  /** The program's major version. */
  major: number;
  tempDir: string;
  requestTimeoutMs: number;
  /** Whether VMMs are confined by Landlock; turned off by the first that cannot be. */
  landlock: { isOn: boolean };
  pipes: Pipes;
  /** What starts have left to do that nobody waits for. */
  leaving: Set<Promise<unknown>>;
  /** Resolves when the guest's card is there; absent: it is. */
  nicMade?: Promise<void> | undefined;
  spawner?: Spawner;
  onWarning: (message: string, error: unknown) => void;
  /** Called when the VMM runs and its record does not say so yet. */
  onSpawned: () => void;
}

/** A start that is under way. */
export interface Starting {
  readonly config: VmConfig;
  readonly record: RunRecord;
  readonly paths: VmPaths;
  readonly files: StartFiles;
  readonly client: CloudHypervisorClient;
  /** Once the card is there. */
  readonly body: (landlock: boolean) => Promise<CreateBody>;
}

/** How a VMM that answers gets its guest: not before it is `settled`. */
export type Load = (
  starting: Starting,
  deps: StartDeps,
  settled: Promise<unknown>,
) => Promise<void>;

/**
 * Starts a VM that does not run; `load` makes the machine, `run` its guest go.
 *
 * @throws {AppError} whose code tells whose fault it is; nothing of it is left then.
 */
export async function startVm(
  config: VmConfig,
  deps: StartDeps,
  how: { load: Load; run: Load } = { load: create, run: boot },
): Promise<Running> {
  const { directory, processes, clock } = deps;
  const paths = directory.paths(config);
  const record = startRecord(config, {
    reserved: new Set(),
    bootId: await readBootId(),
    host: config.nic?.address ?? "127.0.0.1",
    startedAtMs: Math.round(clock.bootMs()),
  });
  const starting = await prepared(config, record, { ...deps, paths });
  let events: EventPipe | null = null;
  let serial: SerialLine | null = null;
  const { client, files } = starting;
  const beginning = beginBootLog(paths.dir, {
    generation: config.generation ?? 0,
    originMib: 0,
  });
  beginning.catch(() => undefined);
  try {
    const launched = await launchVmm(config, record, client, {
      ...deps,
      timeoutMs: deps.requestTimeoutMs,
      paths,
      files,
    });
    events = launched.events;
    await deps.nicMade;
    await how.load(starting, deps, launched.settled);
    const log = await beginning;
    serial = await SerialLine.connect(
      paths.console,
      log.path,
      (error) => deps.onWarning(`cannot write the log of ${config.id}`, error),
    );
    const facts = await launched.settled;
    await how.run(starting, deps, launched.settled);
    deps.onSpawned();
    const full = recordedOf(record, facts);
    await directory.write(full);
    return deps.fleet.watchOver(full, { client, events, serial });
  } catch (error) {
    await beginning.catch(() => undefined);
    serial?.close();
    await serial?.closed;
    events?.close();
    client.close();
    await processes.abandon(record);
    await clearStart(paths, files.scratchDir);
    throw error;
  }
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** The record and the files of a start, made side by side. */
async function recorded(
  config: VmConfig,
  record: RunRecord,
  on: StartDeps & { paths: VmPaths },
): Promise<StartFiles> {
  const { directory, paths, tempDir } = on;
  const prepared = prepareStart(config, record, on);
  const written = directory.write(record);
  try {
    await Promise.allSettled([prepared, written]);
    await written;
    return await prepared;
  } catch (error) {
    await clearStart(paths, scratchDirOf(tempDir, record));
    await directory.clear(record);
    throw error;
  }
}

async function prepared(
  config: VmConfig,
  record: RunRecord,
  on: StartDeps & { paths: VmPaths },
): Promise<Starting> {
  const { paths, tempDir } = on;
  const placement = {
    consolePath: paths.console,
    channelPath: paths.channel,
    hostCpus: navigator.hardwareConcurrency,
  };
  // Refused before a file is touched.
  createBody(config, {
    ...placement,
    seesTap: false,
    scratchDir: scratchDirOf(tempDir, config),
    landlock: false,
  });
  await Deno.mkdir(paths.dir, { recursive: true, mode: 0o700 });
  await clearStart(paths, scratchDirOf(tempDir, config));
  const files = await recorded(config, record, on);
  const { scratchDir, root } = files;
  return {
    config,
    record,
    paths,
    files,
    client: new CloudHypervisorClient(paths.api, {
      timeoutMs: on.requestTimeoutMs,
    }),
    body: async (landlock) =>
      createBody(config, {
        ...placement,
        landlock,
        seesTap: landlock && config.nic !== undefined &&
          await isThere(tapDirectory(config.nic.tap)),
        scratchDir,
        ...(root === undefined ? {} : { root }),
      }),
  };
}

/** Says what failed in words about the VM; a VMM that has gone has left its own. */
export async function toldOf<T>(
  { config: { id }, paths }: Starting,
  step: Promise<T>,
): Promise<T> {
  try {
    return await step;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.code === "timeout") {
      throw new AppError(
        "timeout",
        `Cannot start VM "${id}": ${error.message}`,
        {
          cause: error,
          hint: error.hint ?? "look whether the host swaps",
        },
      );
    }
    const words = error.code === "unavailable"
      ? await lastWords(paths.dir)
      : "";
    throw startError(id, words || error.message);
  }
}

/** Landlock needs a kernel that has it turned on: only trying tells. */
async function create(starting: Starting, deps: StartDeps): Promise<void> {
  const { client, paths, body } = starting;
  const { landlock } = deps;
  try {
    return await client.create(await body(landlock.isOn));
  } catch (error) {
    const isLandlock = landlock.isOn && error instanceof AppError &&
      /landlock/i.test(error.message);
    if (!isLandlock) return await toldOf(starting, Promise.reject(error));
    landlock.isOn = false;
    deps.onWarning(
      "VMMs are not confined by Landlock: this kernel does not do it (Linux 6.2 and later do, with lsm=landlock)",
      error,
    );
  }
  await toldOf(starting, client.act("vm.delete"));
  await removeIfThere(paths.console);
  await toldOf(starting, client.create(await body(false)));
}

async function boot(starting: Starting): Promise<void> {
  await toldOf(starting, starting.client.act("vm.boot"));
}
