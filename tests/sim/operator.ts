/**
 * Who looks after the cluster: rolls back, resumes, pauses and promotes
 * rollouts, and takes workers out of service and back. Over the CLI's own
 * client. Asks for what makes no sense as well: a refusal is an answer.
 *
 * @module
 */
import { operatorMethods } from "../../roles/cli/operator_rpc.ts";
import type { OperatorClient } from "../../roles/cli/operator_client.ts";
import type { Operation } from "../../roles/model/operation.ts";
import { AppError } from "../../roles/model/errors.ts";
import type { SessionClient } from "../../rpc/generated/master.ts";
import type { Client } from "./client.ts";
import type { Kernel } from "./kernel.ts";
import type { SimulationPlan } from "./plan.ts";
import type { RandomStream } from "./random.ts";
import { CLUSTER } from "./catalogue.ts";
import type { Seen, Trace } from "./trace.ts";

/** Told what was promised to the users. */
export interface OperatorPromises {
  /** Asked for, not answered yet: it may or may not hold. */
  operating(): void;
  rolledBack(active: number): void;
  /** Asked for, again and again until there is an answer. */
  resuming(): void;
  resumed(): void;
  /** Asked for, not answered yet. */
  retrying(generation: number): void;
}

/** Asks until there is an answer. */
export type Insist = <T>(
  client: Client,
  action: (
    session: SessionClient,
    options: { signal: AbortSignal },
  ) => Promise<T>,
) => Promise<T>;

interface OperatorParts {
  kernel: Kernel;
  plan: SimulationPlan;
  random: RandomStream;
  trace: Trace;
  client: Client;
  insist: Insist;
  promises: OperatorPromises;
}

/** How long a rollout stays paused, a worker cordoned. */
const PAUSED_MS = { min: 5000, max: 90_000 };
const OUT_MS = { min: 20_000, max: 150_000 };
const DRAIN_DEADLINE_MS = { min: 10_000, max: 200_000 };
/** Between two looks at whether canaries wait to be promoted. */
const PROMOTE_MS = 15_000;
const REASON = "simulated";

export class Operator {
  readonly #parts: OperatorParts;
  readonly #random: RandomStream;
  /** So many were asked for. */
  drains = 0;
  /** Workers that were taken out of service. */
  readonly #out = new Set<string>();
  #isOver = false;

  constructor(parts: OperatorParts) {
    this.#parts = parts;
    this.#random = parts.random;
  }

  /** Something that an operator might do now. */
  act(): Promise<unknown> {
    const actions: [number, () => Promise<unknown>][] = [
      [4, () => this.rollback()],
      [2, () => this.resume()],
      [2, () => this.retry()],
      [2, () => this.#pause()],
      [1, () => this.#fail()],
      [2, () => this.#cordon()],
      [3, () => this.#drain()],
      [1, () => this.#cancel()],
      [2, () => this.#rebalance()],
    ];
    const total = actions.reduce((sum, [weight]) => sum + weight, 0);
    let draw = this.#random.integer(1, total);
    for (const [weight, act] of actions) {
      draw -= weight;
      if (draw <= 0) return act();
    }
    return Promise.resolve();
  }

  /** Promotes what waits for it, until `end`. */
  async watch(): Promise<void> {
    const { kernel } = this.#parts;
    while (!this.#isOver) {
      await kernel.sleep(PROMOTE_MS);
      await this.#ask("promote-canaries", (client) => client.promote(CLUSTER));
    }
  }

  end(): void {
    this.#isOver = true;
  }

  /** Everything is as before: nothing held, paused or out of service. */
  async restore(): Promise<void> {
    for (;;) {
      const running = await this.#running();
      if (running === undefined) break;
      await this.#stop(running.id);
    }
    for (const worker of [...this.#out]) await this.#uncordon(worker);
    await this.resume();
  }

  #methods<T>(action: (client: OperatorClient) => Promise<T>): Promise<T> {
    const { client, insist } = this.#parts;
    return insist(
      client,
      (session, options) =>
        action(operatorMethods(session, async (call) => await call(options))),
    );
  }

  /** Counts what was done; what was refused is a line. */
  async #ask<T>(
    kind: Seen,
    action: (client: OperatorClient) => Promise<T>,
    text = "",
  ): Promise<T | null> {
    const { trace } = this.#parts;
    try {
      const done = await this.#methods(action);
      trace.seen(kind, "operator", text);
      return done;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      // Asked every few seconds: what is not the case is no news.
      if (kind !== "promote-canaries") {
        trace.line("operator", `${kind} ${text}: ${error.message}`);
      }
      return null;
    }
  }

  #later(range: { min: number; max: number }, act: () => Promise<unknown>) {
    const { kernel, trace } = this.#parts;
    kernel.after(this.#random.integer(range.min, range.max), () => {
      if (this.#isOver) return;
      act().catch((error) =>
        trace.broken("operator", String(error?.stack ?? error))
      );
    });
  }

  async rollback(): Promise<void> {
    const { client, insist, promises, trace } = this.#parts;
    promises.operating();
    const active = await insist(client, async (session, call) => {
      using operator = session.operator().operator;
      const { status } = await operator.rollback(
        { cluster: CLUSTER, generation: 0 },
        call,
      );
      return Number(status?.activeGeneration ?? 0);
    });
    promises.rolledBack(active);
    trace.seen("rollback", "operator", `to ${active}`);
  }

  async resume(): Promise<void> {
    const { client, insist, promises, trace } = this.#parts;
    promises.resuming();
    await insist(client, async (session, call) => {
      using operator = session.operator().operator;
      await operator.resume({ cluster: CLUSTER }, call);
    });
    promises.resumed();
    trace.seen("resume", "operator", "");
  }

  /** Tries the newest failed generation again. */
  async retry(): Promise<void> {
    const { client, insist, promises, trace } = this.#parts;
    const failed = await insist(client, async (session, call) => {
      using viewer = session.viewer().viewer;
      const { generations } = await viewer.generations(
        { cluster: CLUSTER, limit: 20 },
        call,
      );
      return generations.find(({ state }) => state === "failed");
    });
    if (failed === undefined) return;
    promises.operating();
    const generation = Number(failed.generation);
    await insist(client, async (session, call) => {
      // Asked again without an answer it is asked for twice: it may have failed once more in between.
      promises.retrying(generation);
      using operator = session.operator().operator;
      await operator.retry({ cluster: CLUSTER, generation }, call);
    });
    trace.seen("retry", "operator", String(generation));
  }

  async #pause(): Promise<void> {
    const done = await this.#ask(
      "pause",
      (client) => client.pause(CLUSTER, REASON),
    );
    if (done !== null) this.#later(PAUSED_MS, () => this.resume());
  }

  #fail(): Promise<unknown> {
    return this.#ask("fail-rollout", (client) => client.fail(CLUSTER, REASON));
  }

  #worker(): string {
    return `w${this.#random.integer(1, this.#parts.plan.workers)}`;
  }

  async #cordon(): Promise<void> {
    const worker = this.#worker();
    this.#out.add(worker);
    await this.#ask(
      "cordon",
      (client) => client.cordon(worker, REASON),
      worker,
    );
    this.#later(OUT_MS, () => this.#uncordon(worker));
  }

  async #uncordon(worker: string): Promise<void> {
    const done = await this.#ask(
      "uncordon",
      (client) => client.uncordon(worker),
      worker,
    );
    if (done !== null) this.#out.delete(worker);
  }

  async #drain(): Promise<void> {
    const worker = this.#worker();
    this.#out.add(worker);
    this.drains++;
    const force = !this.#parts.plan.isGentle && this.#random.chance(0.3);
    const deadlineMs = this.#random.integer(
      DRAIN_DEADLINE_MS.min,
      DRAIN_DEADLINE_MS.max,
    );
    const options = { deadlineMs, force, reason: REASON };
    await this.#ask(
      "drain",
      (client) => client.drain(worker, options),
      `${worker} within ${deadlineMs} ms${force ? " by force" : ""}`,
    );
    this.#later(OUT_MS, () => this.#uncordon(worker));
  }

  #rebalance(): Promise<unknown> {
    const maxMoves = this.#random.integer(1, 5);
    return this.#ask(
      "rebalance",
      (client) => client.rebalance(CLUSTER, { maxMoves, apply: true }),
      `${maxMoves} moves at most`,
    );
  }

  /** Stops the newest operation that goes on. */
  async #cancel(): Promise<void> {
    const running = await this.#running();
    if (running !== undefined) await this.#stop(running.id);
  }

  async #running(): Promise<Operation | undefined> {
    const operations = await this.#methods((client) => client.operations(20));
    return operations.find(({ state }) => state === "running");
  }

  #stop(id: string): Promise<unknown> {
    return this.#ask("cancel", (client) => client.cancel(id), id);
  }
}
