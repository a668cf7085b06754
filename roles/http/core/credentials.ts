/**
 * The token in an Authorization header: `Bearer TOKEN`, or Basic whose
 * password is the token, as git and nix send it.
 *
 * @module
 */

/** Longer headers hold no token of ours. */
const MAX_HEADER_CHARS = 1024;

function decodeBase64(text: string): string | null {
  try {
    return atob(text);
  } catch {
    return null;
  }
}

/**
 * The token of the header's value: `none` when there is no header, `broken`
 * when it cannot hold one.
 */
export function readCredentials(
  header: string | null | undefined,
): { kind: "none" } | { kind: "broken" } | { kind: "token"; token: string } {
  if (header === null || header === undefined) return { kind: "none" };
  if (header.length > MAX_HEADER_CHARS) return { kind: "broken" };
  const match = /^(bearer|basic) +(\S+)$/i.exec(header.trim());
  const scheme = match?.[1]?.toLowerCase();
  const value = match?.[2];
  if (scheme === undefined || value === undefined) return { kind: "broken" };
  if (scheme === "bearer") return { kind: "token", token: value };
  const decoded = decodeBase64(value);
  const colon = decoded?.indexOf(":") ?? -1;
  if (decoded === null || colon === -1) return { kind: "broken" };
  const password = decoded.slice(colon + 1);
  // `https://TOKEN@host/` puts it into the user name and leaves the password empty.
  const token = password === "" ? decoded.slice(0, colon) : password;
  return token === "" ? { kind: "none" } : { kind: "token", token };
}
