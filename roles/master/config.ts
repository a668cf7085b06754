/**
 * The master's configuration.
 *
 * @module
 */
import { z } from "zod";
import { DEFAULT_PORTS, ListenText, serverConfigShape } from "../config/mod.ts";
import { DEFAULT_LEASE_MS } from "../model/assignment.ts";
import { DEFAULT_POOL, poolProblem } from "./core/addresses.ts";

/** Below it a busy machine's own pauses would count as lost workers. */
const MIN_LEASE_MS = 2000;
const MAX_LEASE_MS = 600_000;

/** Workers that bridge their guests get a /24 each, for good: another pool counts for those that come later. */
const NetworkConfig = z.strictObject({
  pool: z.string().max(64).superRefine((text, context) => {
    const message = poolProblem(text);
    if (message !== null) context.addIssue({ code: "custom", message });
  }).default(DEFAULT_POOL),
});

export const MasterConfig = z.strictObject({
  ...serverConfigShape("master", DEFAULT_PORTS.master),
  /** Where Cap'n Proto is spoken. */
  rpcListen: ListenText.default(`127.0.0.1:${DEFAULT_PORTS.masterRpc}`),
  /** A worker that is silent for this long counts as disconnected. */
  leaseMs: z.number().int().min(MIN_LEASE_MS).max(MAX_LEASE_MS).default(
    DEFAULT_LEASE_MS,
  ),
  /** The period at which everything is looked at without being told. */
  tickMs: z.number().int().min(10).max(60_000).default(500),
  /** The binary cache that workers copy from: asked for the sizes of closures. Without it plans show none. */
  cacheUrl: z.string().regex(
    /^https?:\/\//,
    "must begin with http:// or https://",
  )
    .max(4096).optional(),
  /** The network of guests; none of its addresses may be a host's. */
  network: NetworkConfig.prefault({}),
}).superRefine(({ leaseMs, tickMs }, context) => {
  if (tickMs * 4 <= leaseMs) return;
  context.addIssue({
    code: "custom",
    path: ["tickMs"],
    message:
      `must be at most a quarter of leaseMs (${leaseMs}): a look that comes later counts as having slept`,
  });
});
export type MasterConfig = z.output<typeof MasterConfig>;
