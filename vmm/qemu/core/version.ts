/**
 * Which QEMUs are driven. Pure.
 *
 * @module
 */
import { AppError } from "../../../roles/model/errors.ts";

/** The oldest major version: from it on a machine's memory may be another process's too, which shows a guest its store. */
export const OLDEST_VERSION = 5;
export const MISSING_HINT =
  "apt-get install --no-install-recommends qemu-system-x86, or set qemuPath";
/** Of what a program says in place of its version: enough to know it by. */
const MAX_QUOTED = 80;

/** `7.2.22` in `QEMU emulator version 7.2.22 (Debian ...)`; null when there is none. */
export function versionIn(said: string): string | null {
  return /^QEMU emulator version (\d+(?:\.\d+)*)/m.exec(said)?.[1] ?? null;
}

/** @throws {AppError} `missing_dependency` for what is no QEMU, or one that is not driven. */
export function checkQemuVersion(program: string, said: string): void {
  const version = versionIn(said);
  if (version !== null && Number.parseInt(version) >= OLDEST_VERSION) return;
  const first = said.trim().split("\n")[0]?.slice(0, MAX_QUOTED) ?? "";
  throw new AppError(
    "missing_dependency",
    version === null
      ? `Cannot use ${program}: it says "${first}", which is no version of QEMU`
      : `Cannot use ${program}: it is version ${version}, and versions before ${OLDEST_VERSION} are not driven`,
    { hint: MISSING_HINT },
  );
}
