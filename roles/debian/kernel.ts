/**
 * The folder that minimal images are made of: kernel, modules and busybox from
 * Debian's packages, fetched once.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { FETCH_SCRIPT } from "../../nix/examples/sample_project.ts";
import { AppError } from "../model/errors.ts";
import { runProcess } from "../process/run.ts";
import { type EnsureOptions, updatePackageLists } from "./install.ts";

/** 28 MB over a slow line. */
const FETCH_TIMEOUT_MS = 600_000;

interface Attempt {
  done: boolean;
  said: string;
  hint: string;
}

async function fetchInto(
  folder: string,
  options: EnsureOptions,
): Promise<Attempt> {
  let hint = "sudo apt-get update";
  const lines: string[] = [];
  const result = await runProcess("sh", ["-s", folder], {
    stdin: new TextEncoder().encode(FETCH_SCRIPT),
    timeoutMs: FETCH_TIMEOUT_MS,
    onLine(line) {
      if (line.startsWith("Try: ")) hint = line.slice("Try: ".length);
      // The reason is in the last lines; apt prints a few before it.
      else if (lines.push(line) > 10) lines.shift();
      options.report?.(line);
    },
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  return { done: result.code === 0, said: lines.join("\n").trim(), hint };
}

/**
 * The folder, below `cacheDir`; fetched when it is not there. Callers copy it into a project as `debian/`.
 * Needs no root; root renews apt's package lists where they are missing or old.
 *
 * @throws {AppError} `missing_dependency` with what to do when it cannot be fetched.
 */
export async function kernelFolder(
  cacheDir: string,
  options: EnsureOptions = {},
): Promise<string> {
  await Deno.mkdir(cacheDir, { recursive: true });
  // Another script fills another folder: an old one is never taken for it.
  const version = createHash("sha256").update(FETCH_SCRIPT).digest("hex");
  const folder = join(cacheDir, `debian-${version.slice(0, 12)}`);
  let attempt = await fetchInto(folder, options);
  if (!attempt.done && await updatePackageLists(options)) {
    attempt = await fetchInto(folder, options);
  }
  if (attempt.done) return folder;
  throw new AppError(
    "missing_dependency",
    `Cannot fetch the kernel for the sample image: ${attempt.said}`,
    { hint: attempt.hint },
  );
}
