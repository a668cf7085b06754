/**
 * Reads QEMU's table of user-network connections. Pure.
 *
 * QEMU accepts a connection to a forwarded port before the guest does, so that
 * connecting proves nothing; the state in this table does.
 *
 * @module
 */

/** A forwarded connection. */
export interface ForwardedConnection {
  /** QEMU's file descriptor: tells it from the others. */
  fd: number;
  state: string;
}

const LINE =
  /^\s*TCP\[([A-Z0-9_]+)\]\s+(\d+)\s+\S+\s+(\d+)\s+\S+\s+\d+\s+\d+\s+\d+\s*$/;

/** The connections to `hostPort` in the text of `info usernet`. */
export function connectionsTo(
  hostPort: number,
  text: string,
): ForwardedConnection[] {
  const found: ForwardedConnection[] = [];
  for (const line of text.split(/\r?\n/)) {
    const [, state, fd, port] = LINE.exec(line) ?? [];
    if (state === undefined || state === "HOST_FORWARD") continue;
    if (Number(port) === hostPort) found.push({ fd: Number(fd), state });
  }
  return found;
}

/** The host ports that are forwarded, by the text of `info usernet`. */
export function forwardedPorts(text: string): Set<number> {
  const ports = new Set<number>();
  for (const line of text.split(/\r?\n/)) {
    const [, state, , port] = LINE.exec(line) ?? [];
    if (state === "HOST_FORWARD") ports.add(Number(port));
  }
  return ports;
}

/** True when the guest has taken a connection that is not among `before`. */
export function isTaken(
  before: readonly ForwardedConnection[],
  now: readonly ForwardedConnection[],
): boolean {
  const old = new Set(before.map(({ fd }) => fd));
  return now.some(({ fd, state }) =>
    !old.has(fd) && (state === "ESTABLISHED" || state === "CLOSE_WAIT")
  );
}
