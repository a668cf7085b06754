/**
 * The text of a scenario: commands and what they print. Parsed and written
 * here; what a command does is not known here.
 *
 * ```
 * # A comment.
 * $ procurator status
 *     what it writes to standard output
 *   ! what it writes to standard error
 *   = 3                                  the exit status when it is not 0
 * ```
 *
 * @module
 */

/** A command and the lines that came of it, or lines between commands. */
export type Block =
  | { kind: "text"; lines: string[] }
  | { kind: "command"; words: string; output: string[] };

/** What a command came to. */
export interface Outcome {
  out: string;
  err: string;
  status: number;
}

/** What differs from run to run or says nothing, and what stands for it. */
export const REDACTIONS: readonly [RegExp, string][] = [
  [/\b[0-9a-f]{64}\b/g, "<sha256>"],
  [/pcr_[a-z]+_[0-9A-Za-z]+_[0-9A-Za-z_-]+/g, "<token>"],
  [/\/tmp\/[^\s"':]*pcr-scenario-[^\s"'/:]*/g, "<dir>"],
  [/\bprocess \d+/g, "process <pid>"],
  [/\b\d+ bytes/g, "<n> bytes"],
];

/** The text without what differs from run to run. */
export function redact(text: string): string {
  return REDACTIONS.reduce(
    (all, [pattern, word]) => all.replaceAll(pattern, word),
    text,
  );
}

function linesOf(text: string, prefix: string): string[] {
  if (text === "") return [];
  return text.replace(/\n$/, "").split("\n")
    .map((line) => `${prefix}${line}`.trimEnd());
}

/** An outcome as a scenario shows it. */
export function outputOf({ out, err, status }: Outcome): string[] {
  return [
    ...linesOf(redact(out), "    "),
    ...linesOf(redact(err), "  ! "),
    ...(status === 0 ? [] : [`  = ${status}`]),
  ];
}

/** True for a line that belongs to the command above it; an empty one may stand within an output. */
function isOutput(line: string): boolean {
  return line === "" || line.startsWith("    ") || line.startsWith("  ! ") ||
    line.startsWith("  = ") || line === "  !";
}

/** The blocks of a scenario's text. */
export function parseScript(text: string): Block[] {
  const blocks: Block[] = [];
  for (const line of text.replace(/\n$/, "").split("\n")) {
    const last = blocks.at(-1);
    if (line.startsWith("$ ")) {
      blocks.push({ kind: "command", words: line.slice(2), output: [] });
    } else if (last?.kind === "command" && isOutput(line)) {
      last.output.push(line);
    } else if (last?.kind === "text") last.lines.push(line);
    else blocks.push({ kind: "text", lines: [line] });
  }
  for (const block of blocks) {
    // Empty lines after an output only part it from what follows.
    if (block.kind !== "command") continue;
    while (block.output.at(-1) === "") block.output.pop();
  }
  return blocks;
}

/** The text of blocks; parsing it gives them back. */
export function formatScript(blocks: readonly Block[]): string {
  const lines = blocks.flatMap((block) => {
    if (block.kind === "text") return block.lines;
    const end = block.output.length === 0 ? [] : [""];
    return [`$ ${block.words}`, ...block.output, ...end];
  });
  return lines.join("\n").replace(/\n+$/, "") + "\n";
}

/** Splits a command as a shell does: quotes keep words together, a backslash the next character. */
export function wordsOf(line: string): string[] {
  const words: string[] = [];
  for (const [word] of line.matchAll(/(?:'[^']*'|"[^"]*"|\\.|[^\s'"\\])+/g)) {
    words.push(
      word.replace(
        /'([^']*)'|"([^"]*)"|\\(.)/g,
        (_all, single, double, one) => single ?? double ?? one,
      ),
    );
  }
  return words;
}
