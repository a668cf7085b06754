/**
 * A VMM's process until its API answers: left to itself in the background, or
 * begun by the guard.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { AppError } from "../../roles/model/errors.ts";
import type { Clock } from "../../roles/model/ports.ts";
import { runProcess } from "../../roles/process/run.ts";
import { vmmArgs } from "./core/args.ts";
import { checkVersion, startError } from "./core/errors.ts";
import {
  type ProcessFacts,
  recordEnv,
  type RunRecord,
} from "../core/run_record.ts";
import { leaveCommand, startCommand } from "../core/starter.ts";
import type { VmConfig } from "../core/vm_config.ts";
import { EventPipe } from "./events.ts";
import type { CloudHypervisorClient } from "./client.ts";
import { lastWords, type StartFiles } from "./files.ts";
import { processFacts } from "../host/process_table.ts";
import { askVersion } from "../host/program_version.ts";
import type { VmPaths } from "../host/run_directory.ts";
import { guardOf, type Spawner } from "../host/spawner.ts";

/** Groups are entered in milliseconds; a host that swaps may take long, but not for ever. */
const RUN_TIMEOUT_MS = 60_000;
/** Between looks for its socket: a start takes some of these. */
const POLL_MS = 2;
/** After so many of them its process is looked at: an end is rare, and told soon enough. */
const LOOK_AFTER = 10;
/** A try: longer than an answer takes, short enough to notice an end. */
const PING_TIMEOUT_MS = 2000;
export const MISSING_HINT =
  "install cloud-hypervisor v50 or later, or set cloudHypervisorPath";
/** A shell's word for a program that is not there. */
const NOT_FOUND = /exit code 127/;

/** @throws {AppError} `missing_dependency` when it is not installed, or too old. */
export async function cloudHypervisorVersion(program: string): Promise<string> {
  const { stdout, stderrTail } = await askVersion(program, MISSING_HINT);
  checkVersion(program, stdout || stderrTail);
  return /v?(\d+\.\S+)/.exec(stdout)?.[1] ?? stdout.trim();
}

/** What a launch needs. */
export interface Launch {
  program: string;
  paths: VmPaths;
  files: StartFiles;
  clock: Clock;
  /** It answers after 15 ms. */
  timeoutMs: number;
  /** Shells that have said their VMM's number and are not done with it. */
  leaving: Set<Promise<unknown>>;
  spawner?: Spawner;
}

/** A VMM that answers. */
export interface Launched {
  events: EventPipe;
  /**
   * Its process, once it is in its cgroups: no guest may run before.
   *
   * @throws {AppError} by its own words, when it has ended meanwhile.
   */
  settled: Promise<ProcessFacts>;
}

/** The process once it runs, and why it does not when it has ended. */
interface Begun {
  pid: number;
  /** Null while it runs. */
  words(): Promise<string | null>;
}

/**
 * Begins the VMM and waits for its API.
 *
 * @throws {AppError} by its own words, `missing_dependency`, `timeout`; whatever
 * began is then still to be ended.
 */
export async function launchVmm(
  config: VmConfig,
  record: RunRecord,
  client: CloudHypervisorClient,
  launch: Launch,
): Promise<Launched> {
  // Before it runs: the VMM waits for a reader before it does anything.
  const events = new EventPipe(launch.files.eventsPath);
  const begun = begin(config, record, launch);
  const settled = begun.then((process) => factsOf(record, process));
  // Whoever waits for its answer is told by that of an end.
  settled.catch(() => undefined);
  try {
    await answering(record, begun, client, launch);
    return { events, settled };
  } catch (error) {
    events.close();
    throw error;
  }
}

async function factsOf({ id }: RunRecord, begun: Begun): Promise<ProcessFacts> {
  const facts = await processFacts(begun.pid);
  if (facts !== null && !facts.zombie) return facts;
  throw startError(id, await begun.words() ?? "");
}

async function answering(
  { id }: RunRecord,
  beginning: Promise<Begun>,
  client: CloudHypervisorClient,
  launch: Launch,
): Promise<void> {
  const { program, clock, timeoutMs } = launch;
  const endMs = clock.bootMs() + timeoutMs;
  const state: { begun?: Begun; failure?: unknown } = {};
  beginning.then(
    (begun) => state.begun = begun,
    (error) => state.failure = error,
  );
  for (let look = 1;; look++) {
    // Without a thread of its own for each look: each start looks 500 times a second.
    if (existsSync(launch.paths.api)) {
      const ping = await client.ping(Math.min(PING_TIMEOUT_MS, timeoutMs))
        .catch(asNotYet);
      if (ping !== null) return checkVersion(program, ping.version);
    }
    if (state.failure !== undefined) throw state.failure;
    if (look % LOOK_AFTER === 0) {
      const words = await state.begun?.words() ?? null;
      if (words !== null) throw startError(id, words);
      if (clock.bootMs() >= endMs) {
        throw new AppError(
          "timeout",
          `Cannot start VM "${id}": cloud-hypervisor did not answer within ${timeoutMs} ms`,
          { hint: "look whether the host swaps or its disks hang" },
        );
      }
    }
    await clock.sleep(POLL_MS);
  }
}

/** Nobody listens yet, or it takes its time: both are told by the process. Anything else is no VMM. */
function asNotYet(error: unknown): null {
  if (!(error instanceof AppError)) throw error;
  if (error.code === "unavailable" || error.code === "timeout") return null;
  throw error;
}

async function begin(
  config: VmConfig,
  record: RunRecord,
  launch: Launch,
): Promise<Begun> {
  const { program, paths, files } = launch;
  const { lease, cgroups, user } = config;
  const of = {
    program,
    args: vmmArgs({ apiPath: paths.api, eventsPath: files.eventsPath }),
    fileLimitBytes: files.fileLimitBytes,
    isGuarded: lease !== undefined,
    ...(cgroups === undefined ? {} : { cgroups }),
    ...(user === undefined ? {} : { user }),
  };
  if (lease !== undefined) {
    const command = startCommand(of);
    return await beginGuarded(record, { ...launch, ...command, lease });
  }
  const left = leaveCommand({ ...of, wordsPath: files.wordsPath });
  const said = Promise.withResolvers<number>();
  const leaving = runProcess(left.program, left.args, {
    timeoutMs: RUN_TIMEOUT_MS,
    sharesGroup: true,
    env: recordEnv(record),
    missingHint: "apt-get install --no-install-recommends util-linux",
    mergeStdout: true,
    onLine: (line) => {
      if (/^[1-9]\d*$/.test(line)) said.resolve(Number(line));
    },
  }).then(
    ({ stderrTail }) =>
      said.reject(
        startError(record.id, stderrTail || "its shell said no pid"),
      ),
    said.reject,
  ).finally(() => launch.leaving.delete(leaving));
  launch.leaving.add(leaving);
  const pid = await said.promise;
  return {
    pid,
    async words() {
      const facts = await processFacts(pid);
      if (facts !== null && !facts.zombie) return null;
      return await lastWords(paths.dir) || "cloud-hypervisor ended at once";
    },
  };
}

async function beginGuarded(
  record: RunRecord,
  on: { program: string; args: string[]; lease: string; spawner?: Spawner },
): Promise<Begun> {
  const { id, incarnation, runtimeHash, marker } = record;
  const spawner = guardOf(record, on.spawner);
  const { pid } = await spawner.spawn({
    marker,
    vm: id,
    incarnation,
    runtimeHash,
    lease: on.lease,
    program: on.program,
    args: on.args,
    env: recordEnv(record),
  });
  return {
    pid,
    async words() {
      const end = await spawner.endOf(marker);
      if (end === null) return null;
      if (end.by === "fence") {
        throw new AppError(
          "unavailable",
          `Cannot start VM "${id}": ${end.reason}`,
        );
      }
      if (NOT_FOUND.test(end.reason)) {
        throw new AppError(
          "missing_dependency",
          `Cannot run cloud-hypervisor for VM "${id}": it is not installed`,
          { hint: MISSING_HINT },
        );
      }
      return end.stderrTail.trim() || end.reason;
    },
  };
}
