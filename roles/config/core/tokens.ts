/**
 * The text of a token file: one bare token for every service, or lines
 * `SERVICE TOKEN`. Reads no file.
 *
 * @module
 */
import { AppError } from "../../model/errors.ts";

/** The token to show to a service, if there is one. */
export type TokenOf = (service: string) => string | undefined;

/** No token and no service name is longer: a whole file is a few lines. */
const MAX_WORD_CHARS = 255;

/**
 * Parses a token file. Blank lines and lines that begin with # are skipped.
 * Messages never quote what might be a secret.
 *
 * @throws {AppError} `invalid`, naming the line.
 */
export function parseTokens(text: string, file: string): TokenOf {
  const byService = new Map<string, string>();
  let forAll: string | undefined;
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const words = line.split(/\s+/);
    const [first, second] = words;
    const fits = words.length <= 2 &&
      words.every((word) => word.length <= MAX_WORD_CHARS);
    if (first === undefined || !fits) {
      throw new AppError(
        "invalid",
        `Cannot read the token file ${file}: line ${
          index + 1
        } is neither a token nor "SERVICE TOKEN"`,
      );
    }
    if (second === undefined) forAll = first;
    else byService.set(first, second);
  }
  if (forAll === undefined && byService.size === 0) {
    throw new AppError(
      "invalid",
      `Cannot read the token file ${file}: there is no token in it`,
      { hint: "put the output of `procurator token create` into it" },
    );
  }
  return (service) => byService.get(service) ?? forAll;
}
