/**
 * `deno task ok`: the quick gate before a commit. Formatting, rules, types,
 * every test that needs no permission, and a few seeds of the simulator.
 *
 * @module
 */
import { inOrder, kindOf } from "./core/summary.ts";
import {
  MUTANTS_APPLY,
  pureTests,
  runGroups,
  simSeeds,
  STATIC_GROUPS,
  stopOnSignals,
  testFiles,
} from "./groups.ts";

/** Seconds, where `deno task sim` takes minutes. */
const SEEDS = 20;

stopOnSignals();
const files = inOrder(await testFiles()).filter((path) =>
  ["core", "unit"].includes(kindOf(path))
);
const { failed } = await runGroups(
  [
    ...STATIC_GROUPS,
    pureTests("unit", files),
    MUTANTS_APPLY,
    simSeeds(SEEDS),
  ],
  1,
);
Deno.exit(failed === 0 ? 0 : 1);
