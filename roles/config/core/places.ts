/**
 * Where state, sockets and the client's configuration live, from the
 * environment as a value. Looks nothing up.
 *
 * @module
 */

/** An environment as a value. */
export type Environment = Readonly<Record<string, string | undefined>>;

function nonEmpty(value: string | undefined): string | undefined {
  return value === undefined || value === "" ? undefined : value;
}

/** STATE: `$XDG_STATE_HOME/procurator`, else `/var/lib/procurator`. A role's own directory is `STATE/ROLE`. */
export function defaultStateDir(env: Environment): string {
  const home = nonEmpty(env["XDG_STATE_HOME"]);
  return home === undefined ? "/var/lib/procurator" : `${home}/procurator`;
}

/** `$XDG_RUNTIME_DIR/procurator`, else `/run/procurator`. */
export function defaultRunDir(env: Environment): string {
  const home = nonEmpty(env["XDG_RUNTIME_DIR"]);
  return home === undefined ? "/run/procurator" : `${home}/procurator`;
}

/** `$XDG_CONFIG_HOME/procurator/client.json`, `~/.config/...` without it, `/root/.config/...` without a home. */
export function clientConfigPath(env: Environment): string {
  const home = nonEmpty(env["XDG_CONFIG_HOME"]) ??
    `${nonEmpty(env["HOME"]) ?? "/root"}/.config`;
  return `${home}/procurator/client.json`;
}
