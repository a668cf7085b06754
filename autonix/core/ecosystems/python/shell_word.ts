/**
 * Names of the repository as words of a command.
 *
 * @module
 */

/** The text as one word of a shell: as it is, or quoted where a shell would read more into it. */
export function shellWord(text: string): string {
  return /^[\w./:@%+,=-]+$/.test(text) && !text.startsWith("-")
    ? text
    : `'${text.replaceAll("'", `'\\''`)}'`;
}
