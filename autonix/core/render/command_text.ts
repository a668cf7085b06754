/**
 * A command as a shell is given it.
 *
 * @module
 */

/** Text that no shell can be given is made one it can. */
export function commandText(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\ufffd");
}

/** Scripts that fetch the manager they stand for; nixpkgs has it. */
const WRAPPERS: readonly (readonly [RegExp, string])[] = [
  [/(^|[\s;&|])(?:\.{1,2}\/){1,9}mvnw(?=\s|$)/g, "$1mvn"],
  [/(^|[\s;&|])(?:\.{1,2}\/){1,9}gradlew(?=\s|$)/g, "$1gradle"],
];

export function withoutWrappers(command: string): string {
  return WRAPPERS.reduce(
    (text, [wrapper, manager]) => text.replace(wrapper, manager),
    command,
  );
}
