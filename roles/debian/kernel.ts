/**
 * The folder that minimal images are made of: kernel, modules and busybox from
 * Debian's packages, fetched once.
 *
 * @module
 */
import { join } from "node:path";
import { FETCH_SCRIPT } from "../../nix/examples/sample_project.ts";
import { AppError } from "../model/errors.ts";
import { runProcess } from "../process/run.ts";
import type { EnsureOptions } from "./install.ts";

/** 28 MB over a slow line. */
const FETCH_TIMEOUT_MS = 600_000;

async function sha256Prefix(text: string): Promise<string> {
  const digest = await crypto.subtle.digest(
    "SHA-256",
    new TextEncoder().encode(text),
  );
  return [...new Uint8Array(digest).slice(0, 6)].map((byte) =>
    byte.toString(16).padStart(2, "0")
  ).join("");
}

/**
 * The folder, below `cacheDir`; fetched when it is not there. Callers copy it into a project as `debian/`.
 * Needs no root.
 *
 * @throws {AppError} `missing_dependency` with what to do when it cannot be fetched.
 */
export async function kernelFolder(
  cacheDir: string,
  options: EnsureOptions = {},
): Promise<string> {
  await Deno.mkdir(cacheDir, { recursive: true });
  // Another script fills another folder: an old one is never taken for it.
  const folder = join(cacheDir, `debian-${await sha256Prefix(FETCH_SCRIPT)}`);
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
  if (result.code === 0) return folder;
  throw new AppError(
    "missing_dependency",
    `Cannot fetch the kernel for the sample image: ${lines.join("\n").trim()}`,
    { hint },
  );
}
