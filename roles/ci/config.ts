/**
 * ci's configuration.
 *
 * @module
 */
import { z } from "zod";
import { DEFAULT_PORTS, serverConfigShape } from "../config/mod.ts";

const Milliseconds = z.number().int().min(1).max(7 * 86_400_000);

export const CiConfig = z.strictObject({
  ...serverConfigShape("ci", DEFAULT_PORTS.ci),
  hubUrl: z.url().default(`http://127.0.0.1:${DEFAULT_PORTS.hub}`),
  /** Where `nix copy --to` pushes. */
  cacheUrl: z.string().min(1).default(
    `http://127.0.0.1:${DEFAULT_PORTS.cache}`,
  ),
  /** The master's RPC. */
  masterUrl: z.string().min(1).default(
    `tcp://127.0.0.1:${DEFAULT_PORTS.masterRpc}`,
  ),
  /** A store of its own (`DIR/nix/store`); the machine's when it is not given. */
  nixStore: z.string().min(1).optional(),
  /**
   * Builds in a sandbox, which takes root or user name spaces; a nixStore of its own always does. Without it whoever may
   * push runs commands as ci's user.
   */
  sandbox: z.boolean().default(false),
  /** Signs what is uploaded besides the cache's own signature. */
  secretKeyFile: z.string().min(1).optional(),
  /** How often refs are compared without a hint. */
  pollMs: Milliseconds.default(30_000),
  /** Jobs at once; those of one repository always run one after the other. */
  maxJobs: z.number().int().min(1).max(64).default(1),
  evalTimeoutMs: Milliseconds.default(600_000),
  /** Address space of an evaluation: a NixOS system takes 1 to 2 GiB, a runaway expression all there is. */
  evalMemoryMib: z.number().int().min(512).max(1_048_576).default(4096),
  buildTimeoutMs: Milliseconds.default(4 * 3_600_000),
  copyTimeoutMs: Milliseconds.default(3_600_000),
  /** Back-off while hub, cache or master are away. */
  retryFirstMs: Milliseconds.default(1000),
  retryMaxMs: Milliseconds.default(30_000),
  /** A job that waits longer than this fails. */
  maxWaitMs: Milliseconds.default(86_400_000),
});
export type CiConfig = z.output<typeof CiConfig>;
