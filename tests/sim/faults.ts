/**
 * The storm: what goes wrong while it lasts, and the calm after it.
 *
 * @module
 */
import type { MasterFailpoint } from "../../roles/master/service.ts";
import type { Kernel } from "./kernel.ts";
import { MASTER, type MasterNode } from "./master_node.ts";
import type { Network } from "./network.ts";
import type { FaultGroup, SimulationPlan } from "./plan.ts";
import type { RandomStream } from "./random.ts";
import type { Trace } from "./trace.ts";
import type { WorkerNode } from "./worker_node.ts";

const FAILPOINTS: readonly MasterFailpoint[] = [
  "master.publish.before_commit",
  "master.publish.committed",
  "master.orders.committed",
  "master.report.received",
];

/** Mean milliseconds between two faults of a kind. */
const EVERY_MS = {
  loss: 25_000,
  partition: 90_000,
  workerCrash: 90_000,
  reboot: 200_000,
  guardCrash: 150_000,
  masterCrash: 120_000,
  masterCrashInCommit: 80_000,
  skew: 60_000,
  probes: 120_000,
  workerDisk: 120_000,
  masterDisk: 100_000,
} as const;

/** Most switches are left alone, so that rollouts end within the storm. */
const CRASH_IN_SWITCH = 0.3;
const MAX_INTO_SWITCH_MS = 1500;

/** In a room, in a country, around the world by a bad line. */
const LATENCIES_MS = [
  { min: 1, max: 4 },
  { min: 5, max: 50 },
  { min: 50, max: 400 },
] as const;

interface FaultParts {
  kernel: Kernel;
  network: Network;
  random: RandomStream;
  trace: Trace;
  master: MasterNode;
  workers: readonly WorkerNode[];
}

export class Faults {
  readonly #plan: SimulationPlan;
  readonly #parts: FaultParts;
  #isOver = false;
  readonly #down = new Set<WorkerNode>();

  constructor(plan: SimulationPlan, parts: FaultParts) {
    this.#plan = plan;
    this.#parts = parts;
  }

  begin(): void {
    const { network, master, workers } = this.#parts;
    const has = (group: FaultGroup) => this.#plan.faults.has(group);
    network.faults = { delay: has("delay"), loss: has("loss") };
    if (has("delay")) {
      network.latencyMs = this.#parts.random.child("latency").pick(
        LATENCIES_MS,
      );
    }
    for (const worker of workers) {
      worker.linkFaults.repeats = has("repeats");
      worker.linkFaults.late = has("late");
      worker.host.closures.faults = {
        slow: has("fetch"),
        failing: has("fetch"),
      };
      worker.host.guestNetworks.isFailing = has("fetch");
      if (has("workerCrash")) this.#crashInSwitches(worker);
    }
    master.onDown = () => this.#restartMaster();
    this.#every("loss", () => network.breakOne());
    this.#every("partition", (random) => this.#partition(random));
    this.#every("workerCrash", (random) => this.#crashWorker(random));
    this.#every("reboot", (random) => {
      this.#powerOff(this.#worker(random), random.integer(3000, 60_000));
    });
    this.#every("guardCrash", (random) => this.#crashGuard(random));
    this.#every("masterCrash", () => this.#crashMaster());
    this.#every("masterCrashInCommit", (random) => {
      master.armed = random.pick(FAILPOINTS);
    });
    this.#every("skew", (random) => this.#skew(random));
    this.#every("probes", (random) => this.#breakProbes(random));
    this.#every("workerDisk", (random) => this.#fillDisk(random));
    this.#every("masterDisk", (random) => this.#breakMasterDisk(random));
  }

  /** At random moments of the storm, each kind from a stream of its own. */
  #every(
    group: keyof typeof EVERY_MS,
    strike: (random: RandomStream) => void,
  ): void {
    if (!this.#plan.faults.has(group)) return;
    const random = this.#parts.random.child(group);
    const next = () => {
      const ms = EVERY_MS[group] * (0.3 + 1.4 * random.fraction());
      this.#parts.kernel.after(ms, () => {
        if (this.#isOver) return;
        strike(random);
        next();
      });
    };
    next();
  }

  #worker(random: RandomStream): WorkerNode {
    return random.pick(this.#parts.workers);
  }

  #during(ms: number, end: () => void): void {
    this.#parts.kernel.after(ms, () => {
      if (!this.#isOver) end();
    });
  }

  #partition(random: RandomStream): void {
    const { network, trace } = this.#parts;
    const { name } = this.#worker(random);
    const ms = random.integer(500, 60_000);
    if (random.chance(0.35)) return this.#turnPartition(name, random);
    const draw = random.integer(0, 3);
    const kind = draw < 2 ? "partition" : "one-way-partition";
    trace.fault(kind, name, `${ms} ms`);
    if (draw !== 2) network.block(name, MASTER);
    if (draw !== 3) network.block(MASTER, name);
    this.#during(ms, () => {
      network.unblock(name, MASTER);
      network.unblock(MASTER, name);
    });
  }

  /** First the answers are stuck, then the questions: a renewal whose answer comes late is the last. */
  #turnPartition(name: string, random: RandomStream): void {
    const { network, trace } = this.#parts;
    const firstMs = random.integer(2000, 9500);
    const thenMs = random.integer(20_000, 90_000);
    trace.fault("turning-partition", name, `${firstMs} ms, ${thenMs} ms`);
    network.block(MASTER, name);
    this.#during(firstMs, () => {
      network.block(name, MASTER);
      network.unblock(MASTER, name);
      this.#during(thenMs, () => network.unblock(name, MASTER));
    });
  }

  #crashGuard(random: RandomStream): void {
    const { name, host } = this.#worker(random);
    this.#parts.trace.fault("guard-crash", name);
    host.killGuard();
    this.#during(random.integer(100, 30_000), () => host.guard.start());
  }

  #crashWorker(random: RandomStream): void {
    const worker = this.#worker(random);
    if (this.#down.has(worker) || !worker.isUp) return;
    this.#down.add(worker);
    const { trace } = this.#parts;
    if (random.chance(0.7)) {
      trace.fault("worker-crash", worker.name);
      worker.kill();
      // What ends while nobody watches has to be found out by the next process.
      if (random.chance(0.6)) worker.host.killOne(random);
    } else {
      trace.fault("worker-stop", worker.name);
      void worker.stop();
    }
    this.#during(random.integer(50, 30_000), () => this.#startWorker(worker));
  }

  /** A switch takes seconds, of which random moments hit few. */
  #crashInSwitches(worker: WorkerNode): void {
    const random = this.#parts.random.child(`${worker.name} in a switch`);
    worker.host.guests.onSwitch = () => {
      if (!random.chance(CRASH_IN_SWITCH)) return;
      this.#during(random.integer(1, MAX_INTO_SWITCH_MS), () => {
        if (this.#down.has(worker) || !worker.isUp) return;
        this.#down.add(worker);
        this.#parts.trace.fault("worker-crash-in-switch", worker.name);
        worker.kill();
        this.#during(
          random.integer(50, 30_000),
          () => this.#startWorker(worker),
        );
      });
    };
  }

  #powerOff(worker: WorkerNode, ms: number): void {
    if (this.#down.has(worker)) return;
    this.#down.add(worker);
    this.#parts.trace.fault("host-reboot", worker.name);
    worker.powerOff();
    this.#during(ms, () => this.#startWorker(worker));
  }

  #startWorker(worker: WorkerNode): void {
    if (!this.#down.delete(worker)) return;
    // One that is still stopping is not waited for.
    worker.kill();
    worker.start();
  }

  #crashMaster(): void {
    const { master, trace } = this.#parts;
    if (!master.isUp) return;
    trace.fault("master-crash", MASTER);
    master.kill();
  }

  #restartMaster(): void {
    const { kernel, master, random } = this.#parts;
    const long = random.chance(0.2);
    const ms = long ? random.integer(10_000, 40_000) : random.integer(50, 4000);
    const isOver = this.#isOver;
    kernel.after(isOver ? 50 : ms, () => {
      if (!master.isUp) master.start();
    });
  }

  #skew(random: RandomStream): void {
    const { master, workers, trace } = this.#parts;
    const which = random.integer(0, workers.length);
    const node = workers[which];
    const time = node === undefined ? master.time : node.host.time;
    time.skewMs = random.integer(-120_000, 120_000);
    trace.fault("clock-skew", node?.name ?? MASTER, `${time.skewMs} ms`);
  }

  /** Guests are well and their checks fail: on one host, or on all while one of them is lost. */
  #breakProbes(random: RandomStream): void {
    const isAll = random.chance(0.6);
    const deaf = isAll ? this.#parts.workers : [this.#worker(random)];
    const ms = isAll
      ? random.integer(90_000, 200_000)
      : random.integer(5000, 90_000);
    this.#parts.trace.fault(
      "probes-fail",
      isAll ? "all" : deaf[0]?.name ?? "",
      `${ms} ms`,
    );
    for (const { host } of deaf) host.isDeaf = true;
    if (isAll) this.#powerOff(this.#worker(random), ms);
    this.#during(ms, () => {
      for (const { host } of deaf) host.isDeaf = false;
    });
  }

  #fillDisk(random: RandomStream): void {
    const { disk } = this.#worker(random).host;
    disk.isFull = true;
    this.#during(random.integer(2000, 40_000), () => {
      disk.isFull = false;
    });
  }

  #breakMasterDisk(random: RandomStream): void {
    const { storeFaults } = this.#parts.master;
    const kind = random.chance(0.5) ? "isFull" : "isSlow";
    storeFaults[kind] = true;
    this.#during(random.integer(1000, 30_000), () => {
      storeFaults[kind] = false;
    });
  }

  /** Everything is mended and running. */
  end(): void {
    this.#isOver = true;
    const { network, master, workers, trace } = this.#parts;
    trace.line("storm", "is over");
    network.faults = { delay: false, loss: false };
    network.latencyMs = { min: 1, max: 4 };
    network.unblockAll();
    master.armed = null;
    master.time.skewMs = 0;
    master.storeFaults.isFull = false;
    master.storeFaults.isSlow = false;
    for (const worker of workers) {
      worker.linkFaults.repeats = false;
      worker.linkFaults.late = false;
      worker.host.time.skewMs = 0;
      worker.host.disk.isFull = false;
      worker.host.isDeaf = false;
      worker.host.guard.start();
      worker.host.closures.faults = { slow: false, failing: false };
      worker.host.guestNetworks.isFailing = false;
      worker.host.guests.isRefusing = false;
      worker.host.guests.onSwitch = () => {};
    }
    for (const worker of [...this.#down]) this.#startWorker(worker);
    if (!master.isUp) master.start();
  }
}
