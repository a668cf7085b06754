/**
 * What `why` prints: the answer in a sentence, what was decided and when, and
 * the workers as places for the VM now.
 *
 * @module
 */
import type { Candidate, Why } from "../../model/mod.ts";
import { type Cell, duration, type Paint, plain, table } from "./table.ts";

/** Candidates shown unless all are asked for: the best, then one of each kind of refusal. */
const MAX_SHOWN = 8;

function partsOf({ parts }: Candidate): string {
  return Object.entries(parts).map(([name, part]) => `${name} ${part}`)
    .join(", ");
}

function row(candidate: Candidate, current: string): Cell[] {
  const { worker, score, refusal } = candidate;
  const name = worker === current ? `${plain(worker)} *` : plain(worker);
  return refusal === null
    ? [name, String(score), plain(partsOf(candidate))]
    : [name, { text: "-", tone: "quiet" }, {
      text: plain(refusal),
      tone: "bad",
    }];
}

/** The best, the present one, and of each kind of refusal the first. */
function chosen(why: Why): Candidate[] {
  const kinds = new Set<string>();
  const shown = why.candidates.filter((candidate, index) => {
    if (candidate.worker === why.worker) return true;
    if (candidate.kind === null) return index < MAX_SHOWN;
    const isNew = !kinds.has(candidate.kind);
    kinds.add(candidate.kind);
    return isNew;
  });
  return why.candidates.length <= MAX_SHOWN ? why.candidates : shown;
}

/** The whole answer; `all` names every worker. */
export function formatWhy(
  why: Why,
  options: { nowMs: number; all: boolean; paint: Paint },
): string {
  const { nowMs, all, paint } = options;
  const lines = [paint(plain(why.summary), "strong")];
  if (why.decidedAtMs !== null) {
    const age = duration(Math.max(0, nowMs - why.decidedAtMs));
    lines.push(`decided ${age} ago: ${plain(why.reason)}`);
  }
  const shown = all ? why.candidates : chosen(why);
  if (shown.length === 0) return `${lines.join("\n")}\n`;
  const rows = shown.map((candidate) => row(candidate, why.worker));
  const left = why.candidates.length - shown.length;
  const more = left === 0 ? "" : `(and ${left} more: --all)\n`;
  return `${lines.join("\n")}\n\n${
    table(["worker", "score", "why"], rows, paint)
  }${more}`;
}
