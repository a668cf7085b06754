/**
 * Values that are nobody's business, and those that stand for one to fill in:
 * neither is told as a default.
 *
 * @module
 */

const SECRET =
  /(?:SECRET|TOKEN|PASSW|PASSPHRASE|PRIVATE|CREDENTIAL|API_?KEY|ACCESS_KEY|APP_KEY|_KEY$|_SALT$|_PWD$|^KEY$)/i;
const PLACEHOLDER =
  /^(?:<.*>|\[.*\]|\{\{.*|.*(?:x{3,}|\*{3,}|\.\.\.).*|change.?(?:me|this|it).*|generate.?(?:me|this|one)|replace.*|insert.*|enter.*|your.*|my.?(?:secret|token|key|password).*|to.?do|todo.*|tbd|fixme|none|null|undefined|placeholder.*|.*(?:your[-_ ]|change[-_ ]?me|[-_]here).*|(?:super[-_ ]?)?secret.*|.*(?:s3cret|secret$|sample|insecure|keyboard.cat|to.?be.?modified).*|p(?:ass)?word|pass|token|key|fake.*|dummy.*|example)$/is;

/** True for a value that stands for one the reader has to fill in. */
export function isPlaceholder(name: string, value: string): boolean {
  const text = value.slice(0, 200);
  if (
    /^<[^>]*>$|x{4,}|change.?me|replace.?me|your[-_ ]|[-_ ]here$|^get[-_ ]/i
      .test(text)
  ) {
    return true;
  }
  return SECRET.test(name) && PLACEHOLDER.test(text);
}

/** True for names whose values are nobody's business. */
export function isSecretName(name: string): boolean {
  return SECRET.test(name.slice(0, 200));
}

/** True for a value that may be told as a variable's default. */
export function mayBeTold(name: string, value: string): boolean {
  return value !== "" && !isSecretName(name) && !isPlaceholder(name, value);
}
