/**
 * Runs scenario files: what each command prints now against what the file
 * says.
 *
 * @module
 */
import { formatScript, outputOf, parseScript } from "./script.ts";
import { World } from "./world.ts";

export const FOLDER = new URL("./", import.meta.url).pathname;

/** The names of all scenarios, sorted. */
export async function scenarioNames(): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(FOLDER)) {
    if (name.endsWith(".txt")) names.push(name.slice(0, -4));
  }
  return names.sort();
}

/** The text of a scenario as it is in the file, and as it would be now. */
export async function playScenario(
  name: string,
): Promise<{ expected: string; actual: string }> {
  const expected = await Deno.readTextFile(`${FOLDER}${name}.txt`);
  await using world = await World.create();
  const blocks = parseScript(expected);
  for (const block of blocks) {
    if (block.kind === "text") continue;
    try {
      block.output = outputOf(await world.run(block.words));
    } catch (error) {
      throw new Error(`in ${name}.txt, "$ ${block.words}"`, { cause: error });
    }
  }
  return { expected, actual: formatScript(blocks) };
}
