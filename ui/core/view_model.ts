/**
 * From data to what a page says: words, tones, times. Pure: `now` is an argument.
 *
 * @module
 */
import type {
  AppError,
  GenerationSummary,
  JobView,
  RepositoryView,
  VmStatus,
  WorkerStatus,
} from "../../roles/model/mod.ts";

/** How a state is meant; never said by colour alone. */
export type Tone = "good" | "bad" | "busy" | "wait" | "idle";

export interface Badge {
  text: string;
  tone: Tone;
}

/** A part of a page whose source may be away: the rest of the page is shown all the same. */
export type Part<T> = { ok: true; value: T } | { ok: false; error: AppError };

/** `value` of a part, or a stand-in. */
export function valueOr<T>(part: Part<T>, other: T): T {
  return part.ok ? part.value : other;
}

export function shortCommit(commit: string): string {
  return commit.slice(0, 10);
}

/** `0.8 s`, `12 s`, `3 min 4 s`; a dash for a stage that was not reached. */
export function formatSeconds(seconds: number | null): string {
  if (seconds === null) return "–";
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

const UNITS: readonly [number, string][] = [
  [86_400_000, "day"],
  [3_600_000, "hour"],
  [60_000, "minute"],
];

/** `just now`, `3 minutes ago`. */
export function ago(atMs: number, nowMs: number): string {
  for (const [unit, name] of UNITS) {
    const count = Math.floor((nowMs - atMs) / unit);
    if (count >= 1) return `${count} ${name}${count === 1 ? "" : "s"} ago`;
  }
  return "just now";
}

/** What a running job does, in a word. */
const STAGE_WORDS: Readonly<Record<string, string>> = {
  fetch: "fetching",
  eval: "evaluating",
  build: "building",
  copy: "uploading",
  publish: "publishing",
};

export function jobBadge(
  job: Pick<JobView, "state" | "generation" | "stage">,
): Badge {
  switch (job.state) {
    case "queued":
      return { text: "queued", tone: "idle" };
    case "running":
      return { text: STAGE_WORDS[job.stage ?? ""] ?? "running", tone: "busy" };
    case "waiting":
      return { text: "waiting", tone: "wait" };
    case "succeeded":
      return {
        text: job.generation === null ? "built" : "published",
        tone: "good",
      };
    case "failed":
      return { text: "failed", tone: "bad" };
  }
}

const GENERATION_TONE = {
  pending: "wait",
  rolling: "busy",
  active: "good",
  failed: "bad",
  superseded: "idle",
} as const satisfies Record<GenerationSummary["state"], Tone>;

export function generationBadge(state: GenerationSummary["state"]): Badge {
  return { text: state, tone: GENERATION_TONE[state] };
}

export function vmBadge(vm: Pick<VmStatus, "state" | "health">): Badge {
  if (vm.state === "Shutdown") return { text: "stopped", tone: "idle" };
  if (vm.state === "Paused") return { text: "paused", tone: "wait" };
  if (vm.state === "Created") return { text: "preparing", tone: "busy" };
  switch (vm.health) {
    case "healthy":
      return { text: "healthy", tone: "good" };
    case "unhealthy":
      return { text: "unhealthy", tone: "bad" };
    case "starting":
      return { text: "starting", tone: "busy" };
    case "unknown":
      return { text: "not yet known", tone: "idle" };
  }
}

const WORKER_TONE = {
  alive: "good",
  disconnected: "wait",
  lost: "bad",
} as const satisfies Record<
  WorkerStatus["state"],
  Tone
>;

export function workerBadge(state: WorkerStatus["state"]): Badge {
  return { text: state, tone: WORKER_TONE[state] };
}

/** `1.5 cores`. */
export function formatCores(cpuMilli: number): string {
  const cores = cpuMilli / 1000;
  return `${Number(cores.toFixed(2))} core${cores === 1 ? "" : "s"}`;
}

export function formatMemory(mib: number): string {
  return mib < 10_240 ? `${mib} MiB` : `${(mib / 1024).toFixed(1)} GiB`;
}

const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** `0 B`, `1.5 GiB`, `340 MiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits)} ${BYTE_UNITS[unit]}`;
}

/** `1,234,567`. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(?:[0-9]{3})+$)/g, ",");
}

/** A repository with its newest job and the last commit of its HEAD branch. */
export interface RepositoryRow {
  name: string;
  head: string | null;
  commit: string | null;
  subject: string;
  committedAtMs: number | null;
  job: JobView | null;
}

export function repositoryRows(
  repositories: readonly RepositoryView[],
  jobs: readonly JobView[],
): RepositoryRow[] {
  return repositories.map(({ name, head, branches }) => {
    const branch = branches.find((one) => one.name === head);
    return {
      name,
      head,
      commit: branch?.commit ?? null,
      subject: branch?.subject ?? "",
      committedAtMs: branch?.committedAtMs ?? null,
      job: jobs.find((job) =>
        job.repository === name && job.commit === branch?.commit
      ) ??
        jobs.find((job) =>
          job.repository === name
        ) ?? null,
    };
  });
}

/** A generation, and the build that it came from where ci still knows it. */
export interface GenerationRow {
  generation: GenerationSummary;
  job: JobView | null;
}

/** Joins generations with their builds: by repository and commit, the build that published it first. */
export function generationRows(
  generations: readonly GenerationSummary[],
  jobs: readonly JobView[],
): GenerationRow[] {
  return generations.map((generation) => {
    const own = jobs.filter((job) =>
      job.repository === generation.repository &&
      job.commit === generation.commit
    );
    const job = own.find((one) => one.generation === generation.generation) ??
      own[0] ?? null;
    return { generation, job };
  });
}

/** What to type for a first push, in the repository's work tree. */
export function firstPush(name: string | null): string[] {
  return [
    `procurator repo create ${name ?? "shop"} --remote procurator`,
    "git push procurator main",
  ];
}
