/**
 * Each line of a flake with the fact it is there for.
 *
 * @module
 */
import type { Evidence } from "../../../roles/model/analysis.ts";
import { type Paint, plain } from "../../../roles/cli/core/table.ts";
import type { FlakeLine } from "./flake_lines.ts";

export interface ExplainedLine {
  /** From 1, within flake.nix. */
  line: number;
  text: string;
  what: string;
  evidence: readonly Evidence[];
}

/** Places of one fact; more say nothing new. */
const MAX_PLACES = 3;

const YOURS = "yours: procurator init keeps it as it is";
const MARK = "where the part of procurator init begins or ends";

/** The lines of a whole flake; `part` are those between its marks. */
export function explainFlake(
  text: string,
  part: readonly FlakeLine[],
): ExplainedLine[] {
  const lines = text.replace(/\n$/, "").split("\n");
  const begin = lines.findIndex((line) => line.includes("# procurator:begin"));
  return lines.map((line, at) => {
    const own = begin < 0 ? undefined : part[at - begin - 1];
    const isMark = at === begin || at === begin + part.length + 1;
    return {
      line: at + 1,
      text: line,
      what: own?.because.what ?? (isMark ? MARK : YOURS),
      evidence: own?.because.evidence ?? [],
    };
  });
}

function placesOf(evidence: readonly Evidence[]): string {
  const all = [
    ...new Set(
      evidence.map(({ file, line }) =>
        line === null ? file : `${file}:${line}`
      ),
    ),
  ];
  const more = all.length - MAX_PLACES;
  const shown = all.slice(0, MAX_PLACES).join(", ");
  return more > 0 ? `${shown}, ${more} more` : shown;
}

/** Lines that are there for the same reason stand together, the reason below them. */
export function formatExplained(
  lines: readonly ExplainedLine[],
  paint: Paint,
): string {
  const out: string[] = [];
  lines.forEach(({ line, text, what, evidence }, at) => {
    out.push(`${String(line).padStart(4)}  ${plain(text)}`.trimEnd());
    const next = lines[at + 1];
    const places = placesOf(evidence);
    if (next?.what === what && placesOf(next.evidence) === places) return;
    const why = places === "" ? what : `${what} (${places})`;
    out.push(paint(`      ^ ${plain(why)}`, "quiet"));
  });
  return `${out.join("\n")}\n`;
}
