/**
 * The measured part of `bench worker`, in a network namespace of its own: one
 * real worker in this process, whose master is an object, and the bare script
 * beside it. Takes its settings as JSON, prints the figures as JSON.
 *
 * @module
 */
import type { Assignment, Order } from "../../../roles/model/assignment.ts";
import { compareFence } from "../../../roles/model/assignment.ts";
import { run, type RunningWorker } from "../../../roles/worker/mod.ts";
import { WorkerConfig } from "../../../roles/worker/config.ts";
import type { MasterLink } from "../../../roles/worker/link/master_link.ts";
import { bridgeRuleset } from "../../../roles/worker/network/bench.ts";
import { Commands } from "../../../roles/worker/network/commands.ts";
import { linkClosures } from "../../chaos/worker/link_closures.ts";
import { orderFor, testVmSpec } from "../../support/worker.ts";
import { median } from "../median.ts";
import { type BareVm, startBare } from "./bare.ts";

/** What the outer process gives. */
export interface InsideOptions {
  dir: string;
  /** cloud-hypervisor, or what stands in for it. */
  program: string;
  kernelPath: string;
  initrdPath: string;
  starts: number;
  burst: number;
  /** VMs that are held at once for the figure of memory. */
  held: number;
}

export interface InsideResult {
  overheadMs: { p50: number; p99: number };
  /** Medians of each side by itself. */
  startMs: { ours: number; vmm: number };
  burst20: { oursMs: number; vmmMs: number };
  rules50VmsMs: number;
  rssMiB100Vms: number;
  /** Before its first order: what the runtime and the program take. */
  rssMiBEmpty: number;
}

const SUBNET = "10.201.7.0/24";
/** The first address of a subnet is the host's, the second the resident's. */
const FIRST_ADDRESS = 3;
/** Used again after so many VMs: their former ones are gone by then. */
const ADDRESSES = 250;
/** The smallest that the guest of the tests needs. */
const MEMORY_MIB = 16;
const WAIT_MS = 120_000;
const RULE_LOADS = 5;
const RULED_VMS = 50;
/** Bursts: each needs forty machines. */
const BURSTS = 5;

/** A master that hands an assignment over as soon as there is one. */
class ObjectMaster implements MasterLink {
  #assignment: Assignment | null = null;
  #wake = Promise.withResolvers<void>();
  /** When the last assignment was handed over. */
  givenMs = 0;

  assign(assignment: Assignment): void {
    this.#assignment = assignment;
    this.#wake.resolve();
  }

  async getAssignment(
    lastSeen: { leaseEpoch: number; revision: number },
    waitMs: number,
    signal: AbortSignal,
  ): Promise<Assignment | null> {
    const end = performance.now() + waitMs;
    for (;;) {
      const known = this.#assignment;
      if (known !== null && compareFence(known, lastSeen) > 0) {
        this.givenMs = performance.now();
        return known;
      }
      if (signal.aborted || performance.now() >= end) return null;
      this.#wake = Promise.withResolvers();
      await Promise.race([
        this.#wake.promise,
        new Promise((resolve) => setTimeout(resolve, 100)),
      ]);
    }
  }

  pushData(report: { leaseEpoch: number; revision: number }) {
    const { leaseEpoch, revision } = report;
    return Promise.resolve({ leaseEpoch, revision });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

async function waitFor(what: string, look: () => boolean): Promise<void> {
  const end = performance.now() + WAIT_MS;
  while (!look()) {
    if (performance.now() > end) throw new Error(`${what} did not happen`);
    // A millisecond: what is measured is some tens of them.
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

class Bench {
  readonly #options: InsideOptions;
  readonly #master: ObjectMaster;
  readonly #worker: RunningWorker;
  #revision = 0;
  #next = 0;
  #residents: Order[] = [];
  #bare = 0;

  constructor(
    options: InsideOptions,
    master: ObjectMaster,
    worker: RunningWorker,
  ) {
    this.#options = options;
    this.#master = master;
    this.#worker = worker;
  }

  #order(): Order {
    const index = this.#next++;
    const spec = testVmSpec({
      spec: {
        memoryMib: MEMORY_MIB,
        healthChecks: [],
        network: {
          ports: [{ name: "http", guest: 80 }],
          allowedDomains: ["allowed.example"],
        },
      },
    });
    const host = index === 0
      ? FIRST_ADDRESS - 1
      : FIRST_ADDRESS + index % ADDRESSES;
    return {
      ...orderFor(`shop/web-${index}`, spec, { revision: this.#revision }),
      network: { address: `10.201.7.${host}`, peers: [], sources: [] },
    };
  }

  #assign(orders: Order[]): void {
    this.#master.assign({
      worker: "w1",
      leaseEpoch: 1,
      revision: ++this.#revision,
      leaseMs: 60_000,
      orders,
      network: { subnet: SUBNET, routes: [] },
    });
  }

  #running(): number {
    return this.#worker.view.observed().filter((vm) => {
      if (vm.hostFailure !== null) throw new Error(vm.hostFailure.message);
      return vm.state === "Running";
    }).length;
  }

  /** From the assignment handed over to all of it running, milliseconds. */
  async ours(count: number): Promise<number> {
    const more = Array.from({ length: count }, () => this.#order());
    const { length } = this.#residents;
    this.#assign([...this.#residents, ...more]);
    await waitFor(`${count} VMs run`, () => this.#running() === length + count);
    return performance.now() - this.#master.givenMs;
  }

  async clear(): Promise<void> {
    this.#assign(this.#residents);
    await waitFor(
      "only the residents run",
      () => this.#worker.view.observed().length === this.#residents.length,
    );
  }

  /** A host is seldom empty: what the first VM brings up, bridge and name server, is there. */
  async settleIn(): Promise<void> {
    this.#residents = [this.#order()];
    await this.ours(0);
  }

  /** The resident too: a VM that stays keeps its control groups. */
  async moveOut(): Promise<void> {
    this.#residents = [];
    await this.clear();
  }

  async #tap(name: string, verb: "add" | "del"): Promise<void> {
    const { success } = await new Deno.Command("ip", {
      args: ["tuntap", verb, "dev", name, "mode", "tap"],
    }).output();
    if (!success) throw new Error(`cannot ${verb} ${name}`);
  }

  /** The same number by the bare script, all at once; milliseconds to the last. */
  async bare(count: number): Promise<number> {
    const names = Array.from({ length: count }, () => `bare${this.#bare++}`);
    for (const name of names) await this.#tap(name, "add");
    const { dir, program, kernelPath, initrdPath } = this.#options;
    const begin = performance.now();
    const vms: BareVm[] = await Promise.all(names.map((tap) =>
      startBare({
        program,
        dir: `${dir}/${tap}`,
        kernelPath,
        initrdPath,
        memoryMib: MEMORY_MIB,
        tap,
      })
    ));
    const ms = performance.now() - begin;
    for (const vm of vms) await vm.end();
    for (const name of names) await this.#tap(name, "del");
    return ms;
  }
}

async function measure(
  options: InsideOptions,
  bench: Bench,
): Promise<InsideResult> {
  const { starts, burst, held } = options;
  const rssEmpty = Deno.memoryUsage().rss;
  await bench.settleIn();
  const ours: number[] = [];
  const vmm: number[] = [];
  for (let index = 0; index < starts; index++) {
    vmm.push(await bench.bare(1));
    ours.push(await bench.ours(1));
    await bench.clear();
  }
  const base = median(vmm);
  const over = ours.map((ms) => ms - base).sort((a, b) => a - b);
  const oursBurst: number[] = [];
  const vmmBurst: number[] = [];
  for (let index = 0; index < BURSTS; index++) {
    vmmBurst.push(await bench.bare(burst));
    oursBurst.push(await bench.ours(burst));
    await bench.clear();
  }
  const loads: number[] = [];
  for (let index = 0; index < RULE_LOADS; index++) {
    loads.push((await bridgeRuleset(new Commands(), RULED_VMS)).wholeMs);
  }
  await bench.ours(held);
  const rss = Deno.memoryUsage().rss;
  await bench.moveOut();
  const round = (value: number) => Math.round(value * 10) / 10;
  return {
    overheadMs: {
      p50: round(median(over)),
      p99: round(over[Math.ceil(over.length * 0.99) - 1] ?? 0),
    },
    startMs: { ours: round(median(ours)), vmm: round(base) },
    burst20: {
      oursMs: round(median(oursBurst) - median(vmmBurst)),
      vmmMs: round(median(vmmBurst)),
    },
    rules50VmsMs: round(median(loads)),
    rssMiB100Vms: Math.round(rss / 1024 / 1024),
    rssMiBEmpty: Math.round(rssEmpty / 1024 / 1024),
  };
}

/** Ends with whoever started it, however that ends. */
function endWithParent(): void {
  const parent = Deno.ppid;
  setInterval(() => {
    if (Deno.ppid !== parent) Deno.exit(1);
  }, 1000);
}

if (import.meta.main) {
  endWithParent();
  const options: InsideOptions = JSON.parse(Deno.args[0] ?? "");
  const { dir, program, kernelPath, initrdPath } = options;
  const master = new ObjectMaster();
  const config = WorkerConfig.parse({
    name: "w1",
    stateDir: `${dir}/state`,
    runDir: `${dir}/run`,
    listen: "127.0.0.1:0",
    closures: "none",
    driver: "cloud-hypervisor",
    cloudHypervisorPath: program,
    stopGraceMs: 0,
    network: { mode: "bridge" },
    cgroups: { parent: `procurator-bench-${Deno.pid}` },
  });
  const worker = await run(config, {
    link: () => master,
    closures: linkClosures(`${dir}/state/roots`, {
      kernel: kernelPath,
      initrd: initrdPath,
    }),
  });
  try {
    const bench = new Bench(options, master, worker);
    console.log(JSON.stringify(await measure(options, bench)));
  } finally {
    await worker.stopVms();
    await worker.stop();
  }
  Deno.exit(0);
}
