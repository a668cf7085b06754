/**
 * Health of one guest from the results of its checks: thresholds, grace, and
 * since when it has been healthy without a break. Pure; probing is done by
 * the edge when a check is due.
 *
 * @module
 */
import type { Health } from "../../../model/observed.ts";
import type { HealthCheck } from "../../../model/vm_spec.ts";

/** What is known of one check. */
export interface CheckState {
  readonly status: "unknown" | "passing" | "failing";
  /** Results in a row of the last kind. */
  readonly streak: number;
  readonly lastOk: boolean | null;
  readonly message: string;
  readonly nextAtMs: number;
  /** A probe is under way. */
  readonly probing: boolean;
}

/** What is known of one guest since its VMM started. */
export interface HealthState {
  readonly startedAtMs: number;
  /** The boot is counted from here: the start, or later by the time in which nobody looked. */
  readonly watchedFromMs: number;
  readonly checks: Readonly<Record<string, CheckState>>;
  /** When a probe first succeeded. */
  readonly firstAnswerAtMs: number | null;
  readonly healthySinceMs: number | null;
}

/** What a probe found. */
export interface ProbeResult {
  readonly check: string;
  readonly ok: boolean;
  readonly message: string;
}

const UNKNOWN: CheckState = {
  status: "unknown",
  streak: 0,
  lastOk: null,
  message: "",
  nextAtMs: 0,
  probing: false,
};

function checkStates(
  checks: readonly HealthCheck[],
  stateOf: (check: HealthCheck) => CheckState,
): Record<string, CheckState> {
  return Object.fromEntries(
    checks.map((check) => [check.name, stateOf(check)]),
  );
}

/** The health of a guest that has just been started. Without checks it is healthy because it runs. */
export function startHealth(
  checks: readonly HealthCheck[],
  startedAtMs: number,
): HealthState {
  const at = checks.length === 0 ? startedAtMs : null;
  return {
    startedAtMs,
    watchedFromMs: startedAtMs,
    checks: checkStates(checks, () => ({ ...UNKNOWN, nextAtMs: startedAtMs })),
    firstAnswerAtMs: at,
    healthySinceMs: at,
  };
}

/** The health of an adopted guest: what the ledger says, until probes say otherwise. */
export function restoreHealth(
  checks: readonly HealthCheck[],
  known: {
    startedAtMs: number;
    healthySinceMs: number | null;
    watchedFromMs: number;
  },
): HealthState {
  const fresh = {
    ...startHealth(checks, known.startedAtMs),
    watchedFromMs: known.watchedFromMs,
  };
  if (known.healthySinceMs === null) return fresh;
  return {
    ...fresh,
    checks: checkStates(checks, () => ({ ...UNKNOWN, status: "passing" })),
    firstAnswerAtMs: known.startedAtMs,
    healthySinceMs: known.healthySinceMs,
  };
}

/** The same guest under other checks: results of checks that stayed are kept. */
export function withChecks(
  health: HealthState,
  checks: readonly HealthCheck[],
  at: number,
): HealthState {
  const states = checkStates(
    checks,
    ({ name }) => health.checks[name] ?? { ...UNKNOWN, nextAtMs: at },
  );
  return summed({ ...health, checks: states }, at);
}

/** The checks to probe now. */
export function dueChecks(
  health: HealthState,
  checks: readonly HealthCheck[],
  at: number,
): HealthCheck[] {
  return checks.filter(({ name }) => {
    const state = health.checks[name];
    return state !== undefined && !state.probing && state.nextAtMs <= at;
  });
}

/** Notes that a probe has begun; the next one is due an interval later. */
export function probeBegun(
  health: HealthState,
  check: HealthCheck,
  at: number,
): HealthState {
  const state = health.checks[check.name] ?? UNKNOWN;
  return {
    ...health,
    checks: {
      ...health.checks,
      [check.name]: {
        ...state,
        probing: true,
        nextAtMs: at + check.intervalMs,
      },
    },
  };
}

/** The same guest after a pause: what is known stays, probes begin anew. */
export function resumeHealth(health: HealthState, at: number): HealthState {
  const checks = Object.entries(health.checks).map(([name, state]) => [
    name,
    { ...state, streak: 0, lastOk: null, probing: false, nextAtMs: at },
  ]);
  return { ...health, checks: Object.fromEntries(checks) };
}

/** Takes a probe's result in; one of a check that is no longer there changes nothing. */
export function probed(
  health: HealthState,
  checks: readonly HealthCheck[],
  result: ProbeResult,
  at: number,
): HealthState {
  const check = checks.find(({ name }) => name === result.check);
  const state = health.checks[result.check];
  if (check === undefined || state === undefined) return health;
  const streak = state.lastOk === result.ok ? state.streak + 1 : 1;
  const inGrace = state.status === "unknown" &&
    at < health.startedAtMs + check.graceMs;
  let status = state.status;
  if (result.ok && streak >= check.successes) status = "passing";
  if (!result.ok && streak >= check.failures && !inGrace) status = "failing";
  const next: CheckState = {
    ...state,
    status,
    streak,
    lastOk: result.ok,
    message: result.message,
    probing: false,
  };
  return summed({
    ...health,
    checks: { ...health.checks, [check.name]: next },
    firstAnswerAtMs: health.firstAnswerAtMs ?? (result.ok ? at : null),
  }, at);
}

function summed(health: HealthState, at: number): HealthState {
  const healthy = Object.values(health.checks).every(({ status }) =>
    status === "passing"
  );
  return {
    ...health,
    healthySinceMs: healthy ? health.healthySinceMs ?? at : null,
  };
}

/** One word for the guest. */
export function healthOf(
  health: HealthState,
  checks: readonly HealthCheck[],
  at: number,
): Health {
  if (health.healthySinceMs !== null) return "healthy";
  const states = Object.values(health.checks);
  if (states.some(({ status }) => status === "failing")) return "unhealthy";
  const graceMs = Math.max(0, ...checks.map((check) => check.graceMs));
  const begun = states.some(({ lastOk }) => lastOk !== null);
  return begun || at < health.startedAtMs + graceMs ? "starting" : "unknown";
}

/** What keeps it from being healthy, for people; empty when nothing does. */
export function healthMessage(health: HealthState): string {
  return Object.entries(health.checks)
    .filter(([, { status }]) => status !== "passing")
    .map(([name, { message }]) => `${name}: ${message || "no result yet"}`)
    .join("; ");
}

/** When the next probe is due; Infinity without checks or while all are under way. */
export function nextProbeAtMs(health: HealthState): number {
  let next = Infinity;
  for (const { probing, nextAtMs } of Object.values(health.checks)) {
    if (!probing) next = Math.min(next, nextAtMs);
  }
  return next;
}
