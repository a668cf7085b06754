/**
 * Finds free TCP ports on this host. A port found free may be taken before it
 * is used: callers try again.
 *
 * @module
 */

/** Most ports asked of the kernel for one that no VM of ours holds. */
const MAX_TRIES = 100;

/** A port nobody listens on at `hostname` now, and none of `reserved`. */
export function freePort(
  hostname: string,
  reserved: ReadonlySet<number>,
): number {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    using listener = Deno.listen({ hostname, port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    if (!reserved.has(port)) return port;
  }
  throw new Error(`no free port in ${MAX_TRIES} tries`);
}
