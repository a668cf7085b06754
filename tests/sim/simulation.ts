/**
 * One run of one seed: builds the cluster, lets the storm pass, and waits for
 * the calm to bring everything to where it should be.
 *
 * @module
 */
import {
  ALWAYS,
  type Checker,
  EVENTUALLY,
  type World,
} from "./checkers/mod.ts";
import { EventReader } from "./event_reader.ts";
import { Faults } from "./faults.ts";
import { Host, type HostWatcher } from "./host.ts";
import { Kernel } from "./kernel.ts";
import { MasterNode } from "./master_node.ts";
import { Network } from "./network.ts";
import { drawPlan, type SimulationPlan } from "./plan.ts";
import { RandomStream } from "./random.ts";
import { Trace } from "./trace.ts";
import { Transitions } from "./transitions.ts";
import type { LinkWatcher } from "./worker_link.ts";
import { WorkerNode } from "./worker_node.ts";
import { type Promises, Workload } from "./workload.ts";

/** What came of a run. */
export interface Outcome {
  plan: SimulationPlan;
  /** The broken promise; null when all were kept. */
  violation: string | null;
  digest: string;
  lines: readonly string[];
  counts: Trace["counts"];
  events: number;
  virtualMs: number;
}

export interface RunOptions {
  isLarge?: boolean;
}

/** Between two looks at whether the calm has come. */
const LOOK_MS = 2000;
const WORKER_CPU_MILLI = 64_000;
/** Of the workers of a run with networks: clusters are changed over one host at a time. */
const BRIDGED = 0.8;

function watcherOf(checkers: readonly Checker[]): HostWatcher {
  return {
    started: (host, vm) => checkers.forEach((c) => c.vmStarted?.(host, vm)),
    ended: (host, vm) => checkers.forEach((c) => c.vmEnded?.(host, vm)),
    switched: (host, vm) => checkers.forEach((c) => c.vmSwitched?.(host, vm)),
    written: (host, path, text) =>
      checkers.forEach((c) => c.written?.(host, path, text)),
  };
}

function promisesOf(checkers: readonly Checker[]): Promises {
  return {
    published: (request) => checkers.forEach((c) => c.published?.(request)),
    operating: () => checkers.forEach((c) => c.operating?.()),
    rolledBack: (active) => checkers.forEach((c) => c.rolledBack?.(active)),
    resuming: () => checkers.forEach((c) => c.resuming?.()),
    resumed: () => checkers.forEach((c) => c.resumed?.()),
    retrying: (generation) => checkers.forEach((c) => c.retrying?.(generation)),
  };
}

function linkWatcherOf(checkers: readonly Checker[]): LinkWatcher {
  return {
    sent: (report) => checkers.forEach((c) => c.reportSent?.(report)),
    answered: (report) => checkers.forEach((c) => c.reportAnswered?.(report)),
    repeated: (report) => checkers.forEach((c) => c.reportRepeated?.(report)),
  };
}

class Simulation {
  readonly #plan: SimulationPlan;
  readonly #random: RandomStream;
  readonly #world: World;
  readonly #faults: Faults;

  constructor(plan: SimulationPlan, random: RandomStream) {
    this.#plan = plan;
    this.#random = random;
    const kernel = new Kernel();
    const trace = new Trace(kernel);
    const transitions = new Transitions(trace);
    const network = new Network(kernel, random.child("network"), trace);
    const checkers: Checker[] = [];
    const master = new MasterNode({
      kernel,
      network,
      random: random.child("master"),
      trace,
      transitions,
      leaseMs: plan.leaseMs,
      tickMs: plan.tickMs,
    });
    const workers = this.#makeWorkers(
      { kernel, network, trace },
      checkers,
    );
    const workload = new Workload(plan, {
      kernel,
      network,
      random: random.child("workload"),
      trace,
      promises: promisesOf(checkers),
    });
    const reader = new EventReader({
      kernel,
      network,
      random: random.child("reader"),
      trace,
    });
    const hosts = workers.map(({ host }) => host);
    for (const host of hosts) host.guests.systems = workload.catalogue.systems;
    this.#world = {
      plan,
      kernel,
      network,
      trace,
      transitions,
      master,
      workers,
      hosts,
      workload,
      reader,
    };
    checkers.push(...ALWAYS.map((make) => make(this.#world)));
    master.onUp = (service) => checkers.forEach((c) => c.masterUp?.(service));
    transitions.onEvents = (events) =>
      checkers.forEach((c) => c.eventsCommitted?.(events));
    reader.onEvent = (event) => checkers.forEach((c) => c.eventRead?.(event));
    transitions.onUpdate = (placement) => {
      checkers.forEach((c) => c.updated?.(placement));
      workload.orderGiven();
    };
    transitions.onPlacements = (changes) =>
      checkers.forEach((c) => c.placementsCommitted?.(changes));
    transitions.onCluster = (doc) =>
      checkers.forEach((c) => c.clusterCommitted?.(doc));
    transitions.onGeneration = (doc) =>
      checkers.forEach((c) => c.generationCommitted?.(doc));
    transitions.onOrders = (worker, revision) =>
      checkers.forEach((c) => c.ordersCommitted?.(worker, revision));
    this.#faults = new Faults(plan, {
      kernel,
      network,
      random: random.child("faults"),
      trace,
      master,
      workers,
    });
  }

  #makeWorkers(
    parts: Pick<World, "kernel" | "network" | "trace">,
    checkers: readonly Checker[],
  ): WorkerNode[] {
    const watcher = watcherOf(checkers);
    const linkWatcher = linkWatcherOf(checkers);
    const capacity = {
      cpuMilli: WORKER_CPU_MILLI,
      memoryMib: this.#plan.workerMib,
    };
    return Array.from({ length: this.#plan.workers }, (_, index) => {
      const name = `w${index + 1}`;
      const random = this.#random.child(name);
      const host = new Host(name, capacity, { ...parts, random, watcher });
      return new WorkerNode(host, {
        ...parts,
        random,
        token: "worker",
        watcher: linkWatcher,
        isBridged: this.#plan.hasNetworks &&
          random.child("bridged").chance(BRIDGED),
      });
    });
  }

  async run(): Promise<Outcome> {
    const { kernel, trace, master, workers, workload, reader } = this.#world;
    const isBroken = () => trace.violation !== null;
    const onRejection = (event: PromiseRejectionEvent) => {
      event.preventDefault();
      const { reason } = event;
      trace.broken("unhandled", String(reason?.stack ?? reason));
    };
    globalThis.addEventListener("unhandledrejection", onRejection);
    try {
      master.start();
      for (const worker of workers) worker.start();
      workload.begin();
      void reader.run();
      this.#faults.begin();
      await kernel.run(this.#plan.stormMs, isBroken);
      if (!isBroken()) await this.#calm(isBroken);
    } finally {
      globalThis.removeEventListener("unhandledrejection", onRejection);
      reader.end();
      workload.operator.end();
      for (const worker of workers) worker.kill();
      master.onDown = () => undefined;
      master.close();
    }
    return {
      plan: this.#plan,
      violation: trace.violation,
      digest: trace.digest(),
      lines: trace.lines,
      counts: trace.counts,
      events: kernel.events,
      virtualMs: kernel.nowMs,
    };
  }

  async #calm(isBroken: () => boolean): Promise<void> {
    const { kernel, trace } = this.#world;
    this.#faults.end();
    const asked = { isAnswered: false };
    void this.#lastWishes().then(() => asked.isAnswered = true);
    const endMs = kernel.nowMs + this.#plan.calmMs;
    for (;;) {
      await kernel.run(kernel.nowMs + LOOK_MS, isBroken);
      if (isBroken()) return;
      const missing = asked.isAnswered ? this.#missing() : ["users", "wait"];
      if (missing === null && kernel.nowMs >= this.#plan.minRunMs) {
        trace.line("calm", "everything is as it should be");
        return;
      }
      if (kernel.nowMs >= endMs && missing !== null) {
        return trace.broken(missing[0] ?? "", missing[1] ?? "");
      }
    }
  }

  /** What the users do when everything works again: in half of the runs they push once more. */
  async #lastWishes(): Promise<void> {
    const { workload, trace, kernel, transitions } = this.#world;
    await workload.idle();
    await kernel.sleep(1000);
    try {
      await workload.operator.restore();
      const isStuck = workload.catalogue.isBad ||
        (transitions.cluster?.active ?? 0) === 0;
      if (!isStuck && this.#random.child("wishes").chance(0.5)) return;
      workload.catalogue.mend();
      const generation = await workload.publish(workload.catalogue.specs());
      this.#mustBeActive = generation;
    } catch (error) {
      trace.broken("users", String(error));
    }
  }

  /** A mended intent in calm weather has no excuse. */
  #mustBeActive = 0;

  #missing(): [string, string] | null {
    for (const [name, check] of Object.entries(EVENTUALLY)) {
      const why = check(this.#world);
      if (why !== null) return [name, why];
    }
    const active = this.#world.transitions.cluster?.active ?? 0;
    return active >= this.#mustBeActive ? null : [
      "eventually_rollouts_end",
      `generation ${this.#mustBeActive} is good and ${active} is active`,
    ];
  }
}

/** Runs one seed once. */
export function simulate(
  seed: number,
  options: RunOptions = {},
): Promise<Outcome> {
  const random = new RandomStream(`seed ${seed}`);
  const plan = drawPlan(seed, random.child("plan"), options.isLarge === true);
  return new Simulation(plan, random).run();
}
