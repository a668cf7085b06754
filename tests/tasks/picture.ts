/**
 * `COMMAND | deno run -A tests/tasks/picture.ts > ui/pictures/NAME.svg`: what a
 * command printed, as the picture of a terminal that README shows. Reads text,
 * writes SVG; colours nothing but the outcomes.
 *
 * @module
 */

/** Columns of the terminal; longer lines are cut as a terminal would wrap them off the picture. */
const COLUMNS = 118;
const CHAR_WIDTH = 7.22;
const LINE_HEIGHT = 17;
const MARGIN = 18;

const TONES: readonly (readonly [RegExp, string])[] = [
  [/\brolled-back$|\bfailed\b/, "#ff9c8f"],
  [/\bhealthy$|\bactive\b.*converged|\b100 % converged/, "#8fe3a2"],
  [/^git push|^\$ /, "#ffffff"],
];

/** Escaped, with spaces that no viewer folds: `xml:space` is not honoured everywhere. */
function spaced(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;").replaceAll(" ", "\u00a0");
}

function toneOf(line: string): string {
  return TONES.find(([pattern]) => pattern.test(line))?.[1] ?? "#c9d1d9";
}

/** The picture of `lines`. */
export function pictureOf(lines: readonly string[]): string {
  const width = Math.ceil(COLUMNS * CHAR_WIDTH + 2 * MARGIN);
  const height = lines.length * LINE_HEIGHT + 2 * MARGIN;
  const rows = lines.map((line, index) =>
    `<text x="${MARGIN}" y="${MARGIN + 12 + index * LINE_HEIGHT}" fill="${
      toneOf(line)
    }">${spaced(line.slice(0, COLUMNS))}</text>`
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
    `<rect width="100%" height="100%" rx="8" fill="#161b22"/>`,
    `<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="12">`,
    ...rows,
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

if (import.meta.main) {
  const text = await new Response(Deno.stdin.readable).text();
  console.log(pictureOf(text.trimEnd().split("\n")).trimEnd());
}
