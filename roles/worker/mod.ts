/**
 * The worker: runs the VMs that its assignment names on this host, and goes on
 * by the last one while the master cannot be reached.
 *
 * Owns its state and run directory and the VMs in them. The VMs outlive it:
 * stopping leaves them running, the next process adopts them.
 *
 * @module
 */
import { Gauge, Registry } from "prom-client";
import type { TokenTable } from "../auth/mod.ts";
import { systemClock, systemRandom } from "../clock/mod.ts";
import { anonymousRoleOf, lockDirectory, type TokenOf } from "../config/mod.ts";
import { baseApp } from "../http/mod.ts";
import { type Logger, logger } from "../log/mod.ts";
import { formatError } from "../model/errors.ts";
import type { Clock, Random, RunningRole } from "../model/ports.ts";
import { failpoint } from "../process/failpoint.ts";
import { type Service, startService } from "../service/mod.ts";
import { readBootId, SimulatedVmm, type Vmm } from "../../vmm/mod.ts";
import type { Guests } from "../../vmm/guest/mod.ts";
import { type Checks, RealChecks, SimulatedChecks } from "./vms/checks.ts";
import type { Closures } from "./closures/closures.ts";
import type { WorkerConfig } from "./config.ts";
import { hostAttributes, hostCapacity } from "./host/host.ts";
import { addVmGauges, addVmRoutes } from "./seeing/http_vms.ts";
import { LedgerStore } from "./vms/ledger_store.ts";
import type { MasterLink, WorkerView } from "./link/master_link.ts";
import {
  type Guarding,
  type OpenFence,
  openFence,
} from "./fencing/open_fence.ts";
import { openClosures } from "./closures/open_closures.ts";
import { openGuests, switchAttributes } from "./vms/open_guests.ts";
import { type OpenedHost, openHost } from "./host/open_host.ts";
import { type OpenedNetwork, openNetwork } from "./network/open_network.ts";
import { openSeeing, type Seeing } from "./seeing/open_seeing.ts";
import { Provisions } from "./vms/provisions.ts";
import { Reporter } from "./link/reporter.ts";
import { RpcLink } from "./link/rpc_link.ts";
import type { WorkerNetwork } from "./network/network.ts";
import { Restores } from "./seeing/restores.ts";
import { claimStateFormat } from "./life_cycle/state_format.ts";
import { takeOver } from "./life_cycle/take_over.ts";
import { Vms } from "./vms/vms.ts";

export { config, WorkerConfig } from "./config.ts";
export { serviceUnits } from "./life_cycle/core/service_units.ts";
export { probeHost } from "./host/probe_host.ts";
export { hostVolumes, removeHostVolume } from "./stores/volumes.ts";
export type { Checks, ProbeOutcome, ProbeTarget } from "./vms/checks.ts";
export type { Closures } from "./closures/closures.ts";
export type { MasterLink, WorkerView } from "./link/master_link.ts";

/** What the worker is given besides its configuration: ports to use in place of the real ones. */
export interface WorkerDeps {
  clock?: Clock;
  random?: Random;
  log?: Logger;
  bootId?: string;
  vmm?: Vmm;
  /** In place of the guard's process: fences exclusive VMs and starts them. */
  guard?: Guarding;
  closures?: Closures;
  checks?: Checks;
  /** The guests' network. */
  network?: WorkerNetwork;
  /** Makes the link to the master; the view is what the worker exports over it. */
  link?: (view: WorkerView) => MasterLink;
}

/** The running worker; tests look at its VMs directly. */
export interface RunningWorker extends RunningRole {
  readonly view: WorkerView;
  /** Stops the VMs too; the next process starts them again. Call `stop` afterwards. */
  stopVms(): Promise<void>;
}

function openChecks(
  vmm: Vmm,
  guests: Guests,
  stack: AsyncDisposableStack,
): Checks {
  if (vmm instanceof SimulatedVmm) {
    return new SimulatedChecks((id) => vmm.answers(id));
  }
  const checks = new RealChecks(vmm, guests);
  stack.defer(() => checks.close());
  return checks;
}

/** Versions for reports: what is not installed is left out, VMs will say what they miss. */
async function versionsOf(
  vmm: Vmm,
  closures: Closures,
  log: Logger,
): Promise<Record<string, string>> {
  const versions: Record<string, string> = {};
  const add = async (read: () => Promise<Record<string, string>>) => {
    try {
      Object.assign(versions, await read());
    } catch (error) {
      log.warn("{problem}", { problem: formatError(error) });
    }
  };
  await add(async () => ({ [vmm.name]: await vmm.version() }));
  await add(() => closures.versions());
  return versions;
}

function addGauges(metrics: Registry, vms: Vms, fence: OpenFence): void {
  new Gauge({
    name: "procurator_worker_guarded",
    help: "1 while a guard answers, which exclusive VMs need",
    registers: [metrics],
    collect() {
      this.set(Number(fence.lease.isGuarded));
    },
  });
  new Gauge({
    name: "procurator_worker_vms",
    help: "VMs on this worker",
    labelNames: ["state", "health"],
    registers: [metrics],
    collect() {
      this.reset();
      for (const { state, health } of vms.observed()) {
        this.inc({ state, health });
      }
    },
  });
  new Gauge({
    name: "procurator_worker_vm_restarts",
    help: "Restarts of VMs that are here now",
    registers: [metrics],
    collect() {
      this.set(vms.observed().reduce((sum, { restarts }) => sum + restarts, 0));
    },
  });
}

/** Opens the driver and takes over the VMs. */
async function openVms(
  config: WorkerConfig,
  deps: WorkerDeps,
  opening: {
    tokenOf: TokenOf;
    caCert: string | undefined;
    stack: AsyncDisposableStack;
    log: Logger;
    onChange: () => void;
  },
) {
  const { stack, log } = opening;
  const clock = deps.clock ?? systemClock;
  const runDir = `${config.runDir}/vms`;
  const onWarning = (message: string, error: unknown) =>
    log.warn("{message}{cause}", {
      message,
      cause: error === null ? "" : `: ${formatError(error)}`,
    });
  const bootId = deps.bootId ?? await readBootId();
  const store = new LedgerStore({
    stateDir: config.stateDir,
    runDir,
    bootId,
    onUnreadable: (path, error) => onWarning(`cannot read ${path}`, error),
  });
  await store.prepare();
  const { guard } = deps;
  const fence = await openFence({
    config,
    guard,
    clock,
    log,
    stack,
    onWarning,
  });
  const host = await openHost({
    config,
    vmm: deps.vmm,
    clock,
    log,
    stack,
    driver: {
      spawner: fence.spawner,
      onWarning,
      onSpawned: () => failpoint("worker.vm.spawned"),
    },
    onWarning,
  });
  const { vmm } = host;
  const network = await openNetwork({
    config,
    network: deps.network,
    user: host.user,
    clock,
    log,
    stack,
    onWarning,
  });
  const made = await openClosures({
    config,
    closures: deps.closures,
    tokenOf: opening.tokenOf,
    caCert: opening.caCert,
    vmm,
    clock,
    stack,
    onWarning,
  });
  const { closures } = made;
  const random = deps.random ?? systemRandom;
  const guests = openGuests({ vmm, clock, random, stack });
  const checks = deps.checks ?? openChecks(vmm, guests, stack);
  const restores = new Restores();
  const vms = new Vms({
    restores,
    name: config.name,
    bootId,
    clock,
    vmm,
    closures,
    checks,
    guests,
    store,
    volumesDir: `${config.stateDir}/volumes`,
    provisions: new Provisions([
      network.orders,
      ...host.provisions,
      ...made.provisions,
    ]),
    network: network.orders,
    stopGraceMs: config.stopGraceMs,
    lease: fence.lease,
    onWarning,
    onChange: opening.onChange,
  });
  // A guard that came or went is in the next report: the scheduler goes by it.
  fence.watch(opening.onChange);
  await vms.start();
  stack.defer(() => vms.stop());
  // Not before: what is needed is known by now.
  made.start();
  const { stateDir } = config;
  const seeing = await openSeeing({
    vms,
    vmm,
    guests,
    restores,
    room: made.room,
    stateDir,
    clock,
    log,
    stack,
  });
  const versions = await versionsOf(vmm, closures, log);
  return { vms, bootId, fence, host, network, made, versions, seeing };
}

function workerApp(
  config: WorkerConfig,
  parts: {
    vms: Vms;
    seeing: Seeing;
    reporter: Reporter;
    fence: OpenFence;
    host: OpenedHost;
    network: OpenedNetwork;
    log: Logger;
    tokens: TokenTable;
  },
) {
  const { vms, seeing, reporter, fence, host, network, log, tokens } = parts;
  const metrics = new Registry();
  addGauges(metrics, vms, fence);
  addVmGauges(metrics, seeing);
  const app = baseApp({
    role: "worker",
    ready: () => {
      const reasons = [
        reporter.problem,
        fence.problem(),
        host.problem,
        network.orders.problem,
      ].filter((reason) => reason !== null);
      return { ok: reasons.length === 0, reasons };
    },
    metrics,
    tokens,
    anonymousRole: anonymousRoleOf(config),
    log,
  });
  addVmRoutes(app, { vms, seeing });
  return app;
}

/** Opens the VMs and what tells the master of them. */
async function openWorker(
  config: WorkerConfig,
  deps: WorkerDeps,
  opening: {
    service: Service;
    log: Logger;
  },
) {
  const { service: { stack, tokenOf, caCert }, log } = opening;
  let onChange = () => {};
  const opened = await openVms(config, deps, {
    tokenOf,
    caCert,
    stack,
    log,
    onChange: () => onChange(),
  });
  const { vms, bootId, fence, host, network, made, versions, seeing } = opened;
  const view: WorkerView = {
    name: config.name,
    observed: () => vms.observed(),
    logs: (vm, maxBytes) => vms.logs(vm, maxBytes),
    access: seeing.access,
  };
  const link = deps.link?.(view) ?? new RpcLink({
    url: config.masterUrl,
    token: tokenOf("master") ?? "",
    caCert,
    view,
  });
  const reporter = new Reporter({
    link,
    vms,
    figures: () => seeing.figures.totals,
    lease: fence.lease,
    clock: deps.clock ?? systemClock,
    random: deps.random ?? systemRandom,
    log,
    pollWaitMs: config.pollWaitMs,
    base: {
      worker: config.name,
      bootId,
      process: (deps.random ?? systemRandom).hex(16),
      // Where no guest boots there is room for none.
      capacity: host.problem === null
        ? hostCapacity(config)
        : { cpuMilli: 0, memoryMib: 0 },
      attributes: hostAttributes(config, {
        ...host.attributes,
        ...network.attributes,
        ...made.attributes,
        ...switchAttributes(host.vmm, made.attributes),
      }),
      versions,
    },
  });
  onChange = () => reporter.changed();
  return { vms, view, fence, host, network, reporter, seeing };
}

/**
 * Starts the worker.
 *
 * @throws {AppError} `refused` when another worker uses its directories, a later
 * version wrote them, or its port is taken.
 */
export async function run(
  config: WorkerConfig,
  deps: WorkerDeps = {},
): Promise<RunningWorker> {
  const log = deps.log ?? logger("worker");
  if (config.takeOver) {
    await takeOver({
      dirs: [...new Set([config.stateDir, config.runDir])],
      stopGraceMs: config.stopGraceMs,
      clock: deps.clock ?? systemClock,
      log,
    });
  }
  return await startService("worker", config, async (service) => {
    const { stack, tokens } = service;
    await claimStateFormat(config.stateDir);
    if (config.runDir !== config.stateDir) {
      stack.use(await lockDirectory(config.runDir));
    }
    const { view, ...parts } = await openWorker(config, deps, { service, log });
    const { vms, reporter } = parts;
    return {
      app: workerApp(config, { ...parts, log, tokens }),
      listening: () => {
        reporter.start();
        stack.defer(() => reporter.stop());
      },
      extra: { view, stopVms: () => vms.stopVms() },
    };
  });
}
