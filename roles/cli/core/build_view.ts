/**
 * What `repo` and `builds` print, from the answers of the hub and of ci.
 *
 * @module
 */
import type { JobView, RepositoryView } from "../../model/build.ts";
import {
  type Cell,
  duration,
  type Paint,
  plain,
  table,
  type Tone,
} from "./table.ts";

/** Hex digits of a commit that people compare. */
const SHORT = 8;
/** A column of subjects or messages; the whole of it is in `--json`. */
const MAX_TEXT = 100;

/** The first line, cut with an ellipsis. */
function brief(text: string): string {
  const line = plain(text.split("\n")[0] ?? "");
  return line.length <= MAX_TEXT ? line : `${line.slice(0, MAX_TEXT - 1)}…`;
}

/** The repositories for people. */
export function formatRepositories(
  repositories: readonly RepositoryView[],
  url: string,
  nowMs: number,
  paint: Paint,
): string {
  if (repositories.length === 0) {
    return "no repository yet; make one: procurator repo create NAME\n";
  }
  const rows = repositories.map(({ name, head, branches }): Cell[] => {
    const branch = branches.find((one) => one.name === head);
    return [
      { text: name, tone: "strong" },
      head ?? "-",
      branch?.commit.slice(0, SHORT) ?? "-",
      branch === undefined
        ? "-"
        : `${duration(nowMs - branch.committedAtMs)} ago`,
      remoteUrl(url, name),
      branch === undefined ? "nothing pushed yet" : brief(branch.subject),
    ];
  });
  return table(
    ["NAME", "BRANCH", "COMMIT", "WHEN", "URL", "SUBJECT"],
    rows,
    paint,
  );
}

/** What git clones from and pushes to. */
export function remoteUrl(hub: string, name: string): string {
  return `${hub.replace(/\/+$/, "")}/${name}.git`;
}

const TONES = {
  queued: "quiet",
  running: "busy",
  waiting: "busy",
  succeeded: "good",
  failed: "bad",
} as const satisfies Record<JobView["state"], Tone>;

function seconds(value: number | null): string {
  return value === null ? "-" : value.toFixed(1);
}

/** The builds for people, newest first as ci sends them. */
export function formatBuilds(
  jobs: readonly JobView[],
  nowMs: number,
  paint: Paint,
): string {
  if (jobs.length === 0) {
    return "no build yet; a push to the hub makes one\n";
  }
  const rows = jobs.map((job): Cell[] => [
    String(job.id),
    { text: job.state, tone: TONES[job.state] },
    job.repository,
    job.branch,
    job.commit.slice(0, SHORT),
    job.generation === null ? "-" : `${job.cluster} ${job.generation}`,
    `${duration(nowMs - job.queuedAtMs)} ago`,
    seconds(job.seconds.eval),
    seconds(job.seconds.build),
    brief(job.message),
  ]);
  return table(
    [
      "BUILD",
      "STATE",
      "REPOSITORY",
      "BRANCH",
      "COMMIT",
      "GENERATION",
      "QUEUED",
      "EVAL",
      "BUILD",
      "MESSAGE",
    ],
    rows,
    paint,
  );
}

/** One build in a line, and what to do about it. */
export function describeBuild(job: JobView): string {
  const line = `build ${job.id} of ${job.repository} ${
    job.commit.slice(0, SHORT)
  }: ${plain(job.message)}\n`;
  return job.hint === null ? line : `${line}Try: ${plain(job.hint)}\n`;
}
