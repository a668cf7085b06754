/**
 * The plan of one cluster: from what is desired and what is observed to the
 * actions of this moment, with a reason for each and for each that waits.
 * Level-triggered and idempotent: it is told nothing about what changed. Which
 * generation is the target, and whether a rollout failed, is rollout.ts's
 * business; which worker is the scheduler's.
 *
 * ```
 * missing --place--> placed --update (maxParallel at a time)--> up to date
 *            placed --leave--> leaving --forget--> (nothing)
 * ```
 *
 * @module
 */
import { vmId } from "../../model/ids.ts";
import type { Action } from "./actions.ts";
import { avoidWorker, recordedFailure } from "./backoff.ts";
import type { Avoid, PlacementDoc } from "./documents.ts";
import { largerOf, publishedPorts, type Room } from "./placing.ts";
import { choosePlace, type Placing, refusalOf } from "./scheduler.ts";
import {
  isAvailable,
  isChanging,
  isReady,
  refusedReason,
  type SpecView,
} from "./snapshot.ts";
import {
  type ClusterInput,
  contentOf,
  sizeHeld,
  sizeOf,
  type Wanted,
  wantedGroups,
} from "./wanted.ts";

export interface ClusterPlan {
  actions: Action[];
  /** Why a VM is not where it should be, by VM id. */
  report: Map<string, string>;
  incarnations: number;
}

/** Names shown of those that others wait for. */
const MAX_NAMES = 3;

function namesOf(ids: ReadonlySet<string>): string {
  const names: string[] = [];
  for (const id of ids) {
    if (names.length === MAX_NAMES) {
      return `${names.join(", ")} (and ${ids.size - MAX_NAMES} more)`;
    }
    names.push(id);
  }
  return names.join(", ");
}

class Planner {
  readonly actions: Action[] = [];
  readonly report = new Map<string, string>();
  readonly #input: ClusterInput;
  readonly #room: Room;
  readonly #current: Map<string, PlacementDoc>;
  #incarnations: number;
  #lacksRoom = false;
  readonly #available = new Map<string, boolean>();
  /** Specs for which there was no place: room only shrinks while a plan is made. */
  readonly #unplaceable = new Map<SpecView, Placing>();

  constructor(input: ClusterInput, room: Room) {
    this.#input = input;
    this.#room = room;
    this.#incarnations = input.incarnations;
    this.#current = new Map(
      input.placements.filter((placement) => !placement.leaving)
        .map((placement) => [placement.vm, placement]),
    );
  }

  run(): ClusterPlan {
    this.#forgetGone();
    const groups = wantedGroups(this.#input, this.#current.values());
    for (const group of groups) this.#planGroup(group);
    const wanted = new Set(groups.flat().map(({ id }) => id));
    this.#removeExtra(wanted);
    return {
      actions: this.actions,
      report: this.report,
      incarnations: this.#incarnations,
    };
  }

  #forgetGone(): void {
    for (const placement of this.#input.placements) {
      if (!placement.leaving || !this.#input.observed.isGone(placement)) {
        continue;
      }
      this.#room.release(placement);
      this.actions.push({
        kind: "forget",
        before: placement,
        after: null,
        reason: `${placement.worker} reports it gone`,
      });
    }
  }

  #planGroup(group: readonly Wanted[]): void {
    const outdated: [Wanted, PlacementDoc][] = [];
    for (const wanted of group) {
      const placement = this.#current.get(wanted.id);
      if (placement === undefined) this.#placeMissing(wanted);
      else if (this.#moveFromTrouble(wanted, placement)) continue;
      else if (placement.runtimeHash !== wanted.view.runtimeHash) {
        outdated.push([wanted, placement]);
      } else this.#keep(wanted, placement);
    }
    if (outdated.length > 0) this.#updateSome(group, outdated);
  }

  #placeMissing(wanted: Wanted): void {
    const waitsFor = wanted.view.spec.dependsOn.find((name) =>
      !this.#isGroupAvailable(name)
    );
    if (waitsFor !== undefined) {
      this.report.set(wanted.id, `waits until ${waitsFor} is healthy`);
      return;
    }
    this.#place(wanted, [], `generation ${wanted.generation} asks for it`);
  }

  /** Looked up once per plan: thousands may depend on thousands. */
  #isGroupAvailable(name: string): boolean {
    const known = this.#available.get(name);
    if (known !== undefined) return known;
    const isAvailable = this.#areAllAvailable(name);
    this.#available.set(name, isAvailable);
    return isAvailable;
  }

  #areAllAvailable(name: string): boolean {
    const view = this.#input.target?.specs.get(name);
    if (view === undefined) return true;
    for (let ordinal = 0; ordinal < view.spec.replicas; ordinal++) {
      const id = vmId(this.#input.cluster, name, ordinal);
      const placement = this.#current.get(id);
      if (placement === undefined) return false;
      if (!isAvailable(this.#input.observed.of(placement))) return false;
    }
    return true;
  }

  #choose(wanted: Wanted, avoid: readonly Avoid[], except?: string): Placing {
    const placing = choosePlace({
      vm: wanted.id,
      spec: wanted.view.spec,
      size: sizeHeld(this.#input, wanted, "new"),
      avoid,
      nowMs: this.#input.nowMs,
      ...(except === undefined ? {} : { except }),
    }, this.#room);
    this.#lacksRoom ||= placing.worker === null && placing.lacksRoom;
    return placing;
  }

  #place(wanted: Wanted, avoid: Avoid[], reason: string): void {
    const placing = this.#unplaceable.get(wanted.view) ??
      this.#choose(wanted, avoid);
    if (placing.worker === null) {
      this.#unplaceable.set(wanted.view, placing);
      this.report.set(wanted.id, `Cannot place ${wanted.id}: ${placing.why}`);
    } else this.#placeOn(wanted, placing.worker, avoid, reason);
  }

  #placeOn(wanted: Wanted, worker: string, avoid: Avoid[], reason: string) {
    this.#incarnations++;
    const after: PlacementDoc = {
      vm: wanted.id,
      incarnation: this.#incarnations,
      worker,
      startedIn: wanted.generation,
      orderRevision: 0,
      acknowledged: false,
      leaving: false,
      avoid,
      surge: false,
      decision: null,
      ...contentOf(this.#input, wanted, "new"),
    };
    this.#room.take(after);
    this.actions.push({ kind: "place", before: null, after, reason });
    this.report.set(wanted.id, `placed on ${worker}`);
  }

  /** Ends this copy; it holds its room until the worker says that it is gone. */
  #leave(placement: PlacementDoc, reason: string): void {
    this.actions.push({
      kind: "leave",
      before: placement,
      after: { ...placement, leaving: true },
      reason,
    });
  }

  /** A lost worker or a failing host: another copy elsewhere if anywhere. True when nothing else is to be done. */
  #moveFromTrouble(wanted: Wanted, placement: PlacementDoc): boolean {
    const { observed, nowMs } = this.#input;
    const isLost = observed.state(placement.worker) === "lost";
    const seen = observed.of(placement);
    const failure = seen?.hostFailure ?? null;
    if (!isLost && failure === null) return false;
    // The cache is everybody's: it would fail elsewhere too, and what runs here would be gone.
    if (failure?.kind === "cache" && isAvailable(seen)) return false;
    const why = isLost
      ? `${placement.worker} is lost`
      : `${placement.worker} failed (${failure?.kind}): ${failure?.message}`;
    const avoid = avoidWorker(placement, why, nowMs);
    if (!this.#move(wanted, placement, avoid, why)) return isLost;
    return true;
  }

  #move(
    wanted: Wanted,
    placement: PlacementDoc,
    avoid: Avoid[],
    why: string,
  ): boolean {
    if (wanted.view.spec.volumes.length > 0) {
      this.report.set(
        wanted.id,
        `${why}; it stays, for its volume is on ${placement.worker}`,
      );
      return false;
    }
    const placing = this.#choose(wanted, avoid, placement.worker);
    if (placing.worker === null) {
      this.report.set(wanted.id, `${why}; no other place: ${placing.why}`);
      return false;
    }
    this.#leave(placement, why);
    this.#placeOn(wanted, placing.worker, avoid, why);
    return true;
  }

  /** The right content: follows labels and policy, tries again what a worker refused, gives room back. */
  #keep(wanted: Wanted, placement: PlacementDoc): void {
    const { mode, nowMs, observed } = this.#input;
    const seen = observed.of(placement);
    const refused = mode === "settled" ? refusedReason(placement, seen) : null;
    if (refused !== null) {
      this.#tryAgain(wanted, placement, refused);
      return;
    }
    const { view, generation } = wanted;
    const isSame = placement.generation === generation &&
      placement.policyHash === view.policyHash;
    if (!isSame) {
      this.actions.push({
        kind: "relabel",
        before: placement,
        after: {
          ...placement,
          generation,
          // What no rollout has proven yet is this one's to prove.
          startedIn: mode === "settled" ||
              this.#input.isProven(placement.startedIn)
            ? placement.startedIn
            : generation,
          policyHash: view.policyHash,
        },
        reason: `generation ${generation} leaves what it runs as it is`,
      });
      return;
    }
    if (mode !== "settled" || !isReady(placement, seen)) return;
    const size = sizeOf(view.spec);
    const ports = publishedPorts(view.spec);
    const isTight = placement.reserved.cpuMilli === size.cpuMilli &&
      placement.reserved.memoryMib === size.memoryMib &&
      placement.ports.length === ports.length &&
      placement.avoid.every((entry) => entry.untilMs > nowMs);
    if (isTight) return;
    const avoid = placement.avoid.filter((entry) => entry.untilMs > nowMs);
    this.actions.push({
      kind: "settle",
      before: placement,
      after: { ...placement, reserved: size, ports, avoid },
      reason: "its change is settled",
    });
  }

  /** The active content was refused on this worker: elsewhere, or here again after a while. */
  #tryAgain(wanted: Wanted, placement: PlacementDoc, refused: string): void {
    const { nowMs } = this.#input;
    const why = `rolled back on ${placement.worker}: ${refused}`;
    const avoid = avoidWorker(placement, why, nowMs);
    if (this.#move(wanted, placement, avoid, why)) return;
    const failure = recordedFailure(placement);
    if (failure === undefined) {
      const after = { ...placement, avoid };
      this.actions.push({
        kind: "avoid",
        before: placement,
        after,
        reason: why,
      });
    } else if (failure.untilMs <= nowMs) {
      this.actions.push({
        kind: "reissue",
        before: placement,
        after: { ...placement },
        reason: `${why}; tried again`,
      });
    }
  }

  /** As many as maxParallel and minAvailable allow now; those that are down already go first. */
  #updateSome(
    group: readonly Wanted[],
    outdated: [Wanted, PlacementDoc][],
  ): void {
    const { observed } = this.#input;
    const unavailable = new Set<string>();
    const down = new Set<string>();
    const inFlight = new Set<string>();
    for (const { id, view } of group) {
      const placement = this.#current.get(id);
      if (placement === undefined) continue;
      const seen = observed.of(placement);
      const isNew = placement.runtimeHash === view.runtimeHash;
      if (isNew && !isReady(placement, seen)) inFlight.add(id);
      const isTold = seen !== undefined && observed.isTold(placement);
      const isOut = !isAvailable(seen) || isChanging(placement, seen);
      // Without a report on this very order it may be up or down: neither counts on it.
      if (!isTold || isOut || inFlight.has(id)) unavailable.add(id);
      if (isTold && isOut) down.add(id);
    }
    const placed = group.filter(({ id }) => this.#current.has(id)).length;
    outdated.sort(([a], [b]) =>
      Number(down.has(b.id)) - Number(down.has(a.id))
    );
    for (const [wanted, placement] of outdated) {
      const { maxParallel, minAvailable = 0 } = wanted.view.spec.update;
      // The worker went back by itself: the order only follows.
      const isDone = observed.isTold(placement) &&
        observed.of(placement)?.runtimeHash === wanted.view.runtimeHash;
      const isOut = down.has(wanted.id);
      const others = unavailable.size - Number(unavailable.has(wanted.id));
      const isFree = isDone ||
        (isOut
          ? inFlight.size < maxParallel
          : others < maxParallel && placed - others > minAvailable);
      if (!isFree) {
        this.report.set(
          wanted.id,
          isOut || others >= maxParallel
            ? `waits: ${maxParallel} at a time, and ${
              namesOf(isOut ? inFlight : unavailable)
            } is not healthy yet`
            : `waits: ${minAvailable} must stay available`,
        );
        continue;
      }
      if (!this.#update(wanted, placement) || isDone) continue;
      inFlight.add(wanted.id);
      unavailable.add(wanted.id);
    }
  }

  #update(wanted: Wanted, placement: PlacementDoc): boolean {
    const worker = this.#room.workers.get(placement.worker);
    if (worker === undefined || worker.state !== "alive") {
      this.report.set(
        wanted.id,
        `waits: ${placement.worker} is ${worker?.state ?? "unknown"}`,
      );
      return false;
    }
    this.#room.release(placement);
    const refusal = refusalOf({
      vm: wanted.id,
      spec: wanted.view.spec,
      size: sizeHeld(this.#input, wanted, "changed"),
      avoid: [],
      nowMs: this.#input.nowMs,
    }, worker);
    if (refusal !== null) {
      this.#room.take(placement);
      const why = `${placement.worker} ${refusal.reason}`;
      return this.#move(wanted, placement, placement.avoid, why);
    }
    const after: PlacementDoc = {
      ...placement,
      ...contentOf(this.#input, wanted, "changed"),
      startedIn: wanted.generation,
    };
    // Until the switch is done the old content still takes what it took.
    after.reserved = largerOf(after.reserved, placement.reserved);
    this.#room.take(after);
    this.actions.push({
      kind: "update",
      before: placement,
      after,
      reason: `generation ${wanted.generation} runs other content`,
    });
    return true;
  }

  /** Extra instances end once the target is decided, or when something waits for their room. */
  #removeExtra(wanted: ReadonlySet<string>): void {
    if (this.#input.mode === "frozen") return;
    for (const placement of this.#current.values()) {
      if (wanted.has(placement.vm)) continue;
      if (this.#input.mode === "rolling" && !this.#lacksRoom) {
        this.report.set(
          placement.vm,
          "ends when the rollout has succeeded",
        );
        continue;
      }
      this.#leave(placement, "no generation in force asks for it");
    }
  }
}

/** Plans one cluster, taking from `room` what it gives out. */
export function planCluster(input: ClusterInput, room: Room): ClusterPlan {
  return new Planner(input, room).run();
}
