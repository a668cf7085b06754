/**
 * What the master measures of itself, read when it is asked for.
 *
 * @module
 */
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { ClusterNumbers } from "./core/status.ts";
import type { MasterViews } from "./views.ts";

/** From a look at nothing, which an idle master makes twice a second, to a plan over thousands of VMs. */
const TICK_BUCKETS = [0.0001, 0.001, 0.005, 0.02, 0.1, 0.5, 2];

function addWorkers(registry: Registry, views: MasterViews): void {
  new Gauge({
    name: "procurator_master_workers",
    help: "Workers by state",
    labelNames: ["state"],
    registers: [registry],
    collect() {
      this.reset();
      for (const [state, count] of views.workerStates()) {
        this.set({ state }, count);
      }
    },
  });
}

/** All gauges of a scrape are read in one turn: what they share is counted once. */
function oncePerTurn<T>(read: () => T): () => T {
  let kept: { value: T } | null = null;
  return () => {
    if (kept === null) {
      kept = { value: read() };
      queueMicrotask(() => kept = null);
    }
    return kept.value;
  };
}

type Numbers = () => readonly ClusterNumbers[];

/** One number per cluster. */
function addPerCluster(
  registry: Registry,
  numbers: Numbers,
  gauge: {
    name: string;
    help: string;
    value: (numbers: ClusterNumbers) => number;
  },
): void {
  const { name, help, value } = gauge;
  new Gauge({
    name,
    help,
    labelNames: ["cluster"],
    registers: [registry],
    collect() {
      this.reset();
      for (const one of numbers()) {
        this.set({ cluster: one.cluster }, value(one));
      }
    },
  });
}

function addClusters(registry: Registry, views: MasterViews): void {
  const numbers = oncePerTurn(() => views.numbers());
  addPerCluster(registry, numbers, {
    name: "procurator_master_convergence_percent",
    help:
      "Healthy instances that run what is desired, of desired and extra ones",
    value: ({ convergencePercent }) => convergencePercent,
  });
  addPerCluster(registry, numbers, {
    name: "procurator_master_active_generation",
    help: "The active generation; 0 while there is none",
    value: ({ activeGeneration }) => activeGeneration,
  });
  new Gauge({
    name: "procurator_master_vms",
    help: "VMs by cluster and health",
    labelNames: ["cluster", "health"],
    registers: [registry],
    collect() {
      this.reset();
      for (const { cluster, vms } of numbers()) {
        for (const [health, count] of vms) this.set({ cluster, health }, count);
      }
    },
  });
}

/** Registers everything; returns what the tick loop fills. */
export function masterMetrics(registry: Registry, views: MasterViews) {
  addWorkers(registry, views);
  addClusters(registry, views);
  return {
    tickSeconds: new Histogram({
      name: "procurator_master_tick_seconds",
      help: "Seconds of one look at what is due, commit included",
      buckets: TICK_BUCKETS,
      registers: [registry],
    }),
    tickErrors: new Counter({
      name: "procurator_master_tick_errors_total",
      help: "Ticks that failed and were repeated",
      registers: [registry],
    }),
  };
}
