/**
 * What a command inside a guest came to, as an exit status: its own below 125,
 * and what docker and ssh users know above it. Pure.
 *
 * @module
 */

/** It was ended at its `--timeout`: as timeout(1) has it. */
const TIMED_OUT = 124;
/** It was not run, or nobody knows how it ended: none of its own. */
export const NOT_RUN = 125;

/** The table for `exec --help`. */
export const EXEC_STATUS_HELP = `
Exit status:
  0-123    the command's own, as far as it ends by itself
  124      it was ended at its --timeout
  125      it was not run, or was lost: no such VM, no right, no guest channel, no connection
  126,127  the guest could not run it, or has no such command
  128+N    signal N ended it; 130: you did`;

/** The exit status for what the guest told: code -1 and `CODE: why` when there is no end of its own. */
export function execStatus({ code, message }: {
  code: number;
  message: string;
}): number {
  if (code >= 0) return code & 0xff;
  return message.startsWith("timeout:") ? TIMED_OUT : NOT_RUN;
}
