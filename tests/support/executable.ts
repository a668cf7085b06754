/**
 * The compiled executable for tests, built when it is missing or older than
 * any source.
 *
 * @module
 */
import { runChecked } from "../../roles/process/mod.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const EXECUTABLE = `${ROOT}dist/procurator`;
/** Bundling takes seconds, packing 40 MB some more. */
const COMPILE_TIMEOUT_MS = 300_000;
/** What ends up in the executable. */
const SOURCES = ["main.ts", "deno.json", "deno.lock", "roles", "rpc", "vmm"];
const MORE_SOURCES = ["ui", "nix", "autonix", "tests/tasks"];

function newest(path: string): number {
  let info: Deno.FileInfo;
  try {
    info = Deno.statSync(path);
  } catch {
    return 0;
  }
  if (!info.isDirectory) return info.mtime?.getTime() ?? 0;
  let latest = 0;
  for (const entry of Deno.readDirSync(path)) {
    if (entry.name.endsWith("_test.ts")) continue;
    latest = Math.max(latest, newest(`${path}/${entry.name}`));
  }
  return latest;
}

let building: Promise<string> | undefined;

async function build(): Promise<string> {
  const given = Deno.env.get("PROCURATOR_EXECUTABLE");
  if (given !== undefined && given !== "") return given;
  const sources = Math.max(
    ...[...SOURCES, ...MORE_SOURCES].map((path) => newest(ROOT + path)),
  );
  if (newest(EXECUTABLE) < sources) {
    await runChecked(Deno.execPath(), ["run", "-A", "tests/tasks/compile.ts"], {
      cwd: ROOT,
      timeoutMs: COMPILE_TIMEOUT_MS,
    });
  }
  return EXECUTABLE;
}

/** The path of `dist/procurator`; `PROCURATOR_EXECUTABLE` names another one. */
export function compiledExecutable(): Promise<string> {
  return building ??= build();
}
