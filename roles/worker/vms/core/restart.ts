/**
 * When a VM that ended is started again. Pure.
 *
 * @module
 */
import type { VmSpec } from "../../../model/vm_spec.ts";

type Restart = VmSpec["restart"];

/** Whether the policy starts a VM again that ended like this. */
export function mayRestart(restart: Restart, clean: boolean): boolean {
  switch (restart.policy) {
    case "always":
      return true;
    case "on-failure":
      return !clean;
    case "never":
      return false;
  }
}

/** The wait before start number `crashes` in a row: doubled each time, from delayMs to maxDelayMs. */
export function restartDelayMs(restart: Restart, crashes: number): number {
  const doublings = Math.min(Math.max(crashes - 1, 0), 30);
  return Math.min(restart.maxDelayMs, restart.delayMs * 2 ** doublings);
}

/** One second, doubled up to half a minute: long enough not to burn a host, short enough to mend soon. */
const HOST_RETRY_MS = 1000;
const HOST_RETRY_MAX_MS = 30_000;

/** The wait after the `attempts`-th failure of the host in a row. */
export function hostRetryMs(attempts: number): number {
  const doublings = Math.min(Math.max(attempts - 1, 0), 10);
  return Math.min(HOST_RETRY_MAX_MS, HOST_RETRY_MS * 2 ** doublings);
}
