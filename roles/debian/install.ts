/**
 * Installs what is missing on Debian when root, and otherwise says exactly
 * what to install.
 *
 * @module
 */
import { AppError } from "../model/errors.ts";
import { runProcess } from "../process/run.ts";
import {
  installCommand,
  type Need,
  packagesFor,
  type Presence,
} from "./core/needs.ts";

/** Debian keeps administration programs out of a user's path. */
const ALSO_SEARCHED = ["/usr/local/sbin", "/usr/sbin", "/sbin"];
/** Chromium and qemu over a slow line; after that a person should look. */
const INSTALL_TIMEOUT_MS = 900_000;

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

const machine: Presence = {
  file: isFile,
  program(name) {
    const path = (Deno.env.get("PATH") ?? "").split(":");
    return [...path, ...ALSO_SEARCHED].some((dir) =>
      dir !== "" && isFile(`${dir}/${name}`)
    );
  },
};

/** The packages that would meet those of `needs` that this machine does not meet. */
export function missingPackages(needs: readonly Need[]): string[] {
  return packagesFor(needs, machine);
}

function hasPackageLists(): boolean {
  try {
    return [...Deno.readDirSync("/var/lib/apt/lists")].some((entry) =>
      entry.name.includes("_Packages")
    );
  } catch {
    return false;
  }
}

async function aptGet(
  args: readonly string[],
  report: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<{ code: number; tail: string }> {
  const result = await runProcess("apt-get", [
    "-q",
    "-y",
    // Another apt may be at work; it ends.
    "-o",
    "DPkg::Lock::Timeout=120",
    ...args,
  ], {
    env: { DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C.UTF-8" },
    mergeStdout: true,
    onLine: report,
    timeoutMs: INSTALL_TIMEOUT_MS,
    ...(signal === undefined ? {} : { signal }),
  });
  return { code: result.code, tail: result.stderrTail };
}

/** Renews apt's package lists when this process may; false when it may not or apt cannot. */
export async function updatePackageLists(
  options: EnsureOptions = {},
): Promise<boolean> {
  if (Deno.uid() !== 0 || !machine.program("apt-get")) return false;
  const report = options.report ?? (() => undefined);
  return (await aptGet(["update"], report, options.signal)).code === 0;
}

/** How {@linkcode ensureDebian} tells what it does. */
export interface EnsureOptions {
  /** A line for people: what is installed, then what apt-get prints. */
  report?: (line: string) => void;
  signal?: AbortSignal;
}

/**
 * Meets `needs`: does nothing when they are met, installs as root on Debian.
 *
 * @throws {AppError} `missing_dependency`, with the command to run as hint, when it may not or cannot install.
 */
export async function ensureDebian(
  needs: readonly Need[],
  options: EnsureOptions = {},
): Promise<void> {
  const packages = missingPackages(needs);
  if (packages.length === 0) return;
  const report = options.report ?? (() => undefined);
  const refuse = (why: string, cause?: unknown) =>
    new AppError(
      "missing_dependency",
      `Cannot go on without ${packages.join(", ")}: ${why}`,
      {
        hint: installCommand(packages),
        ...(cause === undefined ? {} : { cause }),
      },
    );
  if (!machine.program("apt-get")) {
    throw refuse("this is not Debian, so they are not installed for you");
  }
  if (Deno.uid() !== 0) throw refuse("installing them needs root");
  report(`installing ${packages.join(" ")}`);
  if (!hasPackageLists()) await aptGet(["update"], report, options.signal);
  const install = ["install", "--no-install-recommends", ...packages];
  let result = await aptGet(install, report, options.signal);
  if (result.code !== 0) {
    // Old lists name packages that are no longer there.
    await aptGet(["update"], report, options.signal);
    result = await aptGet(install, report, options.signal);
  }
  const still = missingPackages(needs);
  if (still.length > 0) {
    throw refuse(
      `apt-get ended with ${result.code}`,
      new Error(result.tail.trim()),
    );
  }
}
