/**
 * Whether exclusive VMs may run on this host, and whether one may be started.
 * Pure.
 *
 * ```text
 *                renewed, orders newest
 *   shut ───────────────▶ open ◀────────▶ holding   newer orders are on their way,
 *    ▲ no guard, or         │                │      or this process has renewed nothing yet
 *    └── its deadline ──────┴────────────────┘
 * ```
 *
 * `holding` keeps what runs, since the guard's deadline holds for it, and
 * starts nothing: the order to start may be one that the master has taken back.
 *
 * @module
 */
import { compareFence, type OrderFence } from "../../../model/assignment.ts";
import type { VmSpec } from "../../../model/vm_spec.ts";
import type { FenceState } from "../fence.ts";

/** What exclusive VMs may do here. */
export type Fencing =
  /** They may be started, under this lease and no other. */
  | { readonly kind: "open"; readonly lease: string }
  /** What runs is kept, nothing is started. */
  | { readonly kind: "holding"; readonly reason: string }
  /** Nothing may run. `hostFault`: another host would do. */
  | {
    readonly kind: "shut";
    readonly reason: string;
    readonly hostFault: boolean;
  };

/** Before anything is known. */
export const UNKNOWN_FENCING: Fencing = {
  kind: "shut",
  reason: "no lease is known yet",
  hostFault: false,
};

/** What exclusive VMs may do at a time. */
export function fencingOf(
  known: {
    fence: FenceState;
    /** The newest pair that an answer of the master has shown to this process; null: none came yet. */
    newest: OrderFence | null;
    /** The pair that is obeyed. */
    accepted: OrderFence;
  },
  at: number,
): Fencing {
  const { fence, newest, accepted } = known;
  if (fence.kind === "absent") {
    return { kind: "shut", reason: fence.reason, hostFault: true };
  }
  if (fence.kind === "lapsed" || at >= fence.deadlineMs) {
    const reason =
      "the lease has ended, an exclusive VM waits until the master renews it";
    return { kind: "shut", reason, hostFault: false };
  }
  if (newest === null) {
    const reason = "the master has not confirmed the orders yet";
    return { kind: "holding", reason };
  }
  if (compareFence(newest, accepted) > 0) {
    return { kind: "holding", reason: "newer orders are on their way" };
  }
  return { kind: "open", lease: fence.lease };
}

/** True when both allow the same. */
export function sameFencing(a: Fencing, b: Fencing): boolean {
  if (a.kind === "open") return b.kind === "open" && a.lease === b.lease;
  return b.kind === a.kind && a.reason === b.reason;
}

/** True when this VM is the fence's matter. */
export function isExclusive(spec: Pick<VmSpec, "fencing">): boolean {
  return spec.fencing === "exclusive";
}

/** Why this VM may not be started now; null when it may. */
export function startHindrance(
  spec: Pick<VmSpec, "fencing">,
  fencing: Fencing,
): string | null {
  if (!isExclusive(spec) || fencing.kind === "open") return null;
  return fencing.reason;
}
