/**
 * Rate limits in the words of nft and tc. Pure.
 *
 * @module
 */

const BYTES_PER_MBIT = 125_000;
/** Frames of a whole window come at once; a bucket below this throttles TCP far under its rate. */
const MIN_BURST_BYTES = 65_536;
/** A bucket of 50 ms at the rate: TCP behind a policer needs about a round trip's worth. */
const BURSTS_PER_SECOND = 20;
/** What waits longer in the queue to a guest is dropped: more is delay without throughput. */
const QUEUE_MS = 50;
/** nft keeps a limit's burst in 32 bits. */
const MAX_BURST_BYTES = 2 ** 31 - 1;

function burstBytes(mbit: number): number {
  const wanted = Math.ceil(mbit * BYTES_PER_MBIT / BURSTS_PER_SECOND);
  return Math.min(Math.max(wanted, MIN_BURST_BYTES), MAX_BURST_BYTES);
}

/** Matches what a guest sends beyond its rate. nft's bucket holds a second's worth and the burst: so much may go at once. */
export function sendLimit(mbit: number): string {
  return `limit rate over ${mbit * BYTES_PER_MBIT} bytes/second burst ${
    burstBytes(mbit)
  } bytes`;
}

/** What follows `tc`: holds back what a guest receives beyond its rate. */
export function receiveLimit(tap: string, mbit: number): string[] {
  return [
    ...["qdisc", "replace", "dev", tap, "root", "tbf"],
    ...["rate", `${mbit}mbit`, "burst", String(burstBytes(mbit))],
    ...["latency", `${QUEUE_MS}ms`],
  ];
}
