/**
 * The stand-in as a program that a worker can be told of by its path.
 *
 * @module
 */

const SCRIPT = new URL("./stand_in.ts", import.meta.url).pathname;
const CONFIG = new URL("../../../deno.json", import.meta.url).pathname;

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/**
 * Writes it to `path`. The shell becomes the script, so that the pid stays.
 *
 * @param faults as of stand_in.ts: `hang=vm.boot`.
 */
export async function installStandIn(
  path: string,
  faults: readonly string[] = [],
): Promise<string> {
  const words = [
    Deno.execPath(),
    "run",
    "-A",
    "--no-check",
    "--config",
    CONFIG,
    SCRIPT,
    ...faults.flatMap((fault) => ["--fault", fault]),
  ];
  await Deno.writeTextFile(
    path,
    `#!/bin/sh\nexec ${words.map(quoted).join(" ")} "$@"\n`,
    { mode: 0o755 },
  );
  return path;
}
