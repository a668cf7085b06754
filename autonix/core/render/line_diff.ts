/**
 * What differs between two texts, line by line, as `diff -u` shows it without
 * its headers.
 *
 * @module
 */

/** Lines around a change. */
const CONTEXT = 2;
/** Cells of the table: 2,000 changed lines against as many take 0.1 s and 16 MB. Beyond, all of it is one change. */
const MAX_CELLS = 4_000_000;

interface Row {
  sign: " " | "-" | "+";
  text: string;
}

/** The longest common lines of two lists, as rows. */
function rowsOf(a: readonly string[], b: readonly string[]): Row[] {
  const removed = a.map((text): Row => ({ sign: "-", text }));
  const added = b.map((text): Row => ({ sign: "+", text }));
  const width = b.length + 1;
  if ((a.length + 1) * width > MAX_CELLS) return [...removed, ...added];
  const lengths = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      lengths[i * width + j] = a[i] === b[j]
        ? (lengths[(i + 1) * width + j + 1] ?? 0) + 1
        : Math.max(
          lengths[(i + 1) * width + j] ?? 0,
          lengths[i * width + j + 1] ?? 0,
        );
    }
  }
  const rows: Row[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const below = lengths[(i + 1) * width + j] ?? 0;
    const beside = lengths[i * width + j + 1] ?? 0;
    if (a[i] === b[j]) {
      rows.push({ sign: " ", text: a[i] ?? "" });
      i += 1;
      j += 1;
    } else if (below >= beside) rows.push({ sign: "-", text: a[i++] ?? "" });
    else rows.push({ sign: "+", text: b[j++] ?? "" });
  }
  return [...rows, ...removed.slice(i), ...added.slice(j)];
}

/** Lines with `-` and `+` before those that differ, and some around them; empty for equal texts. */
export function lineDiff(before: string, after: string): string[] {
  if (before === after) return [];
  const a = before.split("\n");
  const b = after.split("\n");
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (
    tail < a.length - head && tail < b.length - head &&
    a[a.length - 1 - tail] === b[b.length - 1 - tail]
  ) tail += 1;
  const same = (lines: readonly string[]) =>
    lines.map((text): Row => ({ sign: " ", text }));
  const rows = [
    ...same(a.slice(Math.max(0, head - CONTEXT), head)),
    ...rowsOf(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
    ...same(a.slice(a.length - tail, a.length - tail + CONTEXT)),
  ];
  const isNear = (at: number) =>
    rows.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1)
      .some(({ sign }) => sign !== " ");
  const shown: string[] = [];
  let skipped = false;
  rows.forEach(({ sign, text }, at) => {
    if (!isNear(at)) skipped = true;
    else {
      if (skipped) shown.push("...");
      skipped = false;
      shown.push(`${sign}${text}`);
    }
  });
  return shown;
}
