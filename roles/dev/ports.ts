/**
 * The ports of `dev`.
 *
 * @module
 */
import { DEFAULT_PORTS, portsFrom } from "../config/mod.ts";
import type { DevPorts } from "./core/layout.ts";

/**
 * A free port for every listener, found by holding them all at once. Another
 * program can take one before the role listens; that role then says so.
 */
function findFreePorts(): DevPorts {
  const held = Object.keys(DEFAULT_PORTS).map((name) =>
    [name, Deno.listen({ hostname: "127.0.0.1", port: 0 })] as const
  );
  try {
    return Object.fromEntries(
      held.map(([name, listener]) => [name, listener.addr.port]),
    ) as unknown as DevPorts;
  } finally {
    for (const [, listener] of held) listener.close();
  }
}

/** The ports of `--port-base`: the usual ones without it, free ones for 0. */
export function choosePorts(portBase: number | undefined): DevPorts {
  if (portBase === undefined) return DEFAULT_PORTS;
  return portBase === 0 ? findFreePorts() : portsFrom(portBase);
}
