/**
 * `deno task ok`: the quick gate before a commit. Formatting, rules, types,
 * every test that needs no permission, and a few seeds of the simulator.
 *
 * @module
 */
import { inOrder, kindOf } from "./core/summary.ts";
import {
  pureTests,
  runGroups,
  SIM_SMOKE,
  STATIC_GROUPS,
  stopOnSignals,
  testFiles,
} from "./groups.ts";

stopOnSignals();
const files = inOrder(await testFiles()).filter((path) =>
  ["core", "unit"].includes(kindOf(path))
);
const { failed } = await runGroups(
  [...STATIC_GROUPS, pureTests("unit", files), SIM_SMOKE],
  1,
);
Deno.exit(failed === 0 ? 0 : 1);
