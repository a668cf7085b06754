/**
 * The real worker as a process on a simulated host: its VMs, reporter, ledger
 * store and RPC link. What `run` of roles/worker wires, without sockets.
 *
 * @module
 */
import { logger } from "../../roles/log/mod.ts";
import type { WorkerView } from "../../roles/worker/link/master_link.ts";
import { SimulatedChecks } from "../../roles/worker/vms/checks.ts";
import { Lease } from "../../roles/worker/fencing/lease.ts";
import { LedgerStore } from "../../roles/worker/vms/ledger_store.ts";
import { userNetwork } from "../../roles/worker/network/network.ts";
import { NetworkOrders } from "../../roles/worker/network/network_orders.ts";
import { Provisions } from "../../roles/worker/vms/provisions.ts";
import { Reporter } from "../../roles/worker/link/reporter.ts";
import { Vms } from "../../roles/worker/vms/vms.ts";
import { SimulatedVmm } from "../../vmm/mod.ts";
import { guardOf } from "./guard.ts";
import { type Host, RUN_DIR, STATE_DIR } from "./host.ts";
import { type Kernel, Process } from "./kernel.ts";
import type { Network } from "./network.ts";
import type { RandomStream } from "./random.ts";
import type { Trace } from "./trace.ts";
import {
  type LinkFaults,
  type LinkWatcher,
  type OpenPoll,
  SimulatedLink,
} from "./worker_link.ts";

/** A VM's own end is noticed within this. */
const WATCH_INTERVAL_MS = 5000;
const POLL_WAIT_MS = 30_000;
const STOP_GRACE_MS = 5000;

export interface WorkerOptions {
  kernel: Kernel;
  network: Network;
  random: RandomStream;
  trace: Trace;
  token: string;
  watcher: LinkWatcher;
  /** Its guests are on a bridge. */
  isBridged: boolean;
}

interface Running {
  process: Process;
  vms: Vms;
  orders: NetworkOrders;
  reporter: Reporter;
  vmm: SimulatedVmm;
  link: SimulatedLink;
}

export class WorkerNode {
  readonly host: Host;
  readonly linkFaults: LinkFaults = { repeats: false, late: false };
  readonly #options: WorkerOptions;
  readonly #log = logger("worker");
  #process = Process.ended();
  #running: Running | null = null;
  #starts = 0;

  constructor(host: Host, options: WorkerOptions) {
    this.host = host;
    this.#options = options;
  }

  get name(): string {
    return this.host.name;
  }

  get isBridged(): boolean {
    return this.#options.isBridged;
  }

  /** Running, or on its way to it. */
  get isUp(): boolean {
    return !this.#process.isDead;
  }

  /** Sessions that are open, for the check that nothing piles up. */
  get sessions(): number {
    return this.#running?.link.sessions.size ?? 0;
  }

  /** The poll that waits for orders now. */
  get openPoll(): OpenPoll | null {
    return this.#running?.link.openPoll ?? null;
  }

  start(): void {
    const process = new Process();
    this.#process = process;
    this.#boot(process).catch((error) => {
      if (process.isDead) return;
      this.#options.trace.broken(this.name, String(error?.stack ?? error));
    });
  }

  async #boot(process: Process): Promise<void> {
    const { host } = this;
    const { kernel, network, trace } = this.#options;
    const random = this.#options.random.child(`process ${++this.#starts}`);
    const clock = host.time.clockOf(process);
    const bootId = host.bootId();
    const onWarning = (message: string) => {
      if (!process.isDead) trace.line(this.name, message);
    };
    const runDir = `${RUN_DIR}/vms`;
    const store = new LedgerStore({
      stateDir: STATE_DIR,
      runDir,
      bootId,
      files: host.disk.filesOf(process),
      onUnreadable: (path, error) =>
        trace.broken(this.name, `cannot read ${path}: ${error}`),
    });
    await store.prepare();
    const fence = guardOf(host.guard, process);
    const lease = new Lease({ fence, clock, onWarning });
    const vmm = new SimulatedVmm({
      host: host.machinesOf(process),
      clock,
      spawner: fence,
      watchIntervalMs: WATCH_INTERVAL_MS,
    });
    let onChange = () => {};
    const orders = new NetworkOrders({
      network: this.isBridged ? host.guestNetworks.of(process) : userNetwork,
      clock,
      onWarning,
    });
    const vms = new Vms({
      name: this.name,
      bootId,
      clock,
      vmm,
      closures: host.closures.of(process),
      checks: new SimulatedChecks(async (copy) =>
        await process.alive(vmm.answers(copy)) && !host.isDeaf &&
        host.copies(copy.id).some((vm) =>
          vm.incarnation === copy.incarnation && host.answers(vm)
        )
      ),
      store,
      volumesDir: `${STATE_DIR}/volumes`,
      stopGraceMs: STOP_GRACE_MS,
      guests: host.guests.of(process),
      provisions: new Provisions([orders]),
      network: orders,
      onWarning,
      lease,
      onChange: () => onChange(),
    });
    // As the role does: a guard that comes or goes is told in a report.
    fence.watch(() => onChange());
    await process.alive(vms.start());
    for (const { vm, state } of vms.observed()) {
      if (state === "Running") trace.seen("adopt", this.name, vm);
    }
    const view: WorkerView = {
      name: this.name,
      observed: () => vms.observed(),
      logs: (vm, maxBytes) => vms.logs(vm, maxBytes),
    };
    const link = new SimulatedLink({
      kernel,
      network,
      random: random.child("link"),
      trace,
      token: this.#options.token,
      process,
      view,
      watcher: this.#options.watcher,
      onLate: (old) => void vms.accept(old).catch(() => undefined),
    }, this.linkFaults);
    const reporter = new Reporter({
      link,
      vms,
      lease,
      clock,
      random: random.child("reporter"),
      log: this.#log,
      pollWaitMs: POLL_WAIT_MS,
      base: {
        worker: this.name,
        bootId,
        process: random.child("identity").hex(16),
        capacity: host.capacity,
        attributes: {
          arch: "simulated",
          rack: `r${this.name.length % 2}`,
          ...(this.isBridged ? this.#bridgeAttributes() : {}),
        },
        versions: { simulated: "1" },
      },
    });
    onChange = () => reporter.changed();
    reporter.start();
    this.#running = { process, vms, orders, reporter, vmm, link };
    trace.line(this.name, "is up");
  }

  #bridgeAttributes(): Record<string, string> {
    const underlay = `192.0.2.${this.name.slice(1)}`;
    return { network: "bridge", "network.underlay": underlay };
  }

  /** kill -9 of the worker; its VMs go on. */
  kill(): void {
    this.#process.kill();
    this.#running = null;
  }

  /** SIGTERM; resolves when it has ended, unless it is killed meanwhile. */
  async stop(): Promise<void> {
    const running = this.#running;
    if (running === null) return this.kill();
    this.#running = null;
    await running.process.alive(running.reporter.stop());
    await running.process.alive(running.vms.stop());
    await running.process.alive(running.orders.stop());
    await running.process.alive(running.vmm.close());
    running.process.kill();
  }

  /** Power off: the VMs go as well. */
  powerOff(): void {
    this.kill();
    this.host.reboot();
  }
}
