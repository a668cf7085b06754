/**
 * Answers `plan`: reads the state once, lets core/plan_preview.ts say what
 * would happen, then asks the cache for the sizes of closures. A cache that is
 * away costs the sizes, never the plan. Stores nothing but which workers were
 * usable, so that the plan's revision is of that set alone.
 *
 * Keeps the closures of what is published warm in the background, so that the
 * scheduler can prefer workers that have most of an image: it asks for what is
 * known and never waits.
 *
 * @module
 */
import { AppError, toAppError } from "../model/errors.ts";
import { splitVmId } from "../model/ids.ts";
import type { Plan, PlanRequest } from "../model/plan.ts";
import type { VmSpec } from "../model/vm_spec.ts";
import { Turns } from "../turns/mod.ts";
import type { ClosureSizes } from "./closures.ts";
import {
  type Closure,
  closureChange,
  type ClosureQuestion,
  closureQuestions,
  rootsOf,
  unknownClosure,
} from "./core/closure_diff.ts";
import { generationKey } from "./core/documents.ts";
import { previewPlan } from "./core/plan_preview.ts";
import type { MasterState } from "./state.ts";

/** A plan costs up to a second of the master's time, so they come one after the other, and few wait. */
const PLANS = { running: 1, waiting: 8, what: "plans" };
/** Sizes are worth this wait; what is not known by then is said so. */
const MAX_SIZES_MS = 20_000;
/** Images whose closures are fetched ahead: those of one publish. The newest count. */
const MAX_PREFETCH = 256;

/** Workers come and go while their set is recorded; after so many times it is shown as it was. */
const MAX_RECORDS = 3;

/** A set of paths that is asked one by one. */
interface PathSet {
  has(path: string): boolean;
}

export interface PlannerOptions {
  /** null: no cache is configured. */
  sizes: ClosureSizes | null;
  /** Commits the set of usable workers as it is now. */
  recordUsable(): Promise<void>;
}

export class Planner implements Disposable {
  readonly #state: MasterState;
  readonly #sizes: ClosureSizes | null;
  readonly #recordUsable: () => Promise<void>;
  readonly #turns = new Turns(PLANS);
  readonly #stop = new AbortController();
  #prefetch: string[][] = [];
  #isPrefetching = false;
  /** Of a closure on a worker, by its reported roots: they stay for as long as its last report. */
  readonly #shares = new WeakMap<readonly string[], Map<string, number>>();

  constructor(state: MasterState, options: PlannerOptions) {
    this.#state = state;
    this.#sizes = options.sizes;
    this.#recordUsable = options.recordUsable;
  }

  /**
   * What would happen if this were published now.
   *
   * @throws {AppError} `overloaded` when too many ask.
   */
  plan(request: PlanRequest, signal: AbortSignal): Promise<Plan> {
    return this.#turns.run(() => this.#plan(request, signal), signal);
  }

  async #plan(request: PlanRequest, signal: AbortSignal): Promise<Plan> {
    const { documents } = this.#state;
    for (let at = 0; at < MAX_RECORDS; at++) {
      if (this.#state.isUsableRecorded) break;
      await this.#recordUsable();
    }
    const tickInput = this.#state.tickInput(documents);
    const input = {
      ...tickInput,
      request,
      known: this.#state.findState(documents, request.cluster),
      planRevision: this.#state.shownPlanRevision(request.cluster),
      placements: tickInput.placementsOf(request.cluster),
    };
    const preview = previewPlan(input);
    const questions = closureQuestions(input, preview.changes);
    return { ...preview, closures: await this.#closures(questions, signal) };
  }

  async #closures(questions: readonly ClosureQuestion[], signal: AbortSignal) {
    const sizes = this.#sizes;
    if (sizes === null) {
      const why =
        "the master knows no cache: give its configuration a cacheUrl";
      return questions.map((question) => unknownClosure(question, why));
    }
    const limit = new AbortController();
    const done = new AbortController();
    void this.#state.clock.sleep(MAX_SIZES_MS, done.signal).then(() =>
      limit.abort(
        new AppError("timeout", "the cache did not answer in time"),
      )
    );
    const ended = AbortSignal.any([signal, limit.signal, this.#stop.signal]);
    try {
      return await answer(questions, {
        sizes,
        rootsOn: (worker) => this.#rootsOn(worker),
        signal: ended,
      });
    } finally {
      done.abort();
    }
  }

  /** What a worker keeps, by its own report and by its orders. */
  #rootsOn(worker: string): string[][] {
    const roots = new Map<string, string[]>();
    for (
      const { vm, generation } of this.#state.documents.placementsOn(worker)
    ) {
      const { cluster, vm: name } = splitVmId(vm);
      const view = this.#state.specOf(cluster, generation, name);
      if (view === undefined) continue;
      const list = rootsOf(view.spec.image);
      roots.set(list.join("\n"), list);
    }
    for (const root of this.#state.presences.report(worker)?.roots ?? []) {
      roots.set(root, [root]);
    }
    return [...roots.values()];
  }

  /** After a start: the closures of what is active, which workers have kept. */
  prefetchActive(): void {
    const { documents } = this.#state;
    const specs: VmSpec[] = [];
    for (const [name, { active }] of documents.entries("cluster")) {
      const doc = documents.get("generation", generationKey(name, active));
      if (doc === undefined) continue;
      const views = this.#state.specsOf(documents, name, doc.intentHash);
      for (const { spec } of views?.values() ?? []) specs.push(spec);
    }
    this.prefetch(specs);
  }

  /** Reads the closures of what was published, soon and beside all else. Never fails. */
  prefetch(specs: readonly VmSpec[]): void {
    if (this.#sizes === null) return;
    const roots = new Map(
      specs.map(({ image }) => rootsOf(image)).map((
        list,
      ) => [list.join("\n"), list]),
    );
    this.#prefetch = [...roots.values()].slice(0, MAX_PREFETCH);
    if (!this.#isPrefetching) void this.#runPrefetch(this.#sizes);
  }

  async #runPrefetch(sizes: ClosureSizes): Promise<void> {
    this.#isPrefetching = true;
    for (
      let roots = this.#prefetch.shift();
      roots !== undefined && !this.#stop.signal.aborted;
      roots = this.#prefetch.shift()
    ) {
      try {
        await sizes.closure(roots, this.#stop.signal);
      } catch (error) {
        // One that is away answers none of the others either.
        if (toAppError(error).code === "unavailable") this.#prefetch = [];
      }
    }
    this.#isPrefetching = false;
  }

  /**
   * What share of a spec's closure a worker keeps already, from 0 to 1, by what
   * is known without asking: for the scheduler's score. undefined: not known.
   */
  closureShareOf(
    spec: Pick<VmSpec, "image">,
  ): ((worker: string) => number) | undefined {
    const sizes = this.#sizes;
    const roots = rootsOf(spec.image);
    const closure = sizes?.known(roots);
    if (sizes === null || closure === undefined) return undefined;
    const key = roots.join("\n");
    return (worker) => {
      const kept = this.#state.presences.report(worker)?.roots ?? [];
      const shares = this.#shares.get(kept) ?? new Map<string, number>();
      this.#shares.set(kept, shares);
      const known = shares.get(key);
      if (known !== undefined) return known;
      const has = anyOf(kept.flatMap((root) => sizes.known([root]) ?? []));
      const share = shareOf(closure, has);
      shares.set(key, share);
      return share;
    };
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
  }
}

/** The union of closures, asked one by one: they are large, and few. */
function anyOf(closures: readonly Closure[]): PathSet {
  return { has: (path) => closures.some((closure) => closure.has(path)) };
}

/** The share of the bytes of a closure that is there. */
function shareOf(closure: Closure, has: PathSet): number {
  let total = 0;
  let present = 0;
  for (const [path, size] of closure) {
    total += size;
    if (has.has(path)) present += size;
  }
  return total === 0 ? 0 : present / total;
}

interface Asking {
  sizes: ClosureSizes;
  rootsOn: (worker: string) => string[][];
  signal: AbortSignal;
}

async function answer(questions: readonly ClosureQuestion[], asking: Asking) {
  const { sizes, signal } = asking;
  const present = new Map<string, PathSet>();
  const answers = [];
  let away: string | null = null;
  for (const question of questions) {
    if (away !== null) {
      answers.push(unknownClosure(question, away));
      continue;
    }
    try {
      for (const worker of question.workers) {
        const known = present.get(worker);
        if (known === undefined) {
          present.set(worker, await presentOn(worker, asking));
        }
      }
      const closure = async (image: VmSpec["image"] | null) =>
        image === null
          ? new Map<string, number>()
          : await sizes.closure(rootsOf(image), signal);
      answers.push(closureChange(
        question,
        {
          before: await closure(question.before),
          after: await closure(question.after),
        },
        (worker) => present.get(worker) ?? new Map(),
      ));
    } catch (error) {
      const { code, message } = toAppError(error);
      const why = code === "not_found"
        ? `${message}: it is built and uploaded when its commit is pushed`
        : message;
      if (code !== "not_found") away = why;
      answers.push(unknownClosure(question, why));
    }
  }
  return answers;
}

/** What the cache can tell of a worker's paths; what it no longer has is left out. */
async function presentOn(
  worker: string,
  { sizes, rootsOn, signal }: Asking,
): Promise<PathSet> {
  const closures: Closure[] = [];
  for (const roots of rootsOn(worker)) {
    try {
      closures.push(await sizes.closure(roots, signal));
    } catch (error) {
      if (toAppError(error).code !== "not_found") throw error;
    }
  }
  const all = new Set<string>();
  for (const closure of closures) {
    for (const path of closure.keys()) all.add(path);
  }
  return all;
}
