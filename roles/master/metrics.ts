/**
 * What the master measures of itself, read when it is asked for.
 *
 * @module
 */
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { ClusterStatus } from "../model/status.ts";
import type { MasterViews } from "./views.ts";

/** From an idle look to a plan over thousands of VMs. */
const TICK_BUCKETS = [0.001, 0.005, 0.02, 0.1, 0.5, 2];

function addWorkers(registry: Registry, views: MasterViews): void {
  new Gauge({
    name: "procurator_master_workers",
    help: "Workers by state",
    labelNames: ["state"],
    registers: [registry],
    collect() {
      this.reset();
      for (const { state } of views.workers()) this.inc({ state });
    },
  });
}

/** One number per cluster. */
function addPerCluster(
  registry: Registry,
  views: MasterViews,
  gauge: {
    name: string;
    help: string;
    value: (status: ClusterStatus) => number;
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
      for (const cluster of views.clusters()) {
        this.set({ cluster }, value(views.getClusterStatus(cluster)));
      }
    },
  });
}

function addClusters(registry: Registry, views: MasterViews): void {
  addPerCluster(registry, views, {
    name: "procurator_master_convergence_percent",
    help:
      "Healthy instances that run what is desired, of desired and extra ones",
    value: (status) => status.convergencePercent,
  });
  addPerCluster(registry, views, {
    name: "procurator_master_active_generation",
    help: "The active generation; 0 while there is none",
    value: (status) => status.activeGeneration,
  });
  new Gauge({
    name: "procurator_master_vms",
    help: "VMs by cluster and health",
    labelNames: ["cluster", "health"],
    registers: [registry],
    collect() {
      this.reset();
      for (const cluster of views.clusters()) {
        const { vms } = views.getClusterStatus(cluster);
        for (const { health } of vms) this.inc({ cluster, health });
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
      help: "Seconds of one look at everything, commit included",
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
