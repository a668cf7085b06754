/**
 * Asks a VMM's program what it is. Whether that is driven is the driver's to say.
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";
import { runProcess } from "../../roles/process/run.ts";

/** A version takes milliseconds to say; a host that swaps may take long, but not for ever. */
const RUN_TIMEOUT_MS = 60_000;

/** What `program --version` writes. @throws {AppError} `missing_dependency` when it is not installed, or no program. */
export async function askVersion(
  program: string,
  missingHint: string,
): Promise<{ stdout: string; stderrTail: string }> {
  return await runProcess(program, ["--version"], {
    missingHint,
    timeoutMs: RUN_TIMEOUT_MS,
  }).catch((cause) => {
    if (!(cause instanceof Deno.errors.PermissionDenied)) throw cause;
    throw new AppError(
      "missing_dependency",
      `Cannot run ${program}: it is no program`,
      { cause, hint: missingHint },
    );
  });
}
