/**
 * Judges a running rollout: how far it is, whether its canaries may take over
 * by themselves, whether it succeeded, whether it failed and why. Never
 * touches VMs: the reconciler moves them towards the target, and this only
 * looks.
 *
 * ```
 * pending --(resume)--> running --all ready--> successful
 *                 (pause)|  ^(resume)
 *                        v  |---rolledBack, over budget, no progress--> failed --> (revert)
 *                      paused---newer publish or rollback--> cancelled
 * ```
 *
 * @module
 */
import { vmId } from "../../model/ids.ts";
import type { PlacementDoc } from "./documents.ts";
import type { Size } from "./placing.ts";
import type { Wait } from "./plan_builder.ts";
import type { Trial } from "./rollout_requests.ts";
import {
  type IntentView,
  isReady,
  refusedReason,
  type SpecView,
} from "./snapshot.ts";
import { trialWord, wantedTrial } from "./surging.ts";
import { type ClusterInput, nameOf, type Wanted } from "./wanted.ts";

/** Instances named in the message. */
const MAX_SHOWN = 3;

/** A look that comes later than this was not ours to make: the host slept or we were frozen. */
const MAX_LOOK_GAP_MS = 60_000;

const MIB = 2 ** 20;

/** How many steps were done, and how long we have watched since without another. */
export interface Progress {
  generation: number;
  /** The most that were done at a time: one that is done again is no step. */
  steps: number;
  waitedMs: number;
  /** Of the last look. */
  bootMs: number;
  /** What VMs wait for, from the last plan. */
  waits: ReadonlyMap<string, Wait>;
  /** What copies beside the main ones lack, from the last plan. */
  lacking: Size;
}

export interface RolloutInput {
  cluster: ClusterInput;
  target: IntentView;
  /** Why VMs wait, from the last plan. */
  report: ReadonlyMap<string, string>;
  progress: Progress | undefined;
  bootMs: number;
}

export type Verdict =
  | {
    kind: "running";
    message: string;
    /** What stands in its way and is not its fault; null: nothing. */
    waitingOn: string | null;
    trial: Trial;
    progress: Progress;
  }
  /** Every copy that is tried is ready, and nobody wants to be asked. */
  | { kind: "promoted" }
  | { kind: "successful" }
  | { kind: "failed"; reason: string; revert: boolean };

/** Why something is unfinished: `content` is being tried, the rest as in a plan. */
type Blame = Wait | "content";

interface Tally {
  ready: number;
  total: number;
  steps: number;
  waiting: string[];
  blames: Set<Blame>;
  /** The first that a host keeps from being done. */
  onHost: string | null;
  deadlineMs: number;
}

interface Step {
  steps: number;
  isDone: boolean;
  waits: string;
  blame: Blame;
}

class Judge {
  readonly #input: RolloutInput;
  readonly #mains = new Map<string, PlacementDoc>();
  readonly #surges = new Map<string, PlacementDoc>();

  constructor(input: RolloutInput) {
    this.#input = input;
    for (const placement of input.cluster.placements) {
      if (placement.leaving) continue;
      (placement.surge ? this.#surges : this.#mains)
        .set(placement.vm, placement);
    }
  }

  verdict(): Verdict {
    const failed = this.#findFailed();
    if (failed !== null) return failed;
    const tried = wantedTrial(this.#input.cluster, this.#mains);
    const tally = this.#tally(tried);
    const trial = this.#trial(tried);
    if (tally.ready === tally.total) return { kind: "successful" };
    const { isPromoted } = this.#input.cluster;
    if (trial.kind === "ready" && !isPromoted) {
      const isAuto = [...tried.values()].every(({ view }) =>
        view.spec.update.autoPromote
      );
      if (isAuto) return { kind: "promoted" };
    }
    return this.#goesOn(tally, trial);
  }

  #goesOn(tally: Tally, trial: Trial): Verdict {
    const { cluster, target: { generation, specs } } = this.#input;
    const isAsking = trial.kind === "ready" && !cluster.isPromoted;
    const isCharged = !isAsking && isOwnFault(tally.blames);
    const progress = this.#watched(tally.steps, isCharged);
    const { deadlineMs, ready, total } = tally;
    if (isCharged && progress.waitedMs >= deadlineMs) {
      return {
        kind: "failed",
        reason: `no progress for ${deadlineMs / 1000} s: ${
          shown(tally.waiting)
        }`,
        revert: revertsOf(specs.values()),
      };
    }
    return {
      kind: "running",
      message: `${ready} of ${total} on generation ${generation}; ${
        shown(tally.waiting)
      }`,
      waitingOn: isAsking
        ? `promotion: procurator promote ${cluster.cluster}`
        : lackText(progress.lacking) ?? tally.onHost,
      trial,
      progress,
    };
  }

  /** The first order of this generation that a worker undid, or that costs more than it may. */
  #findFailed(): Verdict | null {
    const { cluster, target } = this.#input;
    for (const placement of cluster.placements) {
      if (placement.leaving || placement.generation !== target.generation) {
        continue;
      }
      const view = target.specs.get(nameOf(cluster, placement.vm));
      const reason = refusedReason(placement, cluster.observed.of(placement)) ??
        this.#overBudget(placement, view);
      if (reason === null) continue;
      return {
        kind: "failed",
        reason: `${placement.vm} on ${placement.worker}: ${reason}`,
        revert: view?.spec.update.autoRevert ?? true,
      };
    }
    return null;
  }

  /** Only what this generation started is measured: the rest was so before. */
  #overBudget(
    placement: PlacementDoc,
    view: SpecView | undefined,
  ): string | null {
    const { cluster, target } = this.#input;
    const seen = cluster.observed.of(placement);
    if (view === undefined || placement.startedIn !== target.generation) {
      return null;
    }
    if (seen?.runtimeHash !== placement.runtimeHash) return null;
    const { bootMs, closureMib } = view.spec.budget;
    const { seconds: { boot }, closureBytes } = seen;
    const tookMs = boot === null ? null : Math.round(boot * 1000);
    if (bootMs !== undefined && tookMs !== null && tookMs > bootMs) {
      return `boot took ${tookMs} ms, its budget is ${bootMs} ms`;
    }
    if (
      closureMib !== undefined && closureBytes !== null &&
      closureBytes > closureMib * MIB
    ) {
      const mib = Math.ceil(closureBytes / MIB * 10) / 10;
      return `its closure is ${mib} MiB, its budget is ${closureMib} MiB`;
    }
    return null;
  }

  /** One main copy: done, or what it waits for. Untouched instances do not hold a rollout up. */
  #stepOf(id: string, view: SpecView): Step {
    const { cluster, target: { generation }, report, progress } = this.#input;
    const blame = progress?.waits.get(id) ?? "turn";
    const told = report.get(id);
    const placement = this.#mains.get(id);
    if (placement === undefined) {
      const waits = told ?? "is not placed yet";
      return { steps: 0, isDone: false, waits, blame };
    }
    if (placement.runtimeHash !== view.runtimeHash) {
      const waits = told ?? "has its turn later";
      return { steps: 0, isDone: false, waits, blame };
    }
    if (placement.generation !== generation) {
      const waits = told ?? "gets its new label";
      return { steps: 1, isDone: false, waits, blame };
    }
    const isDone = placement.startedIn !== generation ||
      isReady(placement, cluster.observed.of(placement));
    return isDone
      ? { steps: 2, isDone, waits: "", blame: "turn" }
      : { steps: 1, isDone, ...this.#tried(placement) };
  }

  /** What a copy on new content waits for, and whether that is its host's fault. */
  #tried(placement: PlacementDoc): { waits: string; blame: Blame } {
    const { observed } = this.#input.cluster;
    const { worker } = placement;
    const state = observed.state(worker);
    if (state !== "alive") {
      return { waits: `${worker} is ${state}`, blame: "host" };
    }
    const seen = observed.of(placement);
    const failure = seen?.hostFailure ?? null;
    if (failure !== null) {
      const waits = `${worker} failed (${failure.kind}): ${failure.message}`;
      return { waits, blame: "host" };
    }
    const waits = seen === undefined
      ? `${worker} has not reported it yet`
      : seen.message || `is ${seen.health}`;
    return { waits, blame: "content" };
  }

  #tally(tried: ReadonlyMap<string, Wanted>): Tally {
    const tally: Tally = {
      ready: 0,
      total: 0,
      steps: 0,
      waiting: [],
      blames: new Set(),
      onHost: null,
      deadlineMs: 0,
    };
    const { cluster, target } = this.#input;
    for (const [name, { spec }] of target.specs) {
      const { progressDeadlineMs } = spec.update;
      for (let ordinal = 0; ordinal < spec.replicas; ordinal++) {
        const id = vmId(cluster.cluster, name, ordinal);
        const step = this.#stepWith(id, tried.get(id));
        tally.total++;
        tally.steps += step.steps;
        if (step.isDone) tally.ready++;
        else {
          tally.deadlineMs = Math.max(tally.deadlineMs, progressDeadlineMs);
          // The sentence of its own row names it; here the name stands before it.
          const waits = step.waits.replace(
            `Cannot place ${id}: `,
            "has no place: ",
          );
          tally.waiting.push(`${id} ${waits}`);
          tally.blames.add(step.blame);
          if (step.blame === "host") tally.onHost ??= `${id}: ${step.waits}`;
        }
      }
    }
    return tally;
  }

  /** The main copy's step, or that of the copy that is tried beside it. */
  #stepWith(id: string, wanted: Wanted | undefined): Step {
    const { cluster, target, report } = this.#input;
    const view = target.specs.get(nameOf(cluster, id));
    if (view === undefined) throw new Error(`${id} is not in the target`);
    const step = this.#stepOf(id, view);
    const surge = this.#surges.get(id);
    if (wanted === undefined || surge?.runtimeHash !== view.runtimeHash) {
      return step;
    }
    if (isReady(surge, cluster.observed.of(surge))) {
      const waits = report.get(id) ?? `its ${trialWord(wanted)} is ready`;
      return { steps: 2, isDone: false, waits, blame: "turn" };
    }
    const { waits, blame } = this.#tried(surge);
    const text = `its ${trialWord(wanted)}: ${waits}`;
    return { steps: 1, isDone: false, waits: text, blame };
  }

  #trial(tried: ReadonlyMap<string, Wanted>): Trial {
    if (tried.size === 0) return { kind: "none" };
    for (const [id, wanted] of tried) {
      const surge = this.#surges.get(id);
      const word = trialWord(wanted);
      if (surge?.runtimeHash !== wanted.view.runtimeHash) {
        const told = this.#input.report.get(id);
        const on = `the ${word} of ${id} is not placed`;
        return {
          kind: "waiting",
          on: told === undefined ? on : `${id} ${told}`,
        };
      }
      if (!isReady(surge, this.#input.cluster.observed.of(surge))) {
        const on = `the ${word} of ${id} on ${surge.worker} is not ready`;
        return { kind: "waiting", on };
      }
    }
    return { kind: "ready" };
  }

  /** Time without a step, as far as we looked and it was the rollout's own. */
  #watched(steps: number, isCharged: boolean): Progress {
    const { progress, bootMs, target: { generation } } = this.#input;
    const known = progress?.generation === generation ? progress : undefined;
    const isStep = known === undefined || steps > known.steps;
    const sinceMs = known === undefined || !isCharged
      ? 0
      : Math.min(bootMs - known.bootMs, MAX_LOOK_GAP_MS);
    return {
      generation,
      steps: Math.max(steps, known?.steps ?? 0),
      waitedMs: isStep ? 0 : known.waitedMs + sinceMs,
      bootMs,
      waits: known?.waits ?? new Map(),
      lacking: known?.lacking ?? { cpuMilli: 0, memoryMib: 0 },
    };
  }
}

/**
 * Whether time that passes counts against the rollout: something it started
 * or needs does not come, or everything waits for each other. Not when a host
 * is what the others wait for.
 */
function isOwnFault(blames: ReadonlySet<Blame>): boolean {
  if (blames.has("content") || blames.has("place")) return true;
  return !blames.has("host") && !blames.has("room");
}

function lackText({ memoryMib, cpuMilli }: Size): string | null {
  const parts: string[] = [];
  if (memoryMib > 0) parts.push(`${memoryMib} MiB`);
  if (cpuMilli > 0) parts.push(`${cpuMilli / 1000} cores`);
  return parts.length === 0 ? null : `${parts.join(" and ")} more`;
}

function shown(waiting: readonly string[]): string {
  const more = waiting.length > MAX_SHOWN
    ? ` (and ${waiting.length - MAX_SHOWN} more)`
    : "";
  return waiting.slice(0, MAX_SHOWN).join("; ") + more;
}

/** Whether a rollout of these specs that fails goes back: every VM must want it to. */
export function revertsOf(specs: Iterable<SpecView>): boolean {
  for (const { spec } of specs) if (!spec.update.autoRevert) return false;
  return true;
}

/** Looks at a running rollout once. */
export function judgeRollout(input: RolloutInput): Verdict {
  return new Judge(input).verdict();
}
