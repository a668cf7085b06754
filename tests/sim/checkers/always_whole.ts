/**
 * A system that answers is not refused for what a switch that was cut short
 * left of it: a mixture is switched again, by this worker process or the next.
 *
 * @module
 */
import { z } from "zod";
import { copyKey } from "../../../roles/model/ids.ts";
import { STATE_DIR } from "../host.ts";
import type { MakeChecker } from "./checker.ts";

const Memory = z.object({
  vm: z.string(),
  incarnation: z.number(),
  refused: z.object({
    runtimeHash: z.string(),
    orderRevision: z.number(),
    reason: z.string(),
  }).nullable(),
});

export const alwaysWhole: MakeChecker = ({ trace }) => ({
  written(host, path, text) {
    if (!path.startsWith(`${STATE_DIR}/memory/`)) return;
    const { vm: id, incarnation, refused } = Memory.parse(JSON.parse(text));
    if (refused === null) return;
    const mixture = host.guests.mixtureOf(copyKey({ id, incarnation }));
    const isCutShort = mixture?.isGood === true &&
      mixture.runtimeHash === refused.runtimeHash;
    if (!isCutShort) return;
    trace.broken(
      "always_whole",
      `${host.name} refuses ${id} ${
        refused.runtimeHash.slice(0, 8)
      } while its guest is a mixture: ${refused.reason}`,
    );
  },
});
