/**
 * What a simulated guest does, written on its kernel command line: a blueprint
 * scripts a simulated cluster without any other channel. Pure.
 *
 * `simulated.boot_ms=N` until it answers (default 500);
 * `simulated.outcome=healthy|never|crash|poweroff` (default healthy);
 * `simulated.after_ms=N` from boot to the crash or power-off (default 0);
 * `simulated.start=ok|disk|driver|capacity` what `start` itself does (default ok);
 * `simulated.agent=yes|no` whether the guest channel answers (default yes);
 * `simulated.switch=ok|fail|lost` what a switch comes to (default ok).
 *
 * @module
 */
import { z } from "zod";

/** One day: no simulated boot is longer. */
const MAX_MS = 86_400_000;
const Milliseconds = z.coerce.number().int().min(0).max(MAX_MS);

export const SimulatedScript = z.object({
  bootMs: Milliseconds.default(500),
  outcome: z.enum(["healthy", "never", "crash", "poweroff"]).default("healthy"),
  afterMs: Milliseconds.default(0),
  start: z.enum(["ok", "disk", "driver", "capacity"]).default("ok"),
  agent: z.enum(["yes", "no"]).default("yes"),
  switch: z.enum(["ok", "fail", "lost"]).default("ok"),
});
export type SimulatedScript = z.output<typeof SimulatedScript>;

/** The script of a command line; words it cannot read count as absent. */
export function simulatedScript(cmdline: string): SimulatedScript {
  const word = (key: string) =>
    new RegExp(`(?:^|\\s)simulated\\.${key}=(\\S+)`).exec(cmdline)?.[1];
  const given = {
    bootMs: word("boot_ms"),
    outcome: word("outcome"),
    afterMs: word("after_ms"),
    start: word("start"),
    agent: word("agent"),
    switch: word("switch"),
  };
  const read = SimulatedScript.safeParse(given);
  return read.success ? read.data : SimulatedScript.parse({});
}
