/**
 * Thousands of workers that wait for orders at one master: what their
 * sessions take in its memory, and how soon those hear of it whose orders
 * change. The master is a process of its own, with its real service, RPC
 * server and store on disk; the workers are sessions of this process.
 *
 * @module
 */
import type { WorkerReport } from "../../roles/model/observed.ts";
import { openStore } from "../../roles/master/store.ts";
import type { OrderFence } from "../../roles/model/assignment.ts";
import { intentHash } from "../../roles/model/hashes.ts";
import type { VmSpec } from "../../roles/model/vm_spec.ts";
import {
  assignmentFromWire,
  publishRequestToWire,
  workerReportToWire,
} from "../../rpc/convert.ts";
import { Gate, type WorkerLinkClient } from "../../rpc/generated/master.ts";
import { Worker, type WorkerServer } from "../../rpc/generated/worker.ts";
import { scripted } from "../support/scripted_server.ts";
import { connectRpc, serverOf, type Session } from "../../rpc/mod.ts";
import { makeToken, startMaster } from "../support/master_process.ts";
import { fillStore, specsOf } from "./scheduler_tick.ts";

const WORKERS = 8000;
/** Workers whose orders change together. */
const CHANGED = 100;
/** Changes that are counted: 2,000 wakes, of which 20 may be later than the p99. */
const ROUNDS = 20;
/** Changes before that: the runtime's compiler warms up. */
const WARM_UP = 3;
/** Sessions that log in at once: below what a server allows of strangers. */
const AT_ONCE = 100;
/** As the worker asks. */
const WAIT_MS = 60_000;
/** No worker of this bench reports again: its lease has to last. */
const LEASE_MS = 600_000;
const CLUSTER = "c0";

export interface LongPollFigures {
  workers: number;
  /** The master's largest resident size, its start included. */
  rssMiB: number;
  /** From the publish that changes orders, over planning and commit, to the order read by the worker. */
  wakeP99Ms: number;
}

interface Started {
  rpc: string;
  pid: number;
}

/** One waiting worker. */
class Waiter {
  readonly #name: string;
  readonly #link: WorkerLinkClient;
  #fence: OrderFence = { leaseEpoch: 0, revision: 0 };
  #sequence = 0;

  constructor(name: string, link: WorkerLinkClient) {
    this.#name = name;
    this.#link = link;
  }

  async report(): Promise<void> {
    const report: WorkerReport = {
      worker: this.#name,
      bootId: "boot",
      sequence: ++this.#sequence,
      process: "0".repeat(32),
      ...this.#fence,
      capacity: { cpuMilli: 64_000, memoryMib: 131_072 },
      attributes: { zone: `z${this.#name.at(-1)}` },
      versions: { procurator: "0.1.0" },
      vms: [],
      metrics: {},
      roots: [],
    };
    await this.#link.pushData(workerReportToWire(report));
  }

  /** Asks for orders until the session ends. */
  async wait(woken: (revision: number) => void): Promise<void> {
    for (;;) {
      const reply = await this.#link.getAssignment({
        lastSeen: this.#fence,
        waitMs: WAIT_MS,
      });
      if (reply.unchanged) continue;
      const { leaseEpoch, revision } = assignmentFromWire(reply.assignment);
      this.#fence = { leaseEpoch, revision };
      woken(revision);
    }
  }
}

/** Another policy for every VM: their workers are told at once, and nothing restarts. */
function changed(specs: readonly VmSpec[], round: number): VmSpec[] {
  return specs.map((spec) => ({
    ...spec,
    labels: { ...spec.labels, round: String(round) },
  }));
}

/** The waiting workers and what they were told. */
class Waiters {
  readonly sessions: Session[] = [];
  #woken: number[] = [];
  #enough: () => void = () => undefined;

  /** Connects all; resolves when each waits. */
  async connect(url: string, token: string, names: string[]): Promise<void> {
    let first = names.length;
    const all = Promise.withResolvers<void>();
    for (let at = 0; at < names.length; at += AT_ONCE) {
      await Promise.all(
        names.slice(at, at + AT_ONCE).map(async (name) => {
          const connection = await connectRpc({ url });
          this.sessions.push(connection);
          const gate = connection.bootstrap(Gate);
          const { session } = await gate.login({ token });
          const { link } = await session.workerLink({ name });
          const worker = serverOf(Worker, scripted<WorkerServer>({}));
          await link.register({ worker });
          const waiter = new Waiter(name, link);
          await waiter.report();
          let isFirst = true;
          void waiter.wait(() => {
            if (isFirst && --first === 0) all.resolve();
            if (!isFirst) this.#wake();
            isFirst = false;
          }).catch(() => undefined);
        }),
      );
    }
    await all.promise;
  }

  #wake(): void {
    this.#woken.push(performance.now());
    if (this.#woken.length === CHANGED) this.#enough();
  }

  /** Milliseconds from now to each of the wakes that `change` causes. */
  async measure(change: () => Promise<void>): Promise<number[]> {
    this.#woken = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#enough = resolve;
    const startMs = performance.now();
    await Promise.all([change(), promise]);
    return this.#woken.map((atMs) => atMs - startMs);
  }

  close(): void {
    for (const session of this.sessions) session.close();
  }
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
}

async function peakMiB(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  const kib = Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]);
  return Math.round(kib / 1024);
}

/** The master as a child; its standard input ends it. */
async function startChild(
  directory: string,
): Promise<Started & AsyncDisposable> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "-A", import.meta.filename ?? "", directory],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let line = "";
  while (!line.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error("the master did not start");
    line += value;
  }
  return {
    rpc: JSON.parse(line).rpc,
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      await child.stdin.close();
      await reader.cancel();
      await child.status;
    },
  };
}

async function fillDirectory(directory: string, workers: number) {
  await Deno.mkdir(`${directory}/master`, { recursive: true, mode: 0o700 });
  const store = openStore(`${directory}/master/master.sqlite`);
  const load = { workers, vms: CHANGED, clusters: 1 };
  const observed = await fillStore(store, load);
  store.close();
  return [...observed.keys()];
}

/** Measures as many waiting workers as there are to be; each a connection. */
export async function measureLongPolls(
  options: { workers?: number; rounds?: number } = {},
): Promise<LongPollFigures> {
  const { workers = WORKERS, rounds = ROUNDS } = options;
  const directory = await Deno.makeTempDir({ prefix: "procurator-polls-" });
  try {
    const names = await fillDirectory(directory, workers);
    const token = makeToken(`${directory}/master`, "worker");
    const publisher = makeToken(`${directory}/master`, "publisher");
    await using master = await startChild(directory);
    const waiters = new Waiters();
    await waiters.connect(master.rpc, token, names);
    const connection = await connectRpc({ url: master.rpc });
    const { session } = await connection.bootstrap(Gate).login({
      token: publisher,
    });
    const { publisher: link } = await session.publisher();
    const latenciesMs: number[] = [];
    const specs = specsOf(CHANGED);
    for (let round = 1; round <= WARM_UP + rounds; round++) {
      const vmSpecs = changed(specs, round);
      const request = publishRequestToWire({
        cluster: CLUSTER,
        repository: CLUSTER,
        commit: "c0ffee0002",
        generation: round + 1,
        parent: round,
        intentHash: intentHash(vmSpecs),
        vmSpecs,
      });
      const taken = await waiters.measure(async () => {
        await link.publishState(request);
      });
      if (round > WARM_UP) latenciesMs.push(...taken);
    }
    const rssMiB = await peakMiB(master.pid);
    connection.close();
    waiters.close();
    latenciesMs.sort((a, b) => a - b);
    const wakeP99Ms = Math.round(percentile(latenciesMs, 0.99));
    return { workers, rssMiB, wakeP99Ms };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** The child: a master until its standard input ends. */
async function serve(directory: string): Promise<void> {
  await using master = await startMaster(directory, { leaseMs: LEASE_MS });
  console.log(JSON.stringify({ rpc: master.rpc }));
  for await (const _ of Deno.stdin.readable);
}

if (import.meta.main) {
  const [directory] = Deno.args;
  if (directory !== undefined) await serve(directory);
  else console.log(JSON.stringify(await measureLongPolls(), null, 2));
}
