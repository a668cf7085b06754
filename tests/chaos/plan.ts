/**
 * Which kills a chaos run makes, in which order, and what is pushed before
 * each. Pure: the seed and the commit are arguments.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { type Failpoint, FAILPOINTS } from "../../roles/process/mod.ts";

/** Random moments of a whole run. */
export const MOMENTS = 10;
/** Failpoints that `deno task test` meets with real machines. */
export const REAL_POINTS = 3;

/** Every fifth random moment meets a commit that is taken back. */
const FAILING_EVERY = 5;

/** What a round pushes: a commit that becomes healthy, or one that never does. */
export type Push = "healthy" | "failing";

/** One kill: at a failpoint, or at a moment counted from the start of the push. */
export type Round =
  | { kind: "point"; point: Failpoint; push: Push }
  | { kind: "moment"; fraction: number; push: Push };

/** Reached only when a commit has to be taken back. */
const NEEDS_FAILURE: ReadonlySet<Failpoint> = new Set([
  "worker.rollback.recorded",
]);

/** The round that reaches a failpoint. */
export function roundOf(point: Failpoint): Round {
  const push = NEEDS_FAILURE.has(point) ? "failing" : "healthy";
  return { kind: "point", point, push };
}

/** A number in [0, 1) that the seed and the index alone decide. */
export function draw(seed: number, index: number): number {
  const digest = createHash("sha256").update(`${seed}/${index}`).digest();
  return digest.readUIntBE(0, 6) / 2 ** 48;
}

/**
 * Random moments, as fractions of the time an undisturbed commit takes from
 * its push to convergence (for one that fails: to the end of its rollback). Up
 * to a fifth beyond: after the end is a moment too.
 */
export function moments(seed: number, count: number): Round[] {
  return Array.from({ length: count }, (_, index) => ({
    kind: "moment",
    fraction: 1.2 * draw(seed, index),
    push: index % FAILING_EVERY === FAILING_EVERY - 1 ? "failing" : "healthy",
  }));
}

/** `count` different failpoints, chosen by a Git commit so that every one has its turn as work goes on. */
export function chooseByCommit(commit: string, count: number): Failpoint[] {
  const rank = (point: string) =>
    createHash("sha256").update(`${commit}/${point}`).digest("hex");
  const chosen = new Set(
    [...FAILPOINTS].sort((a, b) => rank(a) < rank(b) ? -1 : 1).slice(0, count),
  );
  return FAILPOINTS.filter((point) => chosen.has(point));
}

/** What the command line asks for. */
export interface ChaosRequest {
  seed: number;
  /** One failpoint by name. */
  point?: Failpoint;
  /** The first rounds only. */
  only?: number;
}

/** All failpoints in the order a commit meets them, then the random moments; or what was asked for. */
export function planRounds(request: ChaosRequest): Round[] {
  const rounds = request.point === undefined
    ? [...FAILPOINTS.map(roundOf), ...moments(request.seed, MOMENTS)]
    : [roundOf(request.point)];
  return rounds.slice(0, request.only ?? rounds.length);
}

/** The round's name in tables. */
export function describeRound(round: Round): string {
  return round.kind === "point"
    ? round.point
    : `at ${(round.fraction * 100).toFixed(0)} % of a ${round.push} commit`;
}
