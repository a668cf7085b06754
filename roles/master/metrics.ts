/**
 * What the master measures of itself, read when it is asked for.
 *
 * @module
 */
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
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

function addClusters(registry: Registry, views: MasterViews): void {
  const labelNames = ["cluster"];
  const convergence = new Gauge({
    name: "procurator_master_convergence_percent",
    help:
      "Healthy instances that run what is desired, of desired and extra ones",
    labelNames,
    registers: [registry],
  });
  const active = new Gauge({
    name: "procurator_master_active_generation",
    help: "The active generation; 0 while there is none",
    labelNames,
    registers: [registry],
  });
  new Gauge({
    name: "procurator_master_vms",
    help: "VMs by cluster and health",
    labelNames: ["cluster", "health"],
    registers: [registry],
    collect() {
      this.reset();
      for (const cluster of views.clusters()) {
        const status = views.getClusterStatus(cluster);
        convergence.set({ cluster }, status.convergencePercent);
        active.set({ cluster }, status.activeGeneration);
        for (const { health } of status.vms) this.inc({ cluster, health });
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
