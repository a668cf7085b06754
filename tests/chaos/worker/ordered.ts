/**
 * What a chaos run has ordered of its worker, and what the host and the worker
 * may show when that is done. Looks at nothing.
 *
 * @module
 */
import type { Order } from "../../../roles/model/assignment.ts";
import { runtimeHash } from "../../../roles/model/hashes.ts";
import type { WorkerReport } from "../../../roles/model/observed.ts";
import type { VmSpec } from "../../../roles/model/vm_spec.ts";
import { NetworkConfig } from "../../../roles/worker/network/config.ts";
import { tapName } from "../../../roles/worker/network/core/names.ts";
import { copyDirectoryName } from "../../../vmm/mod.ts";
import { fallbackTo, orderFor, testVmSpec } from "../../support/worker.ts";
import type { Expected, Things } from "./checks.ts";
import type { ChaosDriver } from "./host.ts";
import { type Change, isExclusive, VM_NAMES } from "./plan.ts";

/** The first of a subnet is the host's. */
const FIRST_ADDRESS = 2;
/** Of a hash in a root's name. */
const HASH_CHARS = 16;
/** Of guests with addresses. */
export const SUBNET = "10.201.7.0/24";
const BRIDGE = NetworkConfig.parse({}).bridge;
/** Where the guests of the stand-in listen, as those of QEMU's user networking do inside theirs. */
const PORT = 80;

type Behave = (change: "healthy" | "failing", address: string) => string;

/** Words on the kernel's command line. */
const BEHAVIOUR: Readonly<Record<ChaosDriver, Behave>> = {
  simulated: (change) =>
    change === "healthy" ? "simulated.boot_ms=50" : "simulated.outcome=never",
  qemu: (change) => change === "healthy" ? "MODE=healthy" : "MODE=silent",
  "stand-in": (change, address) =>
    change === "healthy"
      ? `standin.guest=serves standin.listen=${address}:${PORT}`
      : "standin.guest=silent",
};

/** Each VM keeps its own. */
function addressOf(vm: string): string {
  return `10.201.7.${FIRST_ADDRESS + VM_NAMES.indexOf(vm)}`;
}

/** What one VM is told to be, and what has been healthy of it. */
interface Ordered {
  incarnation: number;
  order: Order | null;
  /** What runs when all is at rest. */
  healthy: VmSpec | null;
}

/** How long changes have to get healthy. */
export interface ChangeLimits {
  failingMs: number;
  healthyMs: number;
}

/** All VMs of a run. */
export class OrderedVms {
  readonly #driver: ChaosDriver;
  readonly #limits: ChangeLimits;
  readonly #vms = new Map<string, Ordered>(
    VM_NAMES.map((vm) => [vm, { incarnation: 0, order: null, healthy: null }]),
  );
  #revision = 0;
  #contents = 0;
  /** For people: what a hash in a name stands for. */
  readonly #labels = new Map<string, string>();

  constructor(driver: ChaosDriver, limits: ChangeLimits) {
    this.#driver = driver;
    this.#limits = limits;
  }

  /** Of the newest changes. */
  get revision(): number {
    return this.#revision;
  }

  /** Guests have addresses. */
  get isBridged(): boolean {
    return this.#driver === "stand-in";
  }

  get orders(): Order[] {
    return [...this.#vms.values()].flatMap(({ order }) => order ?? []);
  }

  /** What runs when all is at rest. */
  get expected(): Expected[] {
    return [...this.#vms].flatMap(([vm, { healthy }]) =>
      healthy === null ? [] : [{ vm, runtimeHash: runtimeHash(healthy) }]
    );
  }

  change(changes: ReadonlyMap<string, Change>): void {
    this.#revision++;
    for (const [vm, change] of changes) this.#change(vm, change);
  }

  #spec(vm: string, change: "healthy" | "failing"): VmSpec {
    const content = `CONTENT=${++this.#contents}`;
    const behaviour = BEHAVIOUR[this.#driver](change, addressOf(vm));
    return testVmSpec({
      cmdline: `quiet ${behaviour} ${content}`,
      spec: {
        update: {
          minHealthyTimeMs: 100,
          healthyDeadlineMs: change === "healthy"
            ? this.#limits.healthyMs
            : this.#limits.failingMs,
        },
        restart: { delayMs: 50, maxDelayMs: 200 },
        fencing: isExclusive(vm) ? "exclusive" : "none",
      },
    });
  }

  #change(vm: string, change: Change): void {
    const known = this.#vms.get(vm);
    if (known === undefined) throw new Error(`no VM ${vm}`);
    if (change === "gone") {
      this.#vms.set(vm, { ...known, order: null, healthy: null });
      return;
    }
    const incarnation = known.order === null
      ? known.incarnation + 1
      : known.incarnation;
    const spec = this.#spec(vm, change);
    this.#labels.set(
      runtimeHash(spec).slice(0, HASH_CHARS),
      `${vm} ${change} content ${this.#contents} of order ${this.#revision}`,
    );
    const order: Order = {
      ...orderFor(vm, spec, {
        revision: this.#revision,
        generation: this.#revision,
        ...(known.healthy === null
          ? {}
          : { fallback: fallbackTo(known.healthy, this.#revision - 1) }),
      }),
      incarnation,
      ...(this.isBridged
        ? { network: { address: addressOf(vm), peers: [], sources: [] } }
        : {}),
    };
    const healthy = change === "healthy" ? spec : known.healthy;
    this.#vms.set(vm, { incarnation, order, healthy });
  }

  /** The worker itself says that it has done all that was ordered; why not, else null. */
  unrest(report: WorkerReport | null): string | null {
    if (report === null) return "no report";
    if (report.revision !== this.#revision) return "an older assignment";
    const shown = new Map(report.vms.map((vm) => [vm.vm, vm]));
    for (const [vm, { order, healthy }] of this.#vms) {
      const seen = shown.get(vm);
      shown.delete(vm);
      if (order === null) {
        if (seen !== undefined) return `${vm} is still there: ${seen.message}`;
        continue;
      }
      const wanted = healthy === null ? null : runtimeHash(healthy);
      const isBack = seen?.rolledBack?.orderRevision === order.orderRevision;
      const isDone = order.runtimeHash === wanted
        ? seen?.settled === true
        : isBack;
      const isThere = isDone && seen?.runtimeHash === wanted &&
        (wanted === null || seen.health === "healthy");
      if (!isThere) return `${vm}: ${seen?.state} ${seen?.message}`;
    }
    return null;
  }

  /** What may be on the host beside machines, by kind. */
  allowed(): Things {
    const directories: string[] = [];
    const roots: string[] = [];
    const running: string[] = [];
    const taps: string[] = [];
    const inRules: string[] = [];
    const addresses: string[] = [];
    for (const [id, { order, incarnation, healthy }] of this.#vms) {
      if (order === null) continue;
      const copy = { id, incarnation };
      const name = copyDirectoryName(copy);
      directories.push(name);
      const tap = tapName(BRIDGE, copy);
      // The rules of an ordered guest are there before it starts.
      inRules.push(tap);
      addresses.push(addressOf(id));
      const hashes = [
        order.runtimeHash,
        ...(order.fallback.kind === "spec" ? [order.fallback.runtimeHash] : []),
      ];
      for (const hash of hashes) {
        for (const index of [0, 1, 2]) {
          roots.push(`${name}/${hash.slice(0, HASH_CHARS)}-${index}`);
        }
      }
      if (healthy === null) continue;
      running.push(name);
      taps.push(tap);
    }
    return new Map([
      ["directory", directories],
      ["memory", directories],
      ["root", roots],
      ["control group", running],
      // Where a VMM may write: its overlays and snapshots.
      ["temporary file", running],
      ["tap", taps],
      ["tap in rules", inRules],
      ["address in rules", addresses],
    ]);
  }

  /** The name, with what was ordered under the hash in it. */
  explain(name: string): string {
    const label = [...this.#labels].find(([hash]) => name.includes(hash))?.[1];
    return label === undefined ? name : `${name} (${label})`;
  }
}
