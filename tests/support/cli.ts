/**
 * The CLI in this process: a context that records, and a master that is scripted.
 *
 * @module
 */
import type {
  CliContext,
  MasterClient,
  MasterTarget,
  RoleTable,
} from "../../roles/cli/mod.ts";
import type { RawTerminal } from "../../roles/cli/raw_terminal.ts";
import { runCli } from "../../roles/cli/mod.ts";
import { connectMaster, enrolWorker } from "../../roles/cli/master_rpc.ts";
import { painter } from "../../roles/cli/core/table.ts";
import { systemClock, systemRandom } from "../../roles/clock/mod.ts";
import { AppError } from "../../roles/model/errors.ts";
import type { Clock } from "../../roles/model/ports.ts";

/** What a command line came to. */
export interface CliResult {
  status: number;
  out: string;
  err: string;
  /** How much was written that is no text. */
  bytes: number;
  /** The same, as if it were text: what a guest wrote. */
  text: string;
  /** Whom it connected to. */
  targets: MasterTarget[];
}

function notScripted(): never {
  throw new Error("this call was not scripted");
}

/** A master that answers what it is given; every other call fails the test. */
export function scriptedMaster(answers: Partial<MasterClient>): MasterClient {
  return {
    whoami: notScripted,
    status: notScripted,
    generations: notScripted,
    logs: notScripted,
    rollback: notScripted,
    resume: notScripted,
    retry: notScripted,
    plan: notScripted,
    publish: notScripted,
    highestGeneration: notScripted,
    createToken: notScripted,
    listTokens: notScripted,
    revokeToken: notScripted,
    // `status` asks for those that run.
    operations: () => Promise.resolve([]),
    operation: notScripted,
    pause: notScripted,
    promote: notScripted,
    fail: notScripted,
    cordon: notScripted,
    uncordon: notScripted,
    drain: notScripted,
    rebalance: notScripted,
    cancel: notScripted,
    removeWorker: notScripted,
    events: notScripted,
    readLog: notScripted,
    figures: notScripted,
    snapshots: notScripted,
    pauseVm: notScripted,
    resumeVm: notScripted,
    snapshotVm: notScripted,
    restoreVm: notScripted,
    deleteSnapshot: notScripted,
    console: notScripted,
    exec: notScripted,
    why: notScripted,
    ...answers,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

const noRole = () =>
  Promise.reject(new AppError("failed", "this test runs no role"));

const NO_ROLES: RoleTable["roles"] = {
  master: noRole,
  worker: noRole,
  ci: noRole,
  cache: noRole,
  hub: noRole,
};

/** Runs one command line against a scripted master. */
export async function cli(
  args: readonly string[],
  options: {
    master?: Partial<MasterClient> | (() => Promise<MasterClient>);
    env?: Record<string, string>;
    input?: string;
    /** Keys and window, for commands that take the whole terminal. */
    rawTerminal?: RawTerminal;
    /** Told of what is written as it comes. */
    onOut?: (text: string) => void;
    /** The same, of what goes to standard error. */
    onErr?: (text: string) => void;
    terminal?: boolean;
    /** When the user stops it; never when not given. */
    stopped?: Promise<void>;
    /** Absent: nobody waits. */
    clock?: Clock;
    /** Speak to the master that is there, with real waiting. */
    realMaster?: boolean;
    roles?: Partial<RoleTable["roles"]>;
    masterFiles?: Partial<RoleTable["masterFiles"]>;
    cacheFiles?: Partial<RoleTable["cacheFiles"]>;
    workerHost?: Partial<RoleTable["workerHost"]>;
  } = {},
): Promise<CliResult> {
  const result: CliResult = {
    status: -1,
    out: "",
    err: "",
    bytes: 0,
    text: "",
    targets: [],
  };
  const context: CliContext = {
    env: { XDG_CONFIG_HOME: "/nonexistent", ...options.env },
    clock: options.clock ??
      (options.realMaster === true
        ? systemClock
        : { ...systemClock, sleep: () => Promise.resolve() }),
    random: systemRandom,
    paint: painter(false),
    terminal: options.terminal ?? false,
    out: (text) => {
      result.out += text;
      options.onOut?.(text);
    },
    outBytes: (bytes) => {
      result.bytes += bytes.length;
      const text = new TextDecoder().decode(bytes);
      result.text += text;
      options.onOut?.(text);
    },
    err: (text) => {
      result.err += text;
      options.onErr?.(text);
    },
    errBytes: (bytes) => {
      result.err += new TextDecoder().decode(bytes);
    },
    input: () =>
      ReadableStream.from([new TextEncoder().encode(options.input ?? "")]),
    openTerminal: () => options.rawTerminal ?? null,
    enrolWorker,
    command: ["/opt/procurator"],
    readInput: () => Promise.resolve(options.input ?? ""),
    readSecret: () => Promise.resolve(options.input ?? ""),
    connectMaster: (target) => {
      result.targets.push(target);
      if (options.realMaster === true) return connectMaster(target);
      return typeof options.master === "function"
        ? options.master()
        : Promise.resolve(scriptedMaster(options.master ?? {}));
    },
    untilStopped: () => options.stopped ?? new Promise(() => {}),
    exitStatus: 0,
  };
  result.status = await runCli(
    args,
    {
      roles: { ...NO_ROLES, ...options.roles },
      masterFiles: { backup: noRole, restore: noRole, ...options.masterFiles },
      cacheFiles: {
        check: noRole,
        backup: noRole,
        restore: noRole,
        ...options.cacheFiles,
      },
      workerHost: {
        probe: noRole,
        units: noRole,
        nameOf: noRole,
        volumes: noRole,
        removeVolume: noRole,
        ...options.workerHost,
      },
      guard: { run: noRole, status: noRole },
      dev: noRole,
      demo: noRole,
    },
    context,
  );
  return result;
}
