/**
 * `deno task scenarios [--update] [NAME ...]`: plays the scenario files whose
 * name contains one of the words. `--update` rewrites what they print;
 * otherwise differences are named and the exit status is 1.
 *
 * @module
 */
import { FOLDER, playScenario, scenarioNames } from "../scenarios/run.ts";

/** The first line that differs, with both versions. */
function firstDifference(expected: string, actual: string): string {
  const [then, now] = [expected.split("\n"), actual.split("\n")];
  const at = now.findIndex((line, index) => line !== then[index]);
  const index = at < 0 ? now.length : at;
  return `line ${index + 1}\n- ${then[index] ?? "(the end)"}\n+ ${
    now[index] ?? "(the end)"
  }`;
}

const words = Deno.args.filter((word) => !word.startsWith("--"));
const update = Deno.args.includes("--update");
let differ = 0;
for (const name of await scenarioNames()) {
  if (words.length > 0 && !words.some((word) => name.includes(word))) continue;
  const { expected, actual } = await playScenario(name);
  if (expected === actual) console.log(`ok       ${name}`);
  else if (update) {
    await Deno.writeTextFile(`${FOLDER}${name}.txt`, actual);
    console.log(`updated  ${name}`);
  } else {
    differ++;
    console.log(`DIFFERS  ${name}: ${firstDifference(expected, actual)}`);
  }
}
if (differ > 0) console.log("rewrite them with: deno task scenarios --update");
Deno.exit(differ === 0 ? 0 : 1);
