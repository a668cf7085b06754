/**
 * A master with simulated workers under a virtual clock: no sockets, no
 * timers, no permissions.
 *
 * @module
 */
import assert from "node:assert/strict";
import { AppError, type ErrorCode } from "../../roles/model/errors.ts";
import type { PublishReply } from "../../roles/model/generation.ts";
import { intentHash } from "../../roles/model/hashes.ts";
import { PlanRequest } from "../../roles/model/plan.ts";
import type { VmSpec } from "../../roles/model/vm_spec.ts";
import type { ClosureSizes } from "../../roles/master/closures.ts";
import { MasterService } from "../../roles/master/service.ts";
import { openStore, type Store } from "../../roles/master/store.ts";
import { FakeWorker } from "./fake_worker.ts";
import { vmSpec } from "./specs.ts";
import { VirtualClock } from "./virtual_clock.ts";

export { FakeWorker, VirtualClock };

/** One commit of ten hex digits per number, so that tests can tell them apart. */
export function commitOf(number: number): string {
  return number.toString(16).padStart(10, "0");
}

const STEP_MS = 500;
/** Ticks until nothing changes: far above any real plan. */
const MAX_TICKS = 100;

/** A master and its workers. */
export class MasterScenario {
  readonly clock: VirtualClock;
  readonly workers = new Map<string, FakeWorker>();
  readonly leaseMs: number;
  master: MasterService;
  #store: Store;

  private constructor(
    store: Store,
    clock: VirtualClock,
    leaseMs: number,
    master: MasterService,
  ) {
    this.#store = store;
    this.clock = clock;
    this.leaseMs = leaseMs;
    this.master = master;
  }

  static async create(
    options: {
      store?: Store;
      leaseMs?: number;
      sizes?: ClosureSizes;
      pool?: string;
    } = {},
  ): Promise<MasterScenario> {
    const { store = openStore(":memory:"), leaseMs = 10_000, sizes, pool } =
      options;
    const clock = new VirtualClock();
    const master = await MasterService.open({
      store,
      clock,
      leaseMs,
      ...(sizes === undefined ? {} : { sizes }),
      ...(pool === undefined ? {} : { pool }),
    });
    return new MasterScenario(store, clock, leaseMs, master);
  }

  /** A new master process on the same store. */
  async restart(): Promise<void> {
    this.master = await MasterService.open({
      store: this.#store,
      clock: this.clock,
      leaseMs: this.leaseMs,
    });
  }

  /** Ends the process; `start` begins another one. */
  stop(): void {
    this.#store.close();
  }

  /** A new master process on another store, or on what has become of this one. */
  async start(store: Store): Promise<void> {
    this.#store = store;
    await this.restart();
  }

  async addWorker(
    name: string,
    options: ConstructorParameters<typeof FakeWorker>[2] = {},
  ): Promise<FakeWorker> {
    const worker = new FakeWorker(name, this.clock, options);
    this.workers.set(name, worker);
    await worker.step(this.master);
    return worker;
  }

  publish(
    vmSpecs: VmSpec[],
    over: Partial<Parameters<MasterService["publishState"]>[0]> = {},
  ): Promise<PublishReply> {
    const cluster = over.cluster ?? "shop";
    const parent = this.master.views.highestGeneration(cluster).generation;
    const generation = over.generation ?? parent + 1;
    return this.master.publishState({
      cluster,
      repository: "shop",
      commit: commitOf(generation),
      generation,
      parent,
      intentHash: intentHash(vmSpecs),
      vmSpecs,
      ...over,
    });
  }

  /** Ticks until there is nothing to do. */
  async settle(): Promise<void> {
    for (let tick = 0; tick < MAX_TICKS; tick++) {
      await this.master.tick();
      if (!this.master.hasWork) return;
    }
    throw new Error(`the master still has work after ${MAX_TICKS} ticks`);
  }

  /** Lets time pass in steps; `look` is called after each. */
  async run(ms: number, look: () => void = () => undefined): Promise<void> {
    for (let passed = 0; passed < ms; passed += STEP_MS) {
      this.clock.advance(STEP_MS);
      for (const worker of this.workers.values()) {
        await worker.step(this.master);
        await this.settle();
      }
      if (this.workers.size === 0) await this.settle();
      look();
    }
  }

  /** Lets time pass until `isSo`; fails after `limitMs` of it. */
  async runUntil(
    what: string,
    isSo: () => boolean,
    limitMs = 120_000,
    look: () => void = () => undefined,
  ): Promise<void> {
    for (let passed = 0; passed < limitMs; passed += STEP_MS) {
      if (isSo()) return;
      await this.run(STEP_MS, look);
    }
    const status = JSON.stringify(this.status(), null, 1);
    throw new Error(`${what} did not happen within ${limitMs} ms: ${status}`);
  }

  status(cluster = "") {
    return this.master.views.getClusterStatus(cluster);
  }

  generation(number: number) {
    const found = this.master.views.generations("", 1000).find((doc) =>
      doc.generation === number
    );
    assert.ok(found !== undefined, `generation ${number} is not kept`);
    return found;
  }

  /** Lets time pass until this generation is active and everything is healthy on it. */
  untilActive(generation: number, look?: () => void): Promise<void> {
    return this.runUntil(
      `generation ${generation} active and converged`,
      () => {
        const status = this.status();
        return status.activeGeneration === generation &&
          status.convergencePercent === 100;
      },
      120_000,
      look,
    );
  }

  /** What happened, in the words of the event stream. */
  async events(): Promise<string[]> {
    const request = {
      after: 0,
      tail: 0,
      topics: [],
      cluster: "",
      audit: false,
    };
    const { signal } = new AbortController();
    const messages: string[] = [];
    const pages = this.master.events.read(request, { follow: false, signal });
    for await (const { events } of pages) {
      for (const { message } of events) messages.push(message);
    }
    return messages;
  }

  /** Copies of VMs of a name that answer their checks, on connected workers. */
  healthy(name: string): number {
    let count = 0;
    for (const worker of this.workers.values()) {
      for (const vm of worker.report().vms) {
        if (vm.vm.includes(`/${name}-`) && vm.health === "healthy") count++;
      }
    }
    return count;
  }
}

/** Deadlines short enough for a virtual minute. */
export const quick = {
  minHealthyTimeMs: 1000,
  healthyDeadlineMs: 8000,
  progressDeadlineMs: 60_000,
};

/** Three replicas of a `web` that becomes healthy. */
export function web(
  version: string,
  over: Parameters<typeof vmSpec>[0] = {},
) {
  return vmSpec({ env: { version }, update: quick, replicas: 3, ...over });
}

/** A `web` that never becomes healthy. */
export const failing = web("broken", { env: { version: "x", behave: "fail" } });

/** Fails unless `promise` is refused with this code, in these words. */
export async function rejects(
  promise: Promise<unknown>,
  code: ErrorCode,
  says: RegExp,
): Promise<void> {
  const error = await promise.then(() => null, (error) => error);
  assert.ok(error instanceof AppError, `was not refused: ${error}`);
  assert.equal(error.code, code, error.message);
  assert.match(error.message, says);
}

/** A master with workers w1, w2 and so on. */
export async function cluster(workers = 2): Promise<MasterScenario> {
  const scenario = await MasterScenario.create();
  for (let i = 1; i <= workers; i++) await scenario.addWorker(`w${i}`);
  return scenario;
}

/** Copies of `web` that answer and run this version, and those of them that are in service. */
export function running(s: MasterScenario, version: string) {
  let all = 0;
  let inService = 0;
  for (const worker of s.workers.values()) {
    const healthy = new Set(
      worker.report().vms.filter(({ health }) => health === "healthy")
        .map(({ vm, incarnation }) => `${vm}#${incarnation}`),
    );
    for (const [key, { runs, order }] of worker.vms) {
      if (runs?.spec.env.version !== version || !healthy.has(key)) continue;
      all++;
      if (!order.surge) inService++;
    }
  }
  return { all, inService };
}

/** Generation 1 of `web` is active on two workers. */
export async function activeWeb(
  over: Parameters<typeof vmSpec>[0] = {},
): Promise<MasterScenario> {
  const s = await cluster(2);
  await s.publish([web("1", over)]);
  await s.untilActive(1);
  return s;
}

/** What the master says that publishing these would do. */
export function planOf(s: MasterScenario, vmSpecs: VmSpec[], over = {}) {
  const request = PlanRequest.parse({ cluster: "shop", vmSpecs, ...over });
  return s.master.planner.plan(request, new AbortController().signal);
}

/** Where every VM is, and what it runs. */
export function placesOf(s: MasterScenario): Record<string, string> {
  return Object.fromEntries(
    s.status().vms.map(({ id, worker }) => [id, worker]),
  );
}
