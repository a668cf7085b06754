/**
 * A guest's state at one moment, kept on its worker under a name.
 *
 * @module
 */
import { z } from "zod";
import { Counter, Name, Sha256 } from "./ids.ts";

/** Of one copy: enough for before and after, and some spare. */
export const MAX_SNAPSHOTS_PER_VM = 4;

export const SnapshotInfo = z.strictObject({
  name: Name,
  /** Milliseconds since the Unix epoch. */
  createdAtMs: Counter,
  bytes: Counter,
  /** Of what ran: only the same content goes on from it. */
  runtimeHash: Sha256,
  generation: Counter,
});
export type SnapshotInfo = z.output<typeof SnapshotInfo>;
