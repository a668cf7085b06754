/**
 * The guard's configuration. Parses; opens nothing.
 *
 * @module
 */
import { z } from "zod";
import { defaultRunDir, LogLevel } from "../config/mod.ts";

const Path = z.string().min(1).max(4096);

export const GuardConfig = z.strictObject({
  /** Its own directory, mode 0700: whoever can open the socket in it can start programs as the guard. */
  runDir: Path.default(() => `${defaultRunDir(Deno.env.toObject())}/guard`),
  /** util-linux; ties a VMM's life to the guard's. */
  setprivPath: Path.default("setpriv"),
  /**
   * Ends when no worker has been connected and nothing has run for so long;
   * 0: never. For a guard that `dev` starts and may leave behind.
   */
  idleExitMs: z.number().int().min(0).max(86_400_000).default(0),
  logLevel: LogLevel.default("info"),
});
export type GuardConfig = z.output<typeof GuardConfig>;

/** The schema under the name every role exports. */
export const config = GuardConfig;

/** Where a guard with this run directory listens. */
export function guardSocketPath(runDir: string): string {
  return `${runDir}/guard.sock`;
}
