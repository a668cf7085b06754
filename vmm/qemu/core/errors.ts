/**
 * Whose fault it is that QEMU did not start, from what it prints. Pure.
 *
 * @module
 */
import { AppError, type ErrorCode } from "../../../roles/model/errors.ts";

/** Printed when a host port is taken: the driver picks others and tries again. */
export function isPortTaken(stderr: string): boolean {
  return /Could not set up host forwarding rule/.test(stderr);
}

/** The error for a start that failed with this text on standard error. */
export function qemuStartError(id: string, stderr: string): AppError {
  const text = stderr.trim().split("\n").slice(-3).join("; ") ||
    "it printed nothing";
  const fail = (code: ErrorCode, hint: string) =>
    new AppError(code, `Cannot start VM "${id}": ${text}`, { hint });
  if (isPortTaken(stderr)) {
    return fail("overloaded", "free the published port or publish another one");
  }
  if (/cannot set up guest memory|Cannot allocate memory/i.test(stderr)) {
    return fail(
      "overloaded",
      "lower the worker's capacity or the VM's memoryMib",
    );
  }
  if (/No space left on device/i.test(stderr)) {
    return fail("storage", "free space in the worker's directories");
  }
  if (/\bKVM\b|\/dev\/kvm/i.test(stderr)) {
    return fail(
      "missing_dependency",
      'let the user whom VMMs run as read and write /dev/kvm (make kvm its primary group), or set accel to "tcg"',
    );
  }
  if (/Invalid SMP CPUs/i.test(stderr)) {
    return fail("invalid", "lower the VM's cpuMilli");
  }
  if (/Permission denied/i.test(stderr)) {
    return fail(
      "failed",
      "let the user whom VMMs run as pass to that file, and read it",
    );
  }
  if (
    /invalid kernel header|kernel too old|could not load kernel|linux kernel too old|initrd is too large|error reading initrd/i
      .test(stderr) && !/No such file/i.test(stderr)
  ) {
    return fail(
      "invalid",
      "image.kernelPath must name a bzImage and initrdPath its initrd",
    );
  }
  if (
    /No such file or directory|could not open|could not load kernel|could not load initrd/i
      .test(
        stderr,
      )
  ) {
    return fail("not_found", "check that the closure is whole");
  }
  return fail("failed", "run the worker with logLevel debug");
}
