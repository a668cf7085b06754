/**
 * A role's token file with another token for the master: what is in it for
 * other services stays. Pure.
 *
 * @module
 */
import { parseTokens } from "../../config/core/tokens.ts";

/**
 * The file's text with `master TOKEN` in it, once.
 *
 * @throws {AppError} `invalid` when the file is no token file.
 */
export function withMasterToken(
  text: string,
  token: string,
  file: string,
): string {
  if (text.trim() !== "") parseTokens(text, file);
  const others = text.split("\n").filter((line) =>
    line.trim() !== "" && !/^\s*master\s/.test(line)
  );
  return `${[...others, `master ${token}`].join("\n")}\n`;
}
