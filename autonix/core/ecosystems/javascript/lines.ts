/**
 * Lines of offsets in a text that is gone through once.
 *
 * @module
 */

/** Gives the line, from 1, of offsets that never fall: each part of the text is looked at once. */
export function lineCounter(text: string): (offset: number) => number {
  let line = 1;
  let next = text.indexOf("\n");
  return (offset) => {
    while (next >= 0 && next < offset) {
      line += 1;
      next = text.indexOf("\n", next + 1);
    }
    return line;
  };
}
