/**
 * What to tell about a commit on its way: views of ci and master in, lines
 * and an outcome out. A line is told once, when it changes.
 *
 * @module
 */
import type {
  GenerationSummary,
  StageSeconds,
} from "../../model/generation.ts";
import type { ClusterStatus } from "../../model/status.ts";

/** ci's job for the commit, as far as the demo cares. */
export interface JobView {
  state: string;
  /** What it does or why it failed. */
  message: string;
  seconds: { eval: number | null; build: number | null };
}

/** One look at everything. */
export interface Look {
  job: JobView | null;
  generation: GenerationSummary | null;
  status: ClusterStatus | null;
}

/** How a commit ended; `failed` is a job that ended without a generation. */
export type Outcome = "healthy" | "rolled-back" | "failed";

/** Whom a line is about, then what: wide enough for `sample/web-0`. */
function row(whom: string, what: string): string {
  return `${whom.padEnd(14)}${what}`;
}

/** The lines that describe `look`, each under a key: a line is news when its key's text changed. */
export function describeLook(look: Look): Map<string, string> {
  const lines = new Map<string, string>();
  const { job, generation, status } = look;
  if (job !== null) lines.set("ci", row("ci", job.message || job.state));
  if (generation !== null) {
    const reason = generation.reason === "" ? "" : `: ${generation.reason}`;
    lines.set(
      "generation",
      row(
        "master",
        `generation ${generation.generation} ${generation.state}${reason}`,
      ),
    );
  }
  for (const vm of generation === null ? [] : status?.vms ?? []) {
    const what = vm.generation === 0
      ? vm.state
      : `generation ${vm.generation} ${vm.state}, ${vm.health}`;
    lines.set(
      vm.id,
      row(vm.id, vm.message === "" ? what : `${what} (${vm.message})`),
    );
  }
  return lines;
}

/** The lines of `now` that `before` does not have, in order. */
export function newsOf(
  before: ReadonlyMap<string, string>,
  now: ReadonlyMap<string, string>,
): string[] {
  return [...now].filter(([key, line]) => before.get(key) !== line).map((
    [, line],
  ) => line);
}

/** How the commit ended, null while it is on its way. */
export function outcomeOf(look: Look): Outcome | null {
  const { job, generation, status } = look;
  if (job?.state === "failed" && generation === null) return "failed";
  if (generation === null || status === null) return null;
  if (
    status.convergencePercent < 100 ||
    status.rollout !== null && status.rollout.state === "running"
  ) return null;
  if (
    generation.state === "active" &&
    status.activeGeneration === generation.generation
  ) return "healthy";
  if (
    generation.state === "failed" &&
    status.activeGeneration !== generation.generation
  ) return "rolled-back";
  return null;
}

/** All stages of a look, those of ci and those of the master. */
export function stagesOf(look: Look): StageSeconds {
  const none = { copy: null, place: null, boot: null, healthy: null };
  return {
    eval: look.job?.seconds.eval ?? null,
    build: look.job?.seconds.build ?? null,
    ...(look.generation?.seconds ?? none),
  };
}
