/**
 * `deno task compile`: writes `dist/procurator` and says how.
 *
 * @module
 */
import { formatError } from "../../roles/model/errors.ts";
import { makeExecutable } from "./executable.ts";

const DIST = new URL("../../dist/", import.meta.url).pathname;

async function main(): Promise<void> {
  await Deno.mkdir(DIST, { recursive: true });
  const directory = await Deno.makeTempDir({ dir: DIST });
  try {
    const how = await makeExecutable(directory, `${DIST}procurator`);
    const mib = (await Deno.stat(`${DIST}procurator`)).size / 1024 / 1024;
    console.log(`made dist/procurator ${how}, ${mib.toFixed(1)} MiB`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

try {
  await main();
} catch (error) {
  console.error(formatError(error));
  Deno.exit(1);
}
