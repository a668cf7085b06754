/**
 * The environment of a git that is nobody's: no configuration of this machine or
 * its user, and no question asked.
 *
 * @module
 */

/** Give it alone (`clearEnv`); `home` holds what git keeps for its user. */
export function gitEnv(home: string): Record<string, string> {
  return {
    HOME: home,
    PATH: Deno.env.get("PATH") ?? "",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_AUTHOR_NAME: "a",
    GIT_AUTHOR_EMAIL: "a@example.org",
    GIT_COMMITTER_NAME: "a",
    GIT_COMMITTER_EMAIL: "a@example.org",
  };
}
