/**
 * Text for terminals: tables, colours, durations. Decides the look, writes nothing.
 *
 * @module
 */

/** Words that a terminal shows in a colour. */
export type Tone = "good" | "bad" | "busy" | "quiet" | "strong";

const CODES = {
  good: "32",
  bad: "31",
  busy: "33",
  quiet: "2",
  strong: "1",
} as const satisfies Record<Tone, string>;

/** Paints text, or leaves it as it is where colours are off. */
export type Paint = (text: string, tone: Tone) => string;

/** The painter for a terminal with or without colours. */
export function painter(colors: boolean): Paint {
  return (text, tone) =>
    colors && text !== "" ? `\x1b[${CODES[tone]}m${text}\x1b[0m` : text;
}

/** A cell: its text, and a tone. */
export type Cell = string | { text: string; tone: Tone };

const TONE_OF_STATE: Readonly<Record<string, Tone>> = {
  active: "good",
  alive: "good",
  healthy: "good",
  successful: "good",
  failed: "bad",
  lost: "bad",
  unhealthy: "bad",
  disconnected: "bad",
  rolling: "busy",
  running: "busy",
  pending: "busy",
  starting: "busy",
  superseded: "quiet",
  cancelled: "quiet",
};

/** A state word in its tone. */
export function stateCell(state: string): Cell {
  const tone = Object.hasOwn(TONE_OF_STATE, state)
    ? TONE_OF_STATE[state]
    : undefined;
  return tone === undefined ? state : { text: state, tone };
}

/** Text without control characters: names and messages come from elsewhere and must not steer a terminal. */
export function plain(text: string): string {
  let result = "";
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    const control = code < 0x20 || (code >= 0x7f && code < 0xa0);
    result += control ? " " : char;
  }
  return result;
}

const SEQUENCE = new RegExp(
  String.fromCharCode(27) + "\\[[0-?]*[ -/]*[@-~]",
  "g",
);

/** The same for text of many lines, which keeps its line ends and tabs: a VM's console writes what it likes. */
export function plainLines(text: string): string {
  return text.replace(SEQUENCE, "").replace(/[^\P{Cc}\n\t]/gu, "");
}

/** Columns padded to their widest cell, two spaces between; the last column is not padded. */
export function table(
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
  paint: Paint,
): string {
  const cells = rows.map((row) =>
    row.map((cell) =>
      typeof cell === "string"
        ? { text: plain(cell), tone: undefined }
        : { text: plain(cell.text), tone: cell.tone }
    )
  );
  const widths = head.map((title, column) =>
    Math.max(
      title.length,
      ...cells.map((row) => row[column]?.text.length ?? 0),
    )
  );
  const pad = (text: string, column: number) =>
    column === head.length - 1
      ? ""
      : " ".repeat((widths[column] ?? 0) - text.length + 2);
  const lines = [
    head.map((title, column) => paint(title, "quiet") + pad(title, column)),
    ...cells.map((row) =>
      row.map(({ text, tone }, column) =>
        (tone === undefined ? text : paint(text, tone)) + pad(text, column)
      )
    ),
  ];
  return lines.map((line) => line.join("").trimEnd()).join("\n") + "\n";
}

/** `3 s`, `2 min`, `5 h`, `3 d`: how long ago, for a list. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}
