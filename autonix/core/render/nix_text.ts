/**
 * Text of a repository within Nix: the one place that quotes it.
 *
 * Whatever is in a name, a command or a value, it stays text: `"`, `${`, `''`,
 * newlines and backslashes cannot end a string or begin an expression.
 *
 * @module
 */

/** Longest text of a comment: one line a person reads. */
const MAX_COMMENT = 200;
/** Letters a Nix identifier may have; quoted is right for all others. */
const PLAIN_ATTRIBUTE = /^[A-Za-z_][A-Za-z0-9_-]{0,62}$/;
/** Words that are no identifiers. */
export const KEYWORDS: ReadonlySet<string> = new Set([
  ...["assert", "else", "if", "in", "inherit", "let", "or", "rec", "then"],
  "with",
]);

/** A value as a Nix string. Nix has no NUL and no half characters: they become U+FFFD. */
export function nixString(text: string): string {
  const body = text.toWellFormed().replaceAll("\0", "\ufffd")
    .replace(/[\\"]/g, "\\$&")
    // Only `${` opens an expression, but what comes before it may be a `$` too.
    .replace(/\$(?=[${])/g, "\\$")
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")
    .replaceAll("\t", "\\t");
  return `"${body}"`;
}

/** A name on the left of `=`, or after a dot. */
export function nixAttribute(name: string): string {
  return PLAIN_ATTRIBUTE.test(name) && !KEYWORDS.has(name)
    ? name
    : nixString(name);
}

/** `./.`, or what is below it: a path of the repository as a Nix path. */
export function nixPath(path: string): string {
  if (path === ".") return "./.";
  return /^[A-Za-z0-9_][A-Za-z0-9_./-]*$/.test(path) && !/\/(\/|$)/.test(path)
    ? `./${path}`
    : `(./. + ${nixString(`/${path}`)})`;
}

/** What a comment says: one line, without what steers a terminal. */
export function commentText(text: string): string {
  const line = text.slice(0, 4 * MAX_COMMENT).toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu, " ")
    .trim();
  return line.length > MAX_COMMENT
    ? `${line.slice(0, MAX_COMMENT - 3).toWellFormed()}...`
    : line;
}

/** `[ a b ]`. */
export function nixList(items: readonly string[]): string {
  return items.length === 0 ? "[ ]" : `[ ${items.join(" ")} ]`;
}
