/**
 * The settings nix runs with: nothing of the machine's own nix.conf applies,
 * so that a build means the same on every host.
 *
 * @module
 */

/** Settings in the order they are written. */
const BASE: Readonly<Record<string, string>> = {
  "experimental-features": "nix-command flakes",
  // Without it a machine that has no group nixbld builds nothing.
  "build-users-group": "",
  // What is not asked for by name is never looked for on the network.
  "substituters": "",
  // Where ci has no name spaces to build in, nothing could be built: NixOptions.sandbox asks for one.
  "sandbox": "false",
  // A sandbox that was asked for and cannot be had is a failure.
  "sandbox-fallback": "false",
  // A flake's nixConfig must not change how it is built.
  "accept-flake-config": "false",
  // Builds run here, on no machine of /etc/nix/machines. (An empty build-hook breaks every build of 2.8.)
  "builders": "",
  // A store in a directory builds in a mount namespace, which needs a shell.
  "sandbox-paths": "/bin/sh=/bin/busybox",
  // A remembered answer of a cache outlives the cache's content by up to an hour.
  "narinfo-cache-positive-ttl": "0",
  "narinfo-cache-negative-ttl": "0",
  "stalled-download-timeout": "10",
  // Over HTTP/2 a HEAD answered with a body's length is a stream error to curl; over HTTP/1.1 it is not.
  "http2": "false",
  "connect-timeout": "5",
  "warn-dirty": "false",
};

/**
 * The text of a netrc file that shows `token` to a cache: nix sends it as Basic. Null when there is none to show,
 * or the cache is not reached over HTTP.
 */
export function netrcText(
  cache: { url: string | undefined; token: string | undefined } | undefined,
): string | null {
  const { url, token } = cache ?? {};
  if (token === undefined || url === undefined || !/^https?:/.test(url)) {
    return null;
  }
  const { hostname } = new URL(url);
  return `machine ${hostname} login procurator password ${token}\n`;
}

/**
 * The text of nix.conf. `extra` wins over the base.
 *
 * @throws {Error} when a key or value would begin another line: settings come from our own configuration.
 */
export function renderConf(extra: Readonly<Record<string, string>>): string {
  let text = "";
  for (const [key, value] of Object.entries({ ...BASE, ...extra })) {
    if (!/^[a-z][a-z0-9-]*$/.test(key) || /[\n\r\0]/.test(value)) {
      throw new Error(`not a setting of nix.conf: ${JSON.stringify(key)}`);
    }
    text += `${key} = ${value}`.trimEnd() + "\n";
  }
  return text;
}
