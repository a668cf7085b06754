/**
 * Free ports for `--port-base 0`.
 *
 * @module
 */
import { type DevPorts, PORT_ORDER } from "./core/layout.ts";

/**
 * A free port for every listener, found by holding them all at once. Another
 * program can take one before the role listens; that role then says so.
 */
export function findFreePorts(): DevPorts {
  const held = PORT_ORDER.map((name) =>
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
