/**
 * A command as a shell is given it.
 *
 * @module
 */

/** Text that no shell can be given is made one it can. */
export function commandText(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\ufffd");
}
