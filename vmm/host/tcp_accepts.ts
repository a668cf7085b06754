/**
 * Whether somebody takes a TCP connection: a guest on a network card of its
 * own, whose kernel answers for itself.
 *
 * @module
 */

/** True when a connection is taken within `timeoutMs`. Never throws. */
export async function tcpAccepts(
  where: { host: string; port: number; timeoutMs: number },
): Promise<boolean> {
  try {
    using _taken = await Deno.connect({
      hostname: where.host,
      port: where.port,
      signal: AbortSignal.timeout(where.timeoutMs),
    });
    return true;
  } catch {
    return false;
  }
}
