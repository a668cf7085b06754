/**
 * Who uses the cluster: a publisher that pushes changes one after the other
 * and asks again until it has an answer, and an operator.
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";
import type { PublishRequest } from "../../roles/model/generation.ts";
import { intentHash } from "../../roles/model/hashes.ts";
import type { VmSpec } from "../../roles/model/vm_spec.ts";
import {
  publishReplyFromWire,
  publishRequestToWire,
} from "../../rpc/convert.ts";
import { type Behaviour, Catalogue, CLUSTER } from "./catalogue.ts";
import { Client } from "./client.ts";
import type { Kernel } from "./kernel.ts";
import type { Network } from "./network.ts";
import { Operator, type OperatorPromises } from "./operator.ts";
import type { SimulationPlan } from "./plan.ts";
import type { RandomStream } from "./random.ts";
import type { Trace } from "./trace.ts";

const FIRST_PUBLISH_MS = 5000;
/** Between two tries of the same call. */
const RETRY_MS = { min: 500, max: 3000 };
/** Tries of one call: more than the longest outage needs. */
const MAX_TRIES = 200;

/** Answers that another try cannot change. */
const FINAL = new Set(["refused", "conflict", "invalid", "not_found"]);

/** Told what was promised to the users. */
export interface Promises extends OperatorPromises {
  published(request: PublishRequest): void;
}

interface WorkloadParts {
  kernel: Kernel;
  network: Network;
  random: RandomStream;
  trace: Trace;
  promises: Promises;
}

export class Workload {
  readonly catalogue: Catalogue;
  readonly operator: Operator;
  /** Every intent that was sent, by generation. */
  readonly sent = new Map<number, PublishRequest>();
  readonly #parts: WorkloadParts;
  readonly #plan: SimulationPlan;
  readonly #random: RandomStream;
  readonly #publisher: Client;
  readonly #viewer: Client;
  #busy: Promise<void> = Promise.resolve();
  /** Left of this run. */
  #interruptions = 2;

  constructor(plan: SimulationPlan, parts: WorkloadParts) {
    this.#plan = plan;
    this.#parts = parts;
    this.#random = parts.random;
    this.catalogue = new Catalogue(plan, parts.random.child("catalogue"));
    const { kernel, network } = parts;
    const common = { kernel, network };
    this.#publisher = new Client("ci", { ...common, token: "publisher" });
    this.#viewer = new Client("operator", { ...common, token: "operator" });
    this.operator = new Operator({
      kernel,
      plan,
      random: parts.random.child("operator"),
      trace: parts.trace,
      client: this.#viewer,
      insist: (client, action) => this.#insist(client, action),
      promises: parts.promises,
    });
  }

  /** Plans everything of the storm. */
  begin(): void {
    const { kernel, random } = this.#parts;
    const { publishes, stormMs } = this.#plan;
    kernel.after(FIRST_PUBLISH_MS, () => this.#publishNext());
    for (let count = 1; count < publishes; count++) {
      const share = (stormMs - 60_000) / publishes;
      const atMs = 30_000 + share * (count - random.fraction() * 0.7);
      kernel.after(atMs, () => {
        this.#parts.trace.line("ci", this.catalogue.change(this.#allowed()));
        this.#publishNext();
      });
    }
    const operations = random.integer(3, 8);
    for (let count = 0; count < operations; count++) {
      kernel.after(random.integer(90_000, stormMs), () => this.#operate());
    }
    kernel.after(random.integer(60_000, stormMs), () => this.#readLog());
    void this.operator.watch();
  }

  /** Now and then somebody acts at the worst moment: when an order was given and not yet obeyed. */
  orderGiven(): void {
    const { kernel, trace } = this.#parts;
    const isTime = this.#interruptions > 0 && kernel.nowMs > FIRST_PUBLISH_MS &&
      kernel.nowMs < this.#plan.stormMs;
    if (!isTime || !this.#random.chance(0.1)) return;
    this.#interruptions--;
    trace.line("users", "interrupt");
    if (this.#random.chance(0.5)) this.#inOrder(() => this.operator.rollback());
    else {
      trace.line("ci", this.catalogue.change(this.#allowed()));
      this.#publishNext();
    }
  }

  #allowed(): Behaviour[] {
    const allowed: Behaviour[] = [];
    const { faults } = this.#plan;
    if (faults.has("neverBoots")) allowed.push("never-boots");
    if (faults.has("vmCrashes")) allowed.push("crashes-early", "crashes-late");
    return allowed.length === 0 ? ["good"] : allowed;
  }

  /** One after the other: a publisher does not race with itself. */
  #publishNext(): void {
    const specs = this.catalogue.specs();
    this.#inOrder(() => this.publish(specs));
  }

  #inOrder(work: () => Promise<unknown>): void {
    this.#busy = this.#busy.then(work).then(() => undefined, (error) => {
      if (error instanceof AppError) {
        this.#parts.trace.line("users", `gave up: ${error.message}`);
      } else {
        this.#parts.trace.broken("users", String(error?.stack ?? error));
      }
    });
  }

  /** Resolves when nothing that was asked for is without an answer. */
  idle(): Promise<void> {
    return this.#busy;
  }

  /** Publishes until there is an answer; the generation, or 0 when it was refused. */
  async publish(specs: VmSpec[]): Promise<number> {
    const highest = await this.#insist(
      this.#publisher,
      async (session, call) => {
        using publisher = session.publisher().publisher;
        const reply = await publisher.highestGeneration(
          { cluster: CLUSTER },
          call,
        );
        return Number(reply.generation);
      },
    );
    const generation = highest + 1;
    const request: PublishRequest = {
      cluster: CLUSTER,
      repository: "shop",
      commit: generation.toString(16).padStart(10, "0"),
      generation,
      parent: highest,
      intentHash: intentHash(specs),
      placement: this.#plan.placement,
      vmSpecs: specs,
    };
    this.#noteBehaviours(specs);
    this.sent.set(generation, request);
    return await this.#send(request);
  }

  #noteBehaviours(specs: readonly VmSpec[]): void {
    const { trace } = this.#parts;
    for (const { name, image: { cmdline } } of specs) {
      if (cmdline.includes("outcome=never")) {
        trace.fault("vm-never-boots", name);
      }
      if (cmdline.includes("outcome=crash")) trace.fault("vm-crashes", name);
    }
  }

  async #send(request: PublishRequest): Promise<number> {
    const { trace, promises } = this.#parts;
    const { generation } = request;
    let tries = 0;
    try {
      const reply = await this.#insist(
        this.#publisher,
        async (session, call) => {
          tries++;
          using publisher = session.publisher().publisher;
          const wire = publishRequestToWire(request);
          return publishReplyFromWire(await publisher.publishState(wire, call));
        },
      );
      trace.seen("publish", "ci", `${generation} is ${reply.state}`);
      promises.published(request);
      this.#repeatLater(request);
      return generation;
    } catch (error) {
      if (!(error instanceof AppError) || !FINAL.has(error.code)) throw error;
      // Alone and on top of the highest: nothing can have come between.
      if (error.code === "conflict") trace.broken("users", error.message);
      trace.line("ci", `${generation} ${error.code}: ${error.message}`);
      return 0;
    }
  }

  /** A copy of the call that was on its way for long. */
  #repeatLater(request: PublishRequest): void {
    if (!this.#plan.faults.has("repeats") || !this.#random.chance(0.5)) return;
    const { kernel, trace } = this.#parts;
    kernel.after(this.#random.integer(1000, 120_000), () => {
      trace.fault("repeated-publish", "ci", String(request.generation));
      this.#publisher.call(async (session, call) => {
        using publisher = session.publisher().publisher;
        await publisher.publishState(publishRequestToWire(request), call);
      }).catch(() => undefined);
    });
  }

  async #insist<T>(
    client: Client,
    action: Parameters<typeof client.call<T>>[0],
  ): Promise<T> {
    const { kernel, trace } = this.#parts;
    for (let tries = 1;; tries++) {
      const loseReply = this.#plan.faults.has("replyLost") &&
        kernel.nowMs < this.#plan.stormMs && this.#random.chance(0.3);
      if (loseReply) trace.fault("reply-lost", client.name);
      try {
        return await client.call<T>(action, { loseReply });
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        if (FINAL.has(error.code) || tries === MAX_TRIES) throw error;
        await kernel.sleep(this.#random.integer(RETRY_MS.min, RETRY_MS.max));
      }
    }
  }

  #operate(): void {
    this.#inOrder(() => this.operator.act());
  }

  #readLog(): void {
    const { trace } = this.#parts;
    const group = this.catalogue.specs()[0]?.name;
    this.#viewer.call(async (session, call) => {
      using viewer = session.viewer().viewer;
      const vm = `${CLUSTER}/${group}-0`;
      const { text } = await viewer.logs({ vm, maxBytes: 1000 }, call);
      trace.seen("logs", "operator", JSON.stringify(text));
    }).catch((error) => {
      if (error instanceof AppError) {
        trace.line("operator", `logs: ${error.message}`);
      } else trace.broken("users", String(error?.stack ?? error));
    });
  }
}
