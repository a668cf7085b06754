/**
 * A name of a repository as one short line.
 *
 * @module
 */

/** Without what steers a terminal or turns the reading direction, at most so many characters. */
export function plainLine(text: string, max: number): string {
  const line = text.slice(0, 4 * max).toWellFormed()
    .replace(
      /[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]+/gu,
      " ",
    ).trim();
  const signs = [...line];
  return signs.length > max ? `${signs.slice(0, max - 1).join("")}…` : line;
}
