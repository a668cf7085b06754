/**
 * What a copy's state machine is told, and what it asks for: events and
 * actions. Pure.
 *
 * @module
 */
import type { Order } from "../../../model/assignment.ts";
import type { HostFailure, ObservedVm } from "../../../model/observed.ts";
import type { HealthCheck } from "../../../model/vm_spec.ts";
import type { Fencing } from "../../fencing/core/fencing.ts";
import type { ProbeResult } from "./health.ts";
import type { Ledger, Target } from "./ledger.ts";

export type ExitEvent = {
  readonly kind: "exited";
  readonly at: number;
  readonly clean: boolean;
  readonly reason: string;
  /** The fence ended it: neither its fault nor its own end. */
  readonly fenced: boolean;
};

/** A port of a guest and the host port it should be reached at. */
export interface PublishedPort {
  readonly name: string;
  readonly guest: number;
  readonly publish: number;
}

/** What happens to a VM; `at` is of the boot-time clock. Results of an operation carry its `op`. */
export type VmEvent =
  | {
    readonly kind: "ordered";
    readonly at: number;
    readonly order: Order | null;
  }
  | { readonly kind: "fetched"; readonly at: number; readonly op: number }
  | {
    readonly kind: "fetchProgress";
    readonly at: number;
    readonly op: number;
    readonly progress: string;
  }
  | {
    readonly kind: "fetchFailed";
    readonly at: number;
    readonly op: number;
    readonly failure: HostFailure;
  }
  | {
    readonly kind: "started";
    readonly at: number;
    readonly op: number;
    readonly host: string;
    readonly ports: ObservedVm["ports"];
    readonly startedAtMs: number;
  }
  | {
    readonly kind: "startFailed";
    readonly at: number;
    readonly op: number;
    /** Null when the image is to blame. */
    readonly failure: HostFailure | null;
    readonly message: string;
  }
  | { readonly kind: "switched"; readonly at: number; readonly op: number }
  | {
    readonly kind: "switchFailed";
    readonly at: number;
    readonly op: number;
    /**
     * `unsaved`: the ledger could not be written; `refused`: nothing was
     * touched; `failed`: it ran and said no; `lost`: it was begun and told no end.
     */
    readonly outcome: "unsaved" | "refused" | "failed" | "lost";
    readonly message: string;
    /** Of an `unsaved` one. */
    readonly failure: HostFailure | null;
  }
  | { readonly kind: "stopped"; readonly at: number; readonly op: number }
  | {
    readonly kind: "stopFailed";
    readonly at: number;
    readonly op: number;
    readonly failure: HostFailure;
  }
  | { readonly kind: "forgotten"; readonly at: number; readonly op: number }
  /** The first save that worked after one that failed. */
  | { readonly kind: "saved"; readonly at: number }
  | {
    readonly kind: "saveFailed";
    readonly at: number;
    readonly failure: HostFailure;
  }
  | (ProbeResult & {
    readonly kind: "probed";
    readonly at: number;
    /** The start of the VMM that was probed: a late result of a former one is dropped. */
    readonly startedAtMs: number;
  })
  | ExitEvent
  /** Another copy of this VM has a guest here now, or none has any more. */
  | {
    readonly kind: "beside";
    readonly at: number;
    readonly isBeside: boolean;
  }
  | {
    readonly kind: "published";
    readonly at: number;
    readonly op: number;
    readonly ports: ObservedVm["ports"];
    /** As in the guest's state. */
    readonly forwarded?: readonly PublishedPort[];
  }
  | {
    readonly kind: "publishFailed";
    readonly at: number;
    readonly op: number;
    readonly message: string;
  }
  /** What exclusive VMs may do here has changed. */
  | { readonly kind: "fenced"; readonly at: number; readonly fencing: Fencing }
  /** Nothing was looked at for `ms` that have just passed. */
  | { readonly kind: "slept"; readonly at: number; readonly ms: number }
  /** Somebody has stopped the guest's processors, or lets them go on. */
  | {
    readonly kind: "paused";
    readonly at: number;
    readonly isPaused: boolean;
    /** False: as long as this process acts on it, for a snapshot; the next one finds it running. */
    readonly isKept?: boolean;
  }
  /** Somebody asked for a start now: what waits or has ended does; with `stops` what runs begins again too. */
  | { readonly kind: "again"; readonly at: number; readonly stops: boolean }
  /** Somebody asked that all that is kept of it but its volumes goes. */
  | { readonly kind: "remake"; readonly at: number }
  | { readonly kind: "tick"; readonly at: number };

/** Why a ledger is written: tests kill the worker right after some of them. */
export type SaveReason = "armed" | "settled" | "rolledBack" | "progress";

/**
 * What the edge does, in order. After a save that failed, the starts, switches
 * and stops of the same step are not done and told as failed: the ledger comes
 * first. A stop gives up the switch that is under way.
 */
export type Action =
  | {
    readonly kind: "save";
    readonly ledger: Ledger;
    readonly reason: SaveReason;
  }
  | {
    /** Brings and pins the closures of `target`, and if it can those of `fallback`. */
    readonly kind: "fetch";
    readonly op: number;
    readonly target: Target;
    readonly fallback: Target | null;
  }
  | { readonly kind: "cancelFetch" }
  | {
    readonly kind: "start";
    readonly op: number;
    readonly target: Target;
    /** It takes its published ports. */
    readonly publishes: boolean;
    /** An exclusive VM may start under this lease and no other; null for all others. */
    readonly lease: string | null;
  }
  | {
    /** Changes the user space of the guest that runs. */
    readonly kind: "switch";
    readonly op: number;
    readonly target: Target;
    readonly timeoutMs: number;
  }
  | {
    /** Takes published ports for the guest that runs. */
    readonly kind: "publish";
    readonly op: number;
    /** Where it is reached at present, and at which ports. */
    readonly host: string;
    readonly reached: ObservedVm["ports"];
    readonly ports: readonly PublishedPort[];
  }
  | {
    readonly kind: "stop";
    readonly op: number;
    /** It never answered: asking it to power off is a short courtesy. */
    readonly gentle: boolean;
  }
  | { readonly kind: "forget"; readonly op: number }
  /** Unpins the closures of all other hashes. */
  | { readonly kind: "prune"; readonly keep: readonly string[] }
  | {
    readonly kind: "probe";
    readonly check: HealthCheck;
    readonly host: string;
    readonly ports: ObservedVm["ports"];
    readonly startedAtMs: number;
  };

/** Whether an action writes a verdict down. */
export function isVerdict(action: Action): boolean {
  return action.kind === "save" &&
    (action.reason === "settled" || action.reason === "rolledBack");
}
