/**
 * Which nars nginx sends in our place (X-Accel-Redirect), and by what name it
 * finds them. nginx sends a file without copying it, which we cannot.
 *
 * @module
 */

/** nginx says by it that it takes files over (the name is that of Rack's Sendfile). */
export const HAND_OVER_HEADER = "x-sendfile-type";

/**
 * The location below `prefix` that nginx is sent to; undefined: the nar is sent
 * from here.
 *
 * Without nginx's mark the answer would be an empty file to whoever came past
 * it: a worker on the same host does.
 */
export function handOverTo(
  prefix: string | undefined,
  request: { file: string; handOver: string | undefined },
): string | undefined {
  const { file, handOver } = request;
  if (prefix === undefined) return undefined;
  if (handOver?.toLowerCase() !== "x-accel-redirect") return undefined;
  // As the storage lays its files out below `nar/`.
  return `${prefix}${file.slice(0, 2)}/${file}`;
}
