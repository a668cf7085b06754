/**
 * `deno task ok`: the quick gate before a commit. Formatting, rules, types, and
 * every test that needs no permission.
 *
 * @module
 */
import { inOrder, kindOf } from "./core/summary.ts";
import {
  pureTests,
  runGroups,
  STATIC_GROUPS,
  stopOnSignals,
  testFiles,
} from "./groups.ts";

stopOnSignals();
const files = inOrder(await testFiles()).filter((path) =>
  ["core", "unit"].includes(kindOf(path))
);
const { failed } = await runGroups(
  [...STATIC_GROUPS, pureTests("unit", files)],
  1,
);
Deno.exit(failed === 0 ? 0 : 1);
