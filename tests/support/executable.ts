/**
 * The compiled executable for tests that need real processes of it: made once,
 * again when a source is newer.
 *
 * @module
 */
import { runChecked } from "../../roles/process/mod.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const OUT = `${ROOT}dist/procurator`;
/** Compiling takes ten seconds; a look-up of a host that is not there may take more. */
const COMPILE_TIMEOUT_MS = 5 * 60_000;

async function newestMs(path: string): Promise<number> {
  const info = await Deno.stat(path);
  if (!info.isDirectory) return info.mtime?.getTime() ?? 0;
  let newest = 0;
  for await (const entry of Deno.readDir(path)) {
    if (entry.isSymlink) continue;
    newest = Math.max(newest, await newestMs(`${path}/${entry.name}`));
  }
  return newest;
}

async function isFresh(): Promise<boolean> {
  const made = await Deno.stat(OUT).catch(() => null);
  if (made === null) return false;
  const sources = [
    "main.ts",
    "deno.json",
    "deno.lock",
    "roles",
    "rpc",
    "vmm",
    "ui",
    "nix",
    "autonix",
  ];
  const times = await Promise.all(sources.map((name) => newestMs(ROOT + name)));
  return (made.mtime?.getTime() ?? 0) > Math.max(...times);
}

/** The path of `dist/procurator`, compiled from the sources as they are. */
export async function compiledExecutable(): Promise<string> {
  if (!await isFresh()) {
    await runChecked(Deno.execPath(), ["task", "compile"], {
      cwd: ROOT,
      timeoutMs: COMPILE_TIMEOUT_MS,
    });
  }
  return OUT;
}
