/**
 * git's credential protocol (git-credential(1)): `key=value` lines, answered
 * with a user name and a password when they are about the hub.
 *
 * @module
 */

/** Any user name will do: the hub reads the password. */
const USER = "token";

/**
 * The answer to `get`: empty when git asks about another server, so that git
 * asks somebody else. The token goes nowhere but to the hub it belongs to.
 */
export function answerCredential(
  request: string,
  hub: { url: string; token: string | undefined },
): string {
  const asked = new Map(
    request.split("\n").map((line): [string, string] => {
      const at = line.indexOf("=");
      return [line.slice(0, Math.max(0, at)), line.slice(at + 1)];
    }),
  );
  if (hub.token === undefined || !URL.canParse(hub.url)) return "";
  const { protocol, host } = new URL(hub.url);
  const isHub = `${asked.get("protocol")}:` === protocol &&
    asked.get("host") === host;
  return isHub ? `username=${USER}\npassword=${hub.token}\n` : "";
}

/** A word for a POSIX shell. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word)
    ? word
    : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The value of git's `credential.URL.helper` that runs `procurator git-credential`. */
export function credentialHelper(
  command: readonly string[],
  clientFile: string,
): string {
  const words = [...command, "git-credential", "--client", clientFile];
  return `!${words.map(shellWord).join(" ")}`;
}
