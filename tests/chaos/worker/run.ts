/**
 * A chaos run of one worker: in each round its orders change, a process is
 * killed and started again as a service manager would, and when the worker has
 * come to rest the host must show what was ordered and nothing else.
 *
 * Every round begins where the one before ended.
 *
 * @module
 */
import { runChecked } from "../../../roles/process/mod.ts";
import { standInPlace } from "../../support/cloud_hypervisor/host.ts";
import { createNetwork } from "../../support/netns.ts";
import { until } from "../../support/wait.ts";
import { isClean, judge, type Verdict } from "./checks.ts";
import { type ChaosDriver, ChaosHost } from "./host.ts";
import {
  type Change,
  describeKill,
  type Kill,
  type Round,
  VM_NAMES,
} from "./plan.ts";
import { OrderedVms, SUBNET } from "./ordered.ts";

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

class WorkerChaos {
  readonly #options: WorkerChaosOptions;
  readonly #host: ChaosHost;
  readonly #ordered: OrderedVms;
  /** How long an undisturbed round takes. */
  #roundMs = 2000;
  #gate: string | null = null;

  constructor(options: WorkerChaosOptions, host: ChaosHost) {
    this.#options = options;
    this.#host = host;
    this.#ordered = new OrderedVms(options.driver, this.#limits);
  }

  get #limits() {
    return LIMITS[this.#options.driver];
  }

  async #assign(changes: ReadonlyMap<string, Change>): Promise<void> {
    const ordered = this.#ordered;
    ordered.change(changes);
    await this.#host.master.assign(ordered.revision, ordered.orders, {
      leaseMs: LEASE_MS,
      ...(ordered.isBridged ? { network: { subnet: SUBNET, routes: [] } } : {}),
    });
  }

  async #atRest(): Promise<void> {
    let why: string | null = "nothing was seen";
    try {
      await until("rest", async () => {
        why = this.#ordered.unrest(await this.#host.master.report());
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

  async #verdict(): Promise<Verdict> {
    const { expected } = this.#ordered;
    const look = async () =>
      judge(expected, await this.#host.machines(), {
        found: await this.#host.things(),
        allowed: this.#ordered.allowed(),
      });
    // What is cleared after the report has a moment for it.
    let last = await look();
    await until("nothing wrong", async () => {
      last = await look();
      return isClean(last);
    }, { timeoutMs: 5000 }).catch(() => undefined);
    return {
      ...last,
      leaked: last.leaked.map((name) => this.#ordered.explain(name)),
    };
  }

  /** Starts the worker with the failpoint of the coming round, asleep until that round begins. */
  #startWorker(next: Round | undefined): void {
    this.#gate = null;
    if (next?.kill.kind !== "point") return this.#host.startWorker();
    this.#gate = `${this.#options.dir}/gate-${this.#ordered.revision}`;
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
