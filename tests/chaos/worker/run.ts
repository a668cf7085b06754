/**
 * A chaos run of one worker: in each round its orders change, a process is
 * killed and started again as a service manager would, and when the worker has
 * come to rest the host must show what was ordered and nothing else.
 *
 * Every round begins where the one before ended.
 *
 * @module
 */
import type { Order } from "../../../roles/model/assignment.ts";
import { runtimeHash } from "../../../roles/model/hashes.ts";
import type { VmSpec } from "../../../roles/model/vm_spec.ts";
import { runChecked } from "../../../roles/process/mod.ts";
import { NetworkConfig } from "../../../roles/worker/network/config.ts";
import { tapName } from "../../../roles/worker/network/core/names.ts";
import { standInPlace } from "../../support/cloud_hypervisor/host.ts";
import { createNetwork } from "../../support/netns.ts";
import { copyDirectoryName } from "../../../vmm/mod.ts";
import { fallbackTo, orderFor, testVmSpec } from "../../support/worker.ts";
import { until } from "../../support/wait.ts";
import { isClean, judge, type Things, type Verdict } from "./checks.ts";
import { type ChaosDriver, ChaosHost } from "./host.ts";
import {
  type Change,
  describeKill,
  isExclusive,
  type Kill,
  type Round,
  VM_NAMES,
} from "./plan.ts";

/** The first of a subnet is the host's. */
const FIRST_ADDRESS = 2;
/** Of a hash in a root's name. */
const HASH_CHARS = 16;
/** How long rest may take, and the deadlines of changes: a failing one has a short deadline of its own, so that a slow host fails nothing healthy. */
const LIMITS = {
  simulated: { restMs: 60_000, failingMs: 800, healthyMs: 60_000 },
  "stand-in": { restMs: 120_000, failingMs: 5000, healthyMs: 60_000 },
  qemu: { restMs: 180_000, failingMs: 10_000, healthyMs: 120_000 },
} as const;
/** A lease that a start of the worker does not outlast by much: exclusive VMs are fenced now and then. */
const LEASE_MS = 5000;
/** A guest that powers off takes a moment; one that hangs is not waited for. */
const GRACE_MS = 1000;
const SUBNET = "10.201.7.0/24";
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

export interface WorkerChaosOptions {
  rounds: readonly Round[];
  driver: ChaosDriver;
  dir: string;
  report: (line: string) => void;
}

export interface RoundResult extends Verdict {
  kill: string;
  restSeconds: number | null;
}

/** What one VM is told to be, and what has been healthy of it. */
interface Ordered {
  incarnation: number;
  order: Order | null;
  /** What runs when all is at rest. */
  healthy: VmSpec | null;
}

class WorkerChaos {
  readonly #options: WorkerChaosOptions;
  readonly #host: ChaosHost;
  readonly #vms = new Map<string, Ordered>(
    VM_NAMES.map((vm) => [vm, { incarnation: 0, order: null, healthy: null }]),
  );
  #revision = 0;
  #contents = 0;
  /** How long an undisturbed round takes. */
  #roundMs = 2000;
  #gate: string | null = null;
  /** For people: what a hash in a name stands for. */
  readonly #labels = new Map<string, string>();

  constructor(options: WorkerChaosOptions, host: ChaosHost) {
    this.#options = options;
    this.#host = host;
  }

  get #limits() {
    return LIMITS[this.#options.driver];
  }

  get #isBridged(): boolean {
    return this.#options.driver === "stand-in";
  }

  #spec(vm: string, change: "healthy" | "failing"): VmSpec {
    const content = `CONTENT=${++this.#contents}`;
    const behaviour = BEHAVIOUR[this.#options.driver](change, addressOf(vm));
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
      ...(this.#isBridged
        ? { network: { address: addressOf(vm), peers: [], sources: [] } }
        : {}),
    };
    const healthy = change === "healthy" ? spec : known.healthy;
    this.#vms.set(vm, { incarnation, order, healthy });
  }

  async #assign(changes: ReadonlyMap<string, Change>): Promise<void> {
    this.#revision++;
    for (const [vm, change] of changes) this.#change(vm, change);
    const orders = [...this.#vms.values()].flatMap(({ order }) => order ?? []);
    await this.#host.master.assign(this.#revision, orders, {
      leaseMs: LEASE_MS,
      ...(this.#isBridged ? { network: { subnet: SUBNET, routes: [] } } : {}),
    });
  }

  /** The worker itself says that it has done all that was ordered; why not, else null. */
  async #unrest(): Promise<string | null> {
    const report = await this.#host.master.report();
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

  async #atRest(): Promise<void> {
    let why: string | null = "nothing was seen";
    try {
      await until("rest", async () => {
        why = await this.#unrest();
        return why === null || this.#host.worker.isGone;
      }, { timeoutMs: this.#limits.restMs });
      if (why === null) return;
      why = "the worker has ended";
    } catch {
      // Told below, with what was seen last.
    }
    const log = await this.#host.logTail();
    throw new Error(`it does not come to rest: ${why}\n${log}`);
  }

  #allowed(): Things {
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

  async #verdict(): Promise<Verdict> {
    const expected = [...this.#vms].flatMap(([vm, { healthy }]) =>
      healthy === null ? [] : [{ vm, runtimeHash: runtimeHash(healthy) }]
    );
    const look = async () =>
      judge(expected, await this.#host.machines(), {
        found: await this.#host.things(),
        allowed: this.#allowed(),
      });
    // What is cleared after the report has a moment for it.
    let last = await look();
    await until("nothing wrong", async () => {
      last = await look();
      return isClean(last);
    }, { timeoutMs: 5000 }).catch(() => undefined);
    return { ...last, leaked: last.leaked.map((name) => this.#explain(name)) };
  }

  #explain(name: string): string {
    const label = [...this.#labels].find(([hash]) => name.includes(hash))?.[1];
    return label === undefined ? name : `${name} (${label})`;
  }

  /** Starts the worker with the failpoint of the coming round, asleep until that round begins. */
  #startWorker(next: Round | undefined): void {
    this.#gate = null;
    if (next?.kill.kind !== "point") return this.#host.startWorker();
    this.#gate = `${this.#options.dir}/gate-${this.#revision}`;
    this.#host.startWorker({ point: next.kill.point, gate: this.#gate });
  }

  /** Two undisturbed rounds: what kills are timed by. */
  async begin(): Promise<void> {
    await this.#host.prepare();
    this.#startWorker(undefined);
    for (let count = 0; count < 2; count++) {
      const begin = performance.now();
      await this.#assign(new Map(VM_NAMES.map((vm) => [vm, "healthy"])));
      await this.#atRest();
      this.#roundMs = performance.now() - begin;
    }
    const verdict = await this.#verdict();
    if (!isClean(verdict)) {
      throw new Error(`not clean before any kill: ${JSON.stringify(verdict)}`);
    }
    const seconds = (this.#roundMs / 1000).toFixed(1);
    this.#options.report(`an undisturbed round takes ${seconds} s`);
  }

  async #kill(kill: Kill): Promise<void> {
    const host = this.#host;
    if (kill.kind === "point") {
      const signal = await Promise.race([
        host.worker.ended,
        this.#atRest().then(() => "rest", () => "rest"),
      ]);
      if (signal !== "SIGKILL") {
        throw new Error(`${kill.point} was not reached (${signal})`);
      }
      return;
    }
    await new Promise((resolve) =>
      setTimeout(resolve, kill.fraction * this.#roundMs)
    );
    if (kill.kind === "worker") return await host.worker.end("SIGKILL");
    if (kill.kind === "guard") {
      await host.guard.end("SIGKILL");
      return await host.startGuard();
    }
    const pid = await host.pidOf(kill.vm);
    // It may be between two boots: a kill that meets nobody.
    if (pid !== null) Deno.kill(pid, "SIGKILL");
  }

  async round(round: Round, next: Round | undefined): Promise<RoundResult> {
    const name = describeKill(round.kill);
    try {
      if (round.kill.kind === "point" && this.#gate === null) {
        // Its failpoint needs a process that was started with it.
        await this.#host.worker.end("SIGTERM");
        this.#startWorker(round);
      }
      const gate = this.#gate;
      await this.#assign(round.changes);
      if (gate !== null) await Deno.writeTextFile(gate, "");
      await this.#kill(round.kill);
      const begin = performance.now();
      if (this.#host.worker.isGone) this.#startWorker(next);
      await this.#atRest();
      const restSeconds = (performance.now() - begin) / 1000;
      return { kill: name, restSeconds, ...await this.#verdict() };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return {
        kill: name,
        restSeconds: null,
        lost: [why],
        extra: [],
        leaked: [],
      };
    }
  }
}

function row({ kill, restSeconds, ...verdict }: RoundResult): string {
  const rest = restSeconds === null ? "-" : `${restSeconds.toFixed(1)} s`;
  return `${kill.padEnd(32)}${rest.padStart(8)}  ${
    isClean(verdict) ? "everything holds" : "BROKEN"
  }`;
}

/** Runs all rounds; ends early only when the worker does not come to rest. */
export async function runWorkerChaos(
  options: WorkerChaosOptions,
): Promise<RoundResult[]> {
  const { dir, driver, rounds, report } = options;
  const config: Record<string, unknown> = { stopGraceMs: GRACE_MS };
  let inside: readonly string[] = [];
  await using stack = new AsyncDisposableStack();
  if (driver === "stand-in") {
    const network = stack.use(await createNetwork(["w1"]));
    const { namespace } = network.host("w1");
    // Not by `ip netns exec`, which hides the control groups.
    inside = ["nsenter", `--net=/run/netns/${namespace}`, "--"];
    // What stands in for a VMM answers at its guest's address itself.
    const local = ["route", "add", "local", SUBNET, "dev", "lo"];
    await runChecked("ip", ["-n", namespace, ...local]);
    // dnsmasq gives its rights up and reads its files all the same.
    await Deno.chmod(dir, 0o711);
    const { program } = await standInPlace(dir);
    config.cloudHypervisorPath = program;
    config.network = { mode: "bridge" };
    config.vmmUser = "worker";
  }
  const host = stack.use(
    new ChaosHost({ dir, driver, config, inside, logPath: `${dir}/log` }),
  );
  const chaos = new WorkerChaos(options, host);
  await chaos.begin();
  const results: RoundResult[] = [];
  for (const [index, round] of rounds.entries()) {
    const result = await chaos.round(round, rounds[index + 1]);
    results.push(result);
    report(row(result));
    for (const what of [...result.lost, ...result.extra, ...result.leaked]) {
      report(`    ${what}`);
    }
    if (result.restSeconds === null) break;
  }
  return results;
}
