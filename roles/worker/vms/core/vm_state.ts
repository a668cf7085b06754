/**
 * The words of the state machine of one copy of a VM: its state, and the
 * questions other parts ask of it; its events and actions are in
 * vm_messages.ts. Pure.
 *
 * @module
 */
import type { Order } from "../../../model/assignment.ts";
import type { HostFailure, ObservedVm } from "../../../model/observed.ts";
import type { CopyId } from "../../../model/ids.ts";
import type { VmSpec } from "../../../model/vm_spec.ts";
import { type Fencing, isExclusive } from "../../fencing/core/fencing.ts";
import { type HealthState, nextProbeAtMs } from "./health.ts";
import {
  type Ledger,
  sameRuntime,
  type Switched,
  type Target,
} from "./ledger.ts";
import type { ExitEvent, PublishedPort } from "./vm_messages.ts";

/** What the master wants; unknown while there is neither an assignment nor a ledger. */
export type Desired =
  | { readonly kind: "unknown" }
  | { readonly kind: "none" }
  | { readonly kind: "order"; readonly order: Order };

/** Whether the closures of a target are on this host. */
export type Supply =
  | { readonly kind: "none" }
  | {
    readonly kind: "fetching";
    readonly target: Target;
    readonly op: number;
    readonly sinceMs: number;
    /** What is being done, for people. */
    readonly progress: string;
  }
  | { readonly kind: "ready"; readonly target: Target };

/** A guest that runs. */
export interface GuestOn {
  readonly kind: "on";
  readonly target: Target;
  readonly host: string;
  readonly ports: ObservedVm["ports"];
  /** Those of its ports that the host's network leads to it, beside what `ports` says; absent: none. */
  readonly forwarded?: readonly PublishedPort[];
  readonly health: HealthState;
  /** Since when its processors stand still, as somebody asked; absent: they run. */
  readonly pausedAtMs?: number;
  /** A switch to its target was begun and has not ended well: it is neither what it was nor that. */
  readonly isMixed?: true;
  /** Why it is not to be switched; absent: it may be. */
  readonly noSwitch?: string;
}

/** The machine itself. One operation at a time: its events carry `op`. */
export type Guest =
  | { readonly kind: "off"; readonly untilMs: number }
  | {
    /** It ended and its restart policy leaves it so, until another order comes. */
    readonly kind: "ended";
    readonly target: Target;
    readonly orderRevision: number;
    readonly reason: string;
  }
  | {
    readonly kind: "starting";
    readonly target: Target;
    readonly op: number;
    /** It ended before its start was told. */
    readonly early: ExitEvent | null;
  }
  | GuestOn
  | {
    /** Its user space is being changed to the target's. */
    readonly kind: "switching";
    readonly was: GuestOn;
    readonly target: Target;
    readonly op: number;
    /** What the ledger said before. */
    readonly former: Switched | null;
  }
  | { readonly kind: "stopping"; readonly was: GuestOn; readonly op: number }
  | { readonly kind: "forgetting"; readonly op: number }
  | { readonly kind: "forgotten" };

/** Taking the published ports of a guest that was started without them. */
export type Publishing =
  | { readonly kind: "idle" }
  | { readonly kind: "asked"; readonly op: number; readonly attempts: number }
  | {
    /** They were not free; how often in a row, and when to ask again. */
    readonly kind: "waiting";
    readonly attempts: number;
    readonly untilMs: number;
    readonly message: string;
  };

/** One copy of a VM as the worker knows it. */
export interface Vm extends CopyId {
  readonly desired: Desired;
  readonly supply: Supply;
  readonly guest: Guest;
  readonly ledger: Ledger;
  /** Another copy of this VM has a guest here. */
  readonly isBeside: boolean;
  /** What exclusive VMs may do on this host. */
  readonly fencing: Fencing;
  readonly publishing: Publishing;
  /** The host's failure that stands in the way, and how many came in a row. */
  readonly failure: {
    readonly host: HostFailure;
    readonly attempts: number;
    readonly untilMs: number;
  } | null;
  /** The ledger on disk is older than this one: writing it failed. */
  readonly unsaved: boolean;
  /** Somebody asked that it begins as one that was never here. */
  readonly remake: boolean;
  /** How what runs came to run, or comes to: `switched in place`; empty: by its first start. */
  readonly change: string;
  /** Why the last try of what is wanted ended, or did not even start; empty: it did not, or was healthy since. */
  readonly lastEnd: string;
  readonly nextOp: number;
}

/** What should run: a target, judged by a deadline or not; or nothing, and why. */
export type Wanted =
  | {
    readonly kind: "target";
    readonly target: Target;
    readonly judged: boolean;
  }
  | { readonly kind: "nothing"; readonly failure: HostFailure | null }
  | { readonly kind: "unknown" };

const NOTHING: Wanted = { kind: "nothing", failure: null };

/** The target of the order's own spec. */
export function orderTarget(order: Order): Target {
  const { incarnation, runtimeHash, generation, spec } = order;
  return { incarnation, runtimeHash, generation, spec };
}

/** The target of the order's fallback; null for stop. */
export function fallbackTarget(order: Order): Target | null {
  if (order.fallback.kind === "stop") return null;
  const { runtimeHash, generation, spec } = order.fallback;
  return { incarnation: order.incarnation, runtimeHash, generation, spec };
}

/** True when two copies must never run side by side: they would share a disk, or what exclusive VMs are exclusive for. */
export function runsAlone(spec: VmSpec): boolean {
  return spec.volumes.length > 0 || isExclusive(spec);
}

/** The published ports a guest should have and has not: none for a surge copy. */
export function unpublished(vm: Vm, guest: GuestOn): PublishedPort[] {
  if (vm.desired.kind !== "order" || vm.desired.order.surge) return [];
  return guest.target.spec.network.ports.flatMap(({ name, publish }) => {
    const reached = guest.ports.find((port) => port.name === name);
    if (publish === undefined || reached === undefined) return [];
    const isSo = reached.host === publish ||
      guest.forwarded?.some((port) =>
          port.name === name && port.publish === publish
        ) === true;
    return isSo ? [] : [{ name, guest: reached.guest, publish }];
  });
}

/** True when published ports are, or may be, another copy's: they are taken once the guest runs. */
export function startsUnpublished(vm: Vm): boolean {
  return vm.isBeside ||
    (vm.desired.kind === "order" && vm.desired.order.surge);
}

/** True when this order's own spec was tried and refused. */
export function isRefused(ledger: Ledger, order: Order): boolean {
  return ledger.refused !== null &&
    ledger.refused.runtimeHash === order.runtimeHash &&
    order.orderRevision <= ledger.refused.orderRevision;
}

/** What should run, from the order, the ledger and the fence. A refused hash is never wanted. */
export function wantedOf(vm: Vm): Wanted {
  const wanted = orderedOf(vm);
  if (wanted.kind !== "target" || !isExclusive(wanted.target.spec)) {
    return wanted;
  }
  const { fencing } = vm;
  if (fencing.kind !== "shut") return wanted;
  const { reason: message, hostFault } = fencing;
  return {
    kind: "nothing",
    failure: hostFault ? { kind: "driver", message } : null,
  };
}

/** What should run if nothing but the master's word counted. */
export function orderedOf(vm: Vm): Wanted {
  if (vm.desired.kind === "unknown") return { kind: "unknown" };
  if (vm.desired.kind === "none") return NOTHING;
  const { order } = vm.desired;
  if (!isRefused(vm.ledger, order)) {
    return { kind: "target", target: orderTarget(order), judged: true };
  }
  const fallback = fallbackTarget(order);
  if (fallback === null || fallback.runtimeHash === order.runtimeHash) {
    return NOTHING;
  }
  return { kind: "target", target: fallback, judged: false };
}

/** True while a VMM runs for it, or may: what it holds is not free. */
export function hasGuest(vm: Vm): boolean {
  return vm.guest.kind === "starting" || vm.guest.kind === "on" ||
    vm.guest.kind === "switching" || vm.guest.kind === "stopping";
}

/** True when this guest is what the target names, and wholly so. */
export function runs(guest: GuestOn, target: Target): boolean {
  return sameRuntime(guest.target, target) && guest.isMixed !== true;
}

/** True while its guest stands still because somebody asked for it: nothing is judged then. */
export function isPaused({ guest }: Vm): boolean {
  return guest.kind === "on" && guest.pausedAtMs !== undefined;
}

/** Seconds, rounded to milliseconds. */
export function secondsBetween(fromMs: number, toMs: number): number {
  return Math.max(0, Math.round(toMs - fromMs)) / 1000;
}

/** When, later than the tick at `after`, another tick can change something; Infinity when only events can. */
export function wakeAtMs(vm: Vm, after: number): number {
  const { failure, guest, publishing, ledger: { attempt } } = vm;
  let next = Infinity;
  const note = (time: number) => {
    if (time > after && time < next) next = time;
  };
  if (failure !== null) note(failure.untilMs);
  if (isPaused(vm)) return next;
  if (attempt?.deadlineMs != null) note(attempt.deadlineMs);
  if (guest.kind === "off" && wantedOf(vm).kind === "target") {
    note(guest.untilMs);
  }
  if (guest.kind === "on") {
    note(nextProbeAtMs(guest.health));
    if (publishing.kind === "waiting") note(publishing.untilMs);
    const since = guest.health.healthySinceMs;
    if (since !== null && attempt !== null && !attempt.settled) {
      note(since + guest.target.spec.update.minHealthyTimeMs);
    }
  }
  return next;
}
