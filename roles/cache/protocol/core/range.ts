/**
 * Which bytes of a file a GET asks for (RFC 9110, section 14): one range, or all of it.
 *
 * @module
 */

/** What to send: everything, one slice (`end` excluded), or 416. */
export type RangeDecision =
  | { kind: "full" }
  | { kind: "slice"; start: number; end: number }
  | { kind: "unsatisfiable" };

/** True when the client has this very thing already (`If-None-Match`, compared weakly as the RFC has it). */
export function isKnown(
  ifNoneMatch: string | undefined,
  etag: string,
): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.split(",").some((text) => {
    const known = text.trim();
    return known === "*" || known.replace(/^W\//, "") === etag;
  });
}

/**
 * Several ranges, other units and malformed headers get the whole file, as the
 * RFC allows; so does an `If-Range` that is not this very file.
 */
export function decideRange(
  request: { range: string | undefined; ifRange: string | undefined },
  file: { size: number; etag: string },
): RangeDecision {
  const full = { kind: "full" } as const;
  if (request.range === undefined) return full;
  if (request.ifRange !== undefined && request.ifRange !== file.etag) {
    return full;
  }
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(request.range.trim());
  const first = match?.[1];
  const last = match?.[2];
  if (first === undefined || last === undefined) return full;
  if (first === "") {
    if (last === "") return full;
    const length = Math.min(Number(last), file.size);
    if (length === 0) return { kind: "unsatisfiable" };
    return { kind: "slice", start: file.size - length, end: file.size };
  }
  const start = Number(first);
  if (last !== "" && Number(last) < start) return full;
  if (start >= file.size) return { kind: "unsatisfiable" };
  const end = last === "" ? file.size : Math.min(Number(last) + 1, file.size);
  return { kind: "slice", start, end };
}
