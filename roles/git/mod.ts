/**
 * What every git that a service runs is given: an environment in which nothing
 * of this machine's user, nor of a pushed ref, changes what it answers.
 *
 * @module
 */

/** No configuration but the repository's own, no question asked. Give it alone (`clearEnv`). */
export function gitEnvironment(home: string): Record<string, string> {
  return {
    PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin",
    HOME: home,
    LC_ALL: "C.UTF-8",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_TERMINAL_PROMPT: "0",
    // A pushed refs/replace/ must not make a commit look like another.
    GIT_NO_REPLACE_OBJECTS: "1",
  };
}

/** The same for who only looks: an object that is not here is not fetched, by whatever the repository names for that. */
export function lookingGitEnvironment(home: string): Record<string, string> {
  return {
    ...gitEnvironment(home),
    GIT_NO_LAZY_FETCH: "1",
    // Those before 2.39.4 do not know it: they may speak no protocol.
    GIT_ALLOW_PROTOCOL: "",
    GIT_OPTIONAL_LOCKS: "0",
  };
}
