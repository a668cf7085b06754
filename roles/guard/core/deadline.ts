/**
 * What the guard allows: until when exclusive VMMs may run, and which may be
 * started. Pure; the real guard and the simulated one run this.
 *
 * ```text
 *            extend, later than now
 *  lapsed ──────────────────────────▶ held ──┐ extend: a later deadline
 *     ▲      a new lease begins         │ ◀──┘
 *     └─────────────────────────────────┘
 *            the deadline has passed: everything is ended
 * ```
 *
 * A start names the lease it was decided under. What a worker decided before a
 * gap is refused after it: meanwhile the VM may run elsewhere.
 *
 * @module
 */

/** No master grants longer: a deadline beyond it is a mistake that would keep a VM alive. */
export const MAX_LEASE_MS = 600_000;
/** More VMMs than a host can hold. */
export const MAX_GUARDED = 10_000;

/** `lease` counts the times without a gap; 0: there was none yet. */
export interface Deadline {
  readonly lease: number;
  /** Of the boot-time clock; null: nothing may run. */
  readonly deadlineMs: number | null;
}

/** A guard that has just begun: nothing may run. */
export const NO_DEADLINE: Deadline = { lease: 0, deadlineMs: null };

/** The deadline at a time: none once it has passed. */
export function deadlineAt(deadline: Deadline, at: number): Deadline {
  const { lease, deadlineMs } = deadline;
  if (deadlineMs === null || at < deadlineMs) return deadline;
  return { lease, deadlineMs: null };
}

/** After a renewal: never earlier than it was, never from the past, never beyond the longest lease. */
export function extended(
  before: Deadline,
  deadlineMs: number,
  at: number,
): Deadline {
  const now = deadlineAt(before, at);
  if (!(deadlineMs > at)) return now;
  const next = Math.min(deadlineMs, at + MAX_LEASE_MS);
  if (now.deadlineMs === null) {
    return { lease: now.lease + 1, deadlineMs: next };
  }
  return { lease: now.lease, deadlineMs: Math.max(now.deadlineMs, next) };
}

/** Why a VMM may not be started now; null when it may. */
export function startRefusal(
  deadline: Deadline,
  start: { vm: string; lease: number },
  on: { at: number; running: Iterable<{ vm: string }>; count: number },
): { code: "refused" | "conflict" | "overloaded"; why: string } | null {
  const now = deadlineAt(deadline, on.at);
  if (now.deadlineMs === null) {
    return { code: "refused", why: "no lease is in force" };
  }
  if (now.lease !== start.lease) {
    const why = "it was ordered under a lease that has ended since";
    return { code: "refused", why };
  }
  if (on.count >= MAX_GUARDED) {
    return { code: "overloaded", why: `${MAX_GUARDED} VMMs run already` };
  }
  for (const { vm } of on.running) {
    if (vm === start.vm) return { code: "conflict", why: "it runs already" };
  }
  return null;
}

/** A lease of one guard process, in a word: another process never gives the same. */
export function leaseName(incarnation: string, lease: number): string {
  return `${incarnation}.${lease}`;
}

/** The number of a lease that this guard named; -1 for any other word. */
export function leaseNumber(incarnation: string, name: string): number {
  const prefix = `${incarnation}.`;
  const digits = name.startsWith(prefix) ? name.slice(prefix.length) : "";
  return /^[0-9]{1,15}$/.test(digits) ? Number(digits) : -1;
}
