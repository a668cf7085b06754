/**
 * The specs that a publisher pushes: a cluster of groups, and the changes that
 * people make to one.
 *
 * @module
 */
import { runtimeHash } from "../../roles/model/hashes.ts";
import { VmSpec } from "../../roles/model/vm_spec.ts";
import type { System } from "./guests.ts";
import type { SimulationPlan } from "./plan.ts";
import type { RandomStream } from "./random.ts";

export const CLUSTER = "shop";

/** How the guest of an image behaves. */
export type Behaviour =
  | "good"
  | "never-boots"
  | "crashes-early"
  | "crashes-late";

interface Group {
  name: string;
  replicas: number;
  priority: number;
  memoryMib: number;
  version: number;
  behaviour: Behaviour;
  bootMs: number;
  label: number;
  maxParallel: number;
  strategy: "rolling" | "canary" | "blue-green";
  canary: number;
  autoPromote: boolean;
  dependsOn: string[];
  hasVolume: boolean;
  isExclusive: boolean;
  published: number | null;
  allowedPeers: string[];
  /** Its system is read from the host's store: the version of its kernel; null: it is all in the initrd. */
  kernel: number | null;
}

const NAMES = ["web", "db", "queue", "mail", "search", "cron"];
const MIN_HEALTHY_MS = 5000;
/** The same for all of them: the command line is a part of the machine. */
const STORE_BOOT_MS = 3000;
const CRASH_EARLY_MS = 2000;
const CRASH_LATE_MS = 45_000;
/** They divide nothing evenly. */
const SIZES_MIB = [64, 100, 130, 250, 330, 500] as const;
/** Small beside a worker, so that it can be nearly full. */
const TIGHT_SIZES_MIB = [64, 90, 100] as const;
/** Of all memory: there is a way from one generation to the next. */
const MAX_FILL = 0.55;

export class Catalogue {
  readonly #random: RandomStream;
  readonly #plan: SimulationPlan;
  /** A stream of its own: runs without networks draw as they always did. */
  readonly #peers: RandomStream;
  /** Of its own for the same reason. */
  readonly #stores: RandomStream;
  #groups: Group[];
  #version = 1;
  /** What guests can be switched to, by toplevel. */
  readonly systems = new Map<string, System>();
  /** Hashes of exclusive VMs, for checkers. */
  readonly exclusive = new Set<string>();
  /** What a hash takes, for checkers. */
  readonly sizes = new Map<string, { cpuMilli: number; memoryMib: number }>();

  constructor(plan: SimulationPlan, random: RandomStream) {
    this.#plan = plan;
    this.#random = random;
    this.#peers = random.child("peers");
    this.#stores = random.child("stores");
    const count = random.integer(2, 4);
    this.#groups = NAMES.slice(0, count).map((name, index) => ({
      name,
      replicas: this.#replicas(count),
      priority: random.pick([0, 0, 10, 50]),
      memoryMib: random.pick(plan.isTight ? TIGHT_SIZES_MIB : SIZES_MIB),
      version: 1,
      behaviour: "good",
      bootMs: random.integer(500, 8000),
      label: 0,
      maxParallel: random.pick([1, 1, 1, 2, 3]) * plan.parallelFactor,
      dependsOn: index > 0 && random.chance(0.3) ? [NAMES[0] ?? ""] : [],
      strategy: "rolling",
      canary: random.integer(1, 2),
      autoPromote: random.chance(0.5),
      // Where a full worker has its volume it may wait for ever.
      hasVolume: random.chance(0.35) && !plan.isTight,
      isExclusive: random.chance(0.3),
      published: null,
      allowedPeers: this.#drawPeers(),
      kernel: plan.hasStores && this.#stores.chance(0.6) ? 1 : null,
    }));
    const first = this.#groups[0];
    // The one worker whose port is free may have no room, where all are full.
    if (first !== undefined && random.chance(0.3) && !plan.isTight) {
      first.published = 8080;
      first.replicas = Math.min(first.replicas, plan.workers - 1);
    }
    for (const group of this.#groups) {
      // What has a volume is never there twice, and a published port is free only when the old copy has gone.
      if (group.hasVolume || group.published !== null) continue;
      if (group.isExclusive) continue;
      // Copies beside the others need room that a full cluster has not.
      if (plan.isTight && !random.chance(0.2)) continue;
      group.strategy = random.pick(["rolling", "canary", "blue-green"]);
      group.canary = Math.min(group.canary, group.replicas);
    }
    this.#fit();
  }

  /** Itself and names that nobody has among them. */
  #drawPeers(): string[] {
    if (!this.#plan.hasNetworks) return [];
    return NAMES.filter(() => this.#peers.chance(0.3));
  }

  #replicas(groups: number): number {
    const most = Math.max(1, Math.floor(this.#plan.maxInstances / groups));
    return this.#random.integer(Math.max(1, most >> 1), most);
  }

  /** Shrinks what asks for more memory than it should. */
  #fit(): void {
    const { workers, workerMib, isTight } = this.#plan;
    // Below this there is room for one more on some worker, however the others lie.
    const safe = () =>
      workers * (workerMib - Math.max(...this.#groups.map((g) => g.memoryMib)));
    const most = () =>
      isTight ? safe() : Math.min(safe(), workers * workerMib * MAX_FILL);
    const asked = () =>
      this.#groups.reduce(
        (sum, group) => sum + copiesOf(group) * group.memoryMib,
        0,
      );
    while (asked() > most()) {
      const largest = this.#groups.reduce((a, b) =>
        a.memoryMib * a.replicas >= b.memoryMib * b.replicas ? a : b
      );
      if (largest.memoryMib > 2 * 64) largest.memoryMib >>= 1;
      else largest.replicas = Math.max(1, largest.replicas - 1);
    }
  }

  /** The specs as they are now. */
  specs(): VmSpec[] {
    return this.#groups.map((group) => this.#spec(group));
  }

  #spec(group: Group): VmSpec {
    const path = `/nix/store/${"a".repeat(32)}-${group.name}-${group.version}`;
    const spec = VmSpec.parse({
      name: group.name,
      replicas: group.replicas,
      priority: group.priority,
      fencing: group.isExclusive ? "exclusive" : "none",
      cpuMilli: 100,
      memoryMib: group.memoryMib,
      labels: { turn: String(group.label) },
      image: imageOf(group, path),
      network: {
        allowedPeers: group.allowedPeers,
        ports: [{
          name: "http",
          guest: 80,
          ...(group.published === null ? {} : { publish: group.published }),
        }],
      },
      volumes: group.hasVolume
        ? [{ name: "data", sizeMib: 16, mount: "/data" }]
        : [],
      healthChecks: [{ name: "up", kind: "tcp", port: 80, intervalMs: 5000 }],
      update: {
        maxParallel: group.maxParallel,
        strategy: group.strategy,
        canary: group.strategy === "canary"
          ? Math.min(group.canary, group.replicas)
          : 0,
        autoPromote: group.autoPromote,
        minHealthyTimeMs: MIN_HEALTHY_MS,
        healthyDeadlineMs: 40_000,
        progressDeadlineMs: 180_000,
      },
      restart: { delayMs: 500, maxDelayMs: 8000 },
      dependsOn: group.dependsOn,
    });
    const { cpuMilli, memoryMib } = spec;
    this.sizes.set(runtimeHash(spec), { cpuMilli, memoryMib });
    if (group.isExclusive) this.exclusive.add(runtimeHash(spec));
    if (group.kernel !== null) {
      const isGood = group.behaviour === "good";
      this.systems.set(path, { runtimeHash: runtimeHash(spec), isGood });
    }
    return spec;
  }

  #next(): number {
    return ++this.#version;
  }

  /** Every guest behaves from now on, and everything is new. */
  mend(): void {
    for (const group of this.#groups) {
      group.behaviour = "good";
      group.version = this.#next();
    }
  }

  /** True when what was changed last misbehaves. */
  get isBad(): boolean {
    return this.#groups.some(({ behaviour }) => behaviour !== "good");
  }

  /** One change as people make them; says which. */
  change(allowed: readonly Behaviour[]): string {
    const random = this.#random;
    for (const group of this.#groups) {
      if (group.behaviour === "good") continue;
      group.behaviour = "good";
      group.version = this.#next();
    }
    const group = random.pick(this.#groups);
    const draw = random.fraction();
    if (draw < 0.1) return "the same again";
    if (draw < 0.2) {
      group.label++;
      return `policy of ${group.name}`;
    }
    if (draw < 0.3) {
      group.replicas = Math.max(1, group.replicas + random.pick([-2, -1, 1]));
      if (group.published !== null) {
        group.replicas = Math.min(group.replicas, this.#plan.workers - 1);
      }
      this.#fit();
      return `${group.replicas} replicas of ${group.name}`;
    }
    if (draw < 0.37 && this.#groups.length > 2) {
      const gone = this.#groups.pop();
      for (const other of this.#groups) {
        other.dependsOn = other.dependsOn.filter((name) => name !== gone?.name);
      }
      return `without ${gone?.name}`;
    }
    const behaviour = draw < 0.65 ? random.pick(allowed) : "good";
    const changed = random.chance(0.3) ? this.#groups : [group];
    for (const each of changed) {
      each.version = this.#next();
      each.bootMs = random.integer(500, 8000);
      each.allowedPeers = this.#drawPeers();
      if (each.kernel !== null && this.#stores.chance(0.2)) each.kernel++;
    }
    group.behaviour = behaviour;
    return `${behaviour} image of ${
      changed.map(({ name }) => name).join(", ")
    }`;
  }
}

/** At most, while a generation replaces another. */
function copiesOf({ replicas, strategy, canary }: Group): number {
  if (strategy === "blue-green") return 2 * replicas;
  return replicas + (strategy === "canary" ? canary : 0);
}

/** Of a group that reads its store only `init=` changes with the system: how it behaves is the system's, not on the command line. */
function imageOf(group: Group, path: string) {
  const { kernel, name } = group;
  if (kernel === null) {
    return {
      toplevel: path,
      kernelPath: `${path}/kernel`,
      initrdPath: `${path}/initrd`,
      cmdline: cmdlineOf(group),
    };
  }
  const boot = `/nix/store/${"b".repeat(32)}-${name}-linux-${kernel}`;
  return {
    toplevel: path,
    kernelPath: `${boot}/kernel`,
    initrdPath: `${boot}/initrd`,
    cmdline: `simulated.boot_ms=${STORE_BOOT_MS} init=${path}/init`,
    root: "store" as const,
  };
}

function cmdlineOf({ behaviour, bootMs, version }: Group): string {
  const words = [`version=${version}`, `simulated.boot_ms=${bootMs}`];
  if (behaviour === "never-boots") words.push("simulated.outcome=never");
  if (behaviour === "crashes-early") {
    words.push(
      "simulated.outcome=crash",
      `simulated.after_ms=${CRASH_EARLY_MS}`,
    );
  }
  if (behaviour === "crashes-late") {
    words.push(
      "simulated.outcome=crash",
      `simulated.after_ms=${CRASH_LATE_MS}`,
    );
  }
  return words.join(" ");
}
