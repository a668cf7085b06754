/**
 * The demo's timeline as text: what each commit cost, stage by stage.
 *
 * @module
 */
import type { StageSeconds } from "../../model/generation.ts";

/** One pushed commit and what became of it. */
export interface DemoCommit {
  commit: string;
  generation: number;
  /** What the commit changes, in a few words. */
  title: string;
  outcome: "healthy" | "rolled-back";
  seconds: StageSeconds;
  /** Push to outcome, seconds. */
  totalSeconds: number;
}

/** The stages in the order a commit passes them, and the letter of each in the bar. */
export const STAGES = [
  ["eval", "e"],
  ["build", "b"],
  ["copy", "c"],
  ["place", "p"],
  ["boot", "B"],
  ["healthy", "h"],
] as const satisfies readonly (readonly [keyof StageSeconds, string])[];

/** Columns of the longest bar: fits 100 columns beside commit and total. */
const BAR_WIDTH = 48;

/** `1.2`, or `-` for a stage that was not reached. */
export function formatSeconds(seconds: number | null): string {
  return seconds === null ? "-" : seconds.toFixed(1);
}

/** A bar of stage letters, one column for each `secondsPerColumn`; the rest of the total is dots. */
function bar(commit: DemoCommit, secondsPerColumn: number): string {
  let text = "";
  let reached = 0;
  for (const [stage, letter] of STAGES) {
    reached += commit.seconds[stage] ?? 0;
    const end = Math.round(reached / secondsPerColumn);
    text += letter.repeat(Math.max(0, end - text.length));
  }
  const total = Math.round(commit.totalSeconds / secondsPerColumn);
  return text.length >= total ? text : text + ".".repeat(total - text.length);
}

/**
 * The table and the bars, without a line end. VMs of a rolling update change
 * one after another: the slowest VM's stages do not add up to the total, and
 * the dots are the difference.
 */
export function formatTimeline(commits: readonly DemoCommit[]): string {
  const heads = STAGES.map(([stage]) => stage.padStart(8)).join("");
  const lines = [
    `commit   gen  what${" ".repeat(26)}${heads}   total  outcome`,
  ];
  for (const commit of commits) {
    const cells = STAGES.map(([stage]) =>
      formatSeconds(commit.seconds[stage]).padStart(8)
    ).join("");
    lines.push(
      `${commit.commit.slice(0, 7)}  ${
        String(commit.generation).padStart(3)
      }  ` +
        `${commit.title.slice(0, 29).padEnd(30)}${cells}${
          formatSeconds(commit.totalSeconds).padStart(8)
        }  ${commit.outcome}`,
    );
  }
  const longest = Math.max(...commits.map((commit) => commit.totalSeconds), 1);
  const secondsPerColumn = longest / BAR_WIDTH;
  lines.push("");
  for (const commit of commits) {
    lines.push(
      `${commit.commit.slice(0, 7)}  ${bar(commit, secondsPerColumn)}`,
    );
  }
  const legend = STAGES.map(([stage, letter]) => `${letter} ${stage}`).join(
    "  ",
  );
  lines.push(
    `         ${legend}  . other VMs and waiting  (one column: ${
      secondsPerColumn.toFixed(2)
    } s)`,
  );
  return lines.join("\n");
}
