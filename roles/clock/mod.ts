/**
 * The real clock and the real randomness behind the ports of roles/model/.
 *
 * @module
 */
import type { Clock, Random } from "../model/ports.ts";
import { parseUptimeMs } from "./core/uptime.ts";

/**
 * The kernel's boot-time clock, in steps of 10 ms: it counts suspended time and
 * means the same to every process of one boot, so that a deadline outlives ours.
 */
function bootTimeMs(): number {
  return parseUptimeMs(Deno.readTextFileSync("/proc/uptime"));
}

export const systemClock: Clock = {
  now: () => Date.now(),
  bootMs: bootTimeMs,
  sleep(ms, signal) {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal?.addEventListener("abort", done, { once: true });
    });
  },
};

export const systemRandom: Random = {
  hex: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)).toHex(),
};
