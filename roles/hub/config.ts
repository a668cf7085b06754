/**
 * The hub's configuration.
 *
 * @module
 */
import { z } from "zod";
import { DEFAULT_PORTS, serverConfigShape } from "../config/mod.ts";

/** 64 GiB: more than git can serve over one request in reason. */
const MAX_PUSH_MIB = 65_536;

export const HubConfig = z.strictObject({
  ...serverConfigShape("hub", DEFAULT_PORTS.hub),
  /** Where ci listens; without it pushes are found by ci's own period and pages show no builds. */
  ciUrl: z.string().min(1).optional(),
  /** The master's RPC URL; without it pages show no VMs. */
  masterUrl: z.string().min(1).optional(),
  /** What people clone from; the address listened on when it is not given. */
  publicUrl: z.url().optional(),
  /** Largest pack of one push. */
  maxPushMib: z.number().int().min(1).max(MAX_PUSH_MIB).default(2048),
  /** A git client that neither sends nor takes anything for this long frees its place. */
  stallMs: z.number().int().min(100).max(3_600_000).default(120_000),
  /** git processes at once; four times as many requests wait. */
  gitProcesses: z.number().int().min(1).max(256).default(16),
});
export type HubConfig = z.output<typeof HubConfig>;
