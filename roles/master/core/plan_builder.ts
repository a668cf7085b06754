/**
 * A plan while it is made: the copies as they are, the room that is left, and
 * the primitive steps with what each does to both. Decides nothing about
 * when: reconciler.ts and the files beside it do.
 *
 * ```
 * (nothing) --place--> main or surge --leave--> leaving --forget--> (nothing)
 *                      surge --promote--> main
 * ```
 *
 * @module
 */
import type { VmSpec } from "../../model/vm_spec.ts";
import type { Action } from "./actions.ts";
import type { Avoid, PlacementDoc, VolumeDoc } from "./documents.ts";
import type { Room, Size, Taken } from "./placing.ts";
import {
  choosePlace,
  decisionOf,
  type Placing,
  type PlacingRequest,
} from "./scheduler.ts";
import { isAvailable, type SpecView } from "./snapshot.ts";
import {
  type ClusterInput,
  contentOf,
  type CopyKind,
  fallbackWanted,
  nameOf,
  sizeHeld,
  type Wanted,
} from "./wanted.ts";

/**
 * What a VM waits for that is not where it should be. `place`: a worker that
 * could take it; `room`: the same where that is not the rollout's fault, for a
 * surge copy or one that had its room before; `host`: a worker that is lost or
 * fails; `turn`: others.
 */
export type Wait = "place" | "room" | "host" | "turn";

export interface ClusterPlan {
  actions: Action[];
  /** Why a VM is not where it should be, by VM id. */
  report: Map<string, string>;
  /** The same in a word. */
  waits: Map<string, Wait>;
  /** What copies lack in all whose wait is `room`. */
  lacking: Size;
  incarnations: number;
  /** Instances whose volumes have come to be on a worker. */
  volumes: VolumeDoc[];
  /** When time alone may change the plan; milliseconds since the Unix epoch, null: never. */
  lookAgainAtMs: number | null;
}

/** How a copy is placed. */
export interface PlaceOptions {
  kind?: CopyKind;
  avoid?: readonly Avoid[];
  /** Not there. */
  except?: string;
  /** There or nowhere. */
  only?: string | undefined;
}

export class PlanBuilder {
  readonly input: ClusterInput;
  readonly room: Room;
  readonly actions: Action[] = [];
  readonly report = new Map<string, string>();
  readonly waits = new Map<string, Wait>();
  readonly volumes: VolumeDoc[] = [];
  /** The copies in service, by VM id; as they were, except for what was promoted or has left. */
  readonly mains = new Map<string, PlacementDoc>();
  /** The copies beside them. */
  readonly surges = new Map<string, PlacementDoc>();
  /** Copies that were told to end and are not known to be gone, oldest first. */
  readonly ending = new Map<string, PlacementDoc[]>();
  /** Those of which this plan learns that a copy has ended. */
  readonly gone = new Set<string>();
  /** Answers of dependencies.ts, looked up once: thousands may depend on thousands. */
  readonly healthyGroups = new Map<string, boolean>();
  /** What was promised to copies that wait for others to give way; held while the plan is made. */
  readonly claims: Taken[] = [];
  /** A main copy has no room. */
  lacksRoom = false;
  readonly #lacking: Size = { cpuMilli: 0, memoryMib: 0 };
  #incarnations: number;
  /** Specs for which there was no place: room only shrinks while a plan is made. */
  readonly #unplaceable = new Map<SpecView, Placing>();

  constructor(input: ClusterInput, room: Room) {
    this.input = input;
    this.room = room;
    this.#incarnations = input.incarnations;
    for (const placement of input.placements) {
      if (placement.leaving) this.#end(placement);
      else if (placement.surge) this.surges.set(placement.vm, placement);
      else this.mains.set(placement.vm, placement);
    }
  }

  #end(placement: PlacementDoc): void {
    const list = this.ending.get(placement.vm);
    if (list === undefined) this.ending.set(placement.vm, [placement]);
    else list.push(placement);
  }

  /** What it is that keeps a VM from having a place. */
  waitOf({ lacksRoom, refused }: Placing, kind: "place" | "room"): Wait {
    if (lacksRoom) return kind;
    return (refused.state ?? 0) > 0 ? "host" : "place";
  }

  /** Why a VM is not where it should be. */
  tell(id: string, text: string, wait?: Wait): void {
    this.report.set(id, text);
    if (wait !== undefined) this.waits.set(id, wait);
  }

  /** Forgets what its worker reports gone, and what a worker had that was removed. */
  forgetGone(): void {
    for (const [id, copies] of this.ending) {
      const left = copies.filter((copy) => {
        const isRemoved = !this.room.workers.has(copy.worker);
        if (!isRemoved && !this.input.observed.isGone(copy)) return true;
        this.room.release(copy);
        this.gone.add(id);
        this.actions.push({
          kind: "forget",
          before: copy,
          after: null,
          reason: isRemoved
            ? `${copy.worker} was removed`
            : `${copy.worker} reports it gone`,
        });
        return false;
      });
      if (left.length > 0) this.ending.set(id, left);
      else this.ending.delete(id);
    }
  }

  /** The spec of what a copy runs; undefined when it is not kept. */
  specOf(copy: PlacementDoc): VmSpec | undefined {
    return this.input.specOf(copy.generation, nameOf(this.input, copy.vm))
      ?.spec;
  }

  isExclusive(copy: PlacementDoc): boolean {
    return this.specOf(copy)?.fencing === "exclusive";
  }

  /**
   * The copy that keeps another from starting, where one of them is exclusive:
   * only its report or, for an exclusive one, its guard ends it for certain.
   */
  blockerOf(id: string, spec: VmSpec): PlacementDoc | undefined {
    return this.ending.get(id)?.find((copy) => {
      const isExclusive = this.isExclusive(copy);
      if (!isExclusive && spec.fencing !== "exclusive") return false;
      const isLost = this.input.observed.state(copy.worker) === "lost";
      return !(isExclusive && isLost);
    });
  }

  /** Says that a copy waits for another to end. */
  tellBlocked(id: string, { worker }: PlacementDoc, what = ""): void {
    const state = this.input.observed.state(worker);
    const isAlive = state === "alive";
    const suffix = isAlive ? "" : ` (it is ${state})`;
    this.tell(
      id,
      `${what}waits until ${worker} has ended its copy${suffix}`,
      isAlive ? "turn" : "host",
    );
  }

  /**
   * What a copy is to run that takes the place of one in service before its
   * update: what it runs if that was proven, else what is active.
   */
  steadyOf(copy: PlacementDoc | undefined, wanted: Wanted): Wanted {
    const { input } = this;
    if (input.mode !== "rolling") return wanted;
    if (copy?.runtimeHash === wanted.view.runtimeHash) return wanted;
    if (copy !== undefined && input.isProven(copy.generation)) {
      const view = input.specOf(copy.generation, nameOf(input, copy.vm));
      if (view !== undefined) {
        return { id: wanted.id, view, generation: copy.generation };
      }
    }
    return fallbackWanted(input, wanted.id) ?? wanted;
  }

  /** What the scheduler is asked for a copy. */
  requestOf(wanted: Wanted, options: PlaceOptions = {}): PlacingRequest {
    const { kind = "new", avoid = [], except, only } = options;
    const { spec } = wanted.view;
    const bytesPresent = this.input.closureShareOf?.(spec);
    return {
      vm: wanted.id,
      spec,
      size: sizeHeld(this.input, wanted, kind),
      avoid,
      nowMs: this.input.nowMs,
      policy: this.input.policy,
      ...(bytesPresent === undefined ? {} : { bytesPresent }),
      ...(except === undefined ? {} : { except }),
      ...(only === undefined ? {} : { only }),
    };
  }

  choose(wanted: Wanted, options: PlaceOptions = {}): Placing {
    const { kind = "new", avoid = [], except, only } = options;
    const isPlain = avoid.length === 0 && except === undefined &&
      only === undefined && kind === "new";
    const known = isPlain ? this.#unplaceable.get(wanted.view) : undefined;
    if (known !== undefined) return known;
    const placing = choosePlace(this.requestOf(wanted, options), this.room);
    if (placing.worker === null) {
      if (isPlain) this.#unplaceable.set(wanted.view, placing);
      if (kind !== "surge") this.lacksRoom ||= placing.lacksRoom;
    }
    return placing;
  }

  /** A new copy where `placing` found a place; `instead` is the one whose place it takes. */
  place(
    wanted: Wanted,
    placing: Placing,
    reason: string,
    { kind = "new", avoid = [], instead }: PlaceOptions & {
      instead?: PlacementDoc;
    } = {},
  ): PlacementDoc {
    const { worker } = placing;
    if (worker === null) throw new Error(`no place was found: ${placing.why}`);
    this.#incarnations++;
    const { input } = this;
    // A move proves nothing and has nothing to prove.
    const isMoved = instead?.runtimeHash === wanted.view.runtimeHash &&
      input.isProven(instead.startedIn);
    const after: PlacementDoc = {
      vm: wanted.id,
      incarnation: this.#incarnations,
      worker,
      startedIn: isMoved && instead !== undefined
        ? instead.startedIn
        : wanted.generation,
      orderRevision: 0,
      acknowledged: false,
      leaving: false,
      avoid: [...avoid],
      surge: kind === "surge",
      decision: decisionOf(placing, reason, input.nowMs),
      ...contentOf(input, wanted, kind),
    };
    this.room.take(after);
    this.actions.push({ kind: "place", before: null, after, reason });
    if (kind !== "surge") this.tell(wanted.id, `placed on ${worker}`);
    this.pin(wanted, worker);
    return after;
  }

  /** Where an instance's volumes are is remembered beyond its placement. */
  pin({ id, view }: Wanted, worker: string): void {
    if (view.spec.volumes.length === 0) return;
    if (this.input.volumeOf(id) !== worker) {
      this.volumes.push({ vm: id, worker });
    }
  }

  /** Ends a copy; it holds its room until the worker says that it is gone. */
  leave(copy: PlacementDoc, reason: string): void {
    const after: PlacementDoc = { ...copy, leaving: true };
    this.actions.push({ kind: "leave", before: copy, after, reason });
    (copy.surge ? this.surges : this.mains).delete(copy.vm);
    this.#end(after);
  }

  /** The copy beside the main one takes its place, without a restart. */
  promote(surge: PlacementDoc, reason: string): void {
    const main = this.mains.get(surge.vm);
    const after: PlacementDoc = { ...surge, surge: false };
    this.actions.push({ kind: "promote", before: surge, after, reason });
    if (main !== undefined) this.leave(main, reason);
    this.surges.delete(surge.vm);
    this.mains.set(surge.vm, after);
  }

  /** A copy has no room through no fault of its own: as much as all of it would do. */
  lack(spec: VmSpec, { lack }: Placing): void {
    const isCores = lack !== null && lack.cpuMilli > 0;
    if (isCores) this.#lacking.cpuMilli += spec.cpuMilli;
    if (!isCores || lack.memoryMib > 0) {
      this.#lacking.memoryMib += spec.memoryMib;
    }
  }

  /** Answers its checks, by a report of this very order. */
  isUp(copy: PlacementDoc): boolean {
    return isAvailable(this.input.observed.of(copy));
  }

  end(): ClusterPlan {
    for (const claim of this.claims) this.room.release(claim);
    let lookAgainAtMs: number | null = null;
    for (const { avoid } of this.input.placements) {
      for (const { untilMs } of avoid) {
        if (untilMs <= this.input.nowMs) continue;
        lookAgainAtMs = Math.min(lookAgainAtMs ?? untilMs, untilMs);
      }
    }
    return {
      actions: this.actions,
      report: this.report,
      waits: this.waits,
      lacking: this.#lacking,
      incarnations: this.#incarnations,
      volumes: this.volumes,
      lookAgainAtMs,
    };
  }
}
