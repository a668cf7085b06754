/**
 * Names of a repository as words of a command.
 *
 * @module
 */

/** As it stands where that is one plain word to every shell, else in single quotes. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]{1,500}$/.test(text)
    ? text
    : `'${text.replaceAll("'", `'\\''`)}'`;
}
