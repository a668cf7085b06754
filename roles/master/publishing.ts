/**
 * Taking an intent as a new generation: one draft that decides, admits, keeps
 * the intent, and drops old generations that nothing refers to. The rules are
 * in core/publish.ts and core/generations.ts; commits nothing itself.
 *
 * @module
 */
import { AppError } from "../model/errors.ts";
import type { Actor } from "../model/event.ts";
import type { PublishReply, PublishRequest } from "../model/generation.ts";
import { applyChange } from "./apply.ts";
import {
  type GenerationDoc,
  generationKey,
  MAX_GENERATIONS,
} from "./core/documents.ts";
import { admitGeneration } from "./core/generations.ts";
import { prunable } from "./core/pruning.ts";
import { decidePublish } from "./core/publish.ts";
import type { Draft } from "./documents.ts";
import type { Planner } from "./planner.ts";
import type { MasterState } from "./state.ts";

/** Most clusters of one master: each is looked at on every tick. */
const MAX_CLUSTERS = 1000;

/** What publishing needs of the service that owns it. */
export interface PublishingOptions {
  state: MasterState;
  planner: Planner;
  change<T>(
    name: string,
    change: (draft: Draft) => T,
    by: Actor,
  ): Promise<T>;
}

export class Publishing {
  readonly #state: MasterState;
  readonly #planner: Planner;
  readonly #change: PublishingOptions["change"];

  constructor({ state, planner, change }: PublishingOptions) {
    this.#state = state;
    this.#planner = planner;
    this.#change = change;
  }

  /**
   * Takes an intent as a new generation, durably, or says why not.
   *
   * @throws {AppError} as {@linkcode decidePublish}, and `storage`.
   */
  async publish(
    request: PublishRequest,
    by: Actor,
  ): Promise<PublishReply> {
    const reply = await this.#change("publish", (draft) => {
      const nowMs = this.#state.clock.now();
      const workers = this.#state.shapes();
      const known = this.#state.findState(draft, request.cluster);
      if (known === undefined) this.#checkClusterCount(draft);
      const decision = decidePublish(request, known, workers, {
        planRevision: () => this.#state.planRevision(draft, request.cluster),
        nowMs,
      });
      if (decision.kind === "repeat") {
        return replyOf(decision.generation, false);
      }
      const { state, generation } = decision;
      const change = admitGeneration(state, generation, nowMs);
      applyChange(draft, change);
      const key = `${request.cluster}/${request.intentHash}`;
      if (draft.get("intent", key) === undefined) {
        draft.put("intent", key, decision.intentText);
        this.#state.keepSpecs(
          request.cluster,
          request.intentHash,
          request.vmSpecs,
        );
      }
      this.#prune(draft, request.cluster);
      const stored = change.generations.find((doc) =>
        doc.generation === generation.generation
      );
      return replyOf(stored ?? generation, true);
    }, by);
    this.#state.forgetUnusedSpecs(request.cluster);
    if (reply.created) this.#planner.prefetch(request.vmSpecs);
    return reply;
  }

  #checkClusterCount(draft: Draft): void {
    const count = draft.count("cluster");
    if (count < MAX_CLUSTERS) return;
    throw new AppError(
      "refused",
      `Cannot publish a new cluster: there are ${count} already`,
    );
  }

  /** Drops old generations that nothing refers to, and their specs. */
  #prune(draft: Draft, cluster: string): void {
    const state = this.#state.state(draft, cluster);
    // Most of the time there is nothing to drop, and a large cluster need not be walked for that.
    if (state.generations.size <= MAX_GENERATIONS) return;
    const referred = new Set<number>();
    for (const [, doc] of draft.entries("placement", `${cluster}/`)) {
      referred.add(doc.generation);
      referred.add(doc.fallbackGeneration);
    }
    for (const generation of prunable(state, referred)) {
      draft.delete("generation", generationKey(cluster, generation));
    }
    const left = this.#state.state(draft, cluster);
    const hashes = new Set(
      [...left.generations.values()].map((doc) =>
        `${cluster}/${doc.intentHash}`
      ),
    );
    for (const [id] of draft.entries("intent", `${cluster}/`)) {
      if (!hashes.has(id)) draft.delete("intent", id);
    }
  }
}

function replyOf(doc: GenerationDoc, created: boolean): PublishReply {
  const { cluster, generation, state, intentHash } = doc;
  return { cluster, generation, state, intentHash, created };
}
