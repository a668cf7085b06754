/**
 * `deno task test [NAME ...]`: everything, or the groups whose name contains
 * one of the words. Installs what the tests need (as root), prints a line for
 * each group, and closes with `N passed, N failed`.
 *
 * @module
 */
import { ensureDebian, type Need, NEEDS } from "../../roles/debian/mod.ts";
import { formatError } from "../../roles/model/errors.ts";
import { inOrder, kindOf } from "./core/summary.ts";
import {
  type Group,
  MUTANTS_APPLY,
  pureTests,
  runGroups,
  simSeeds,
  STATIC_GROUPS,
  stopOnSignals,
  testFiles,
  type Totals,
} from "./groups.ts";

/** Two cores: the simulator computes on one of them while the others take turns. */
const FIRST_PARALLEL = 2;
/** Two of them wait for a lease, a process or a disk while the third computes. */
const LIGHT_PARALLEL = 3;
/** A machine without KVM computes on one core, and half of the time a test waits for what it serves. */
const HEAVY_PARALLEL = 2;

/** From so many on, a fault or an action of the simulator that never happened is a failure. */
const SEEDS = 100;

/** What no registry offers, so that no suite of `test` may need it. */
const NOT_RUN = [
  "vmm on a real cloud-hypervisor: set CLOUD_HYPERVISOR, deno task test:cloud-hypervisor",
  "NixOS modules on nixpkgs",
];

function integration(path: string): Group {
  return {
    name: path.replace(/^tests\/integration\//, "").replace(/_test\.tsx?$/, ""),
    args: ["test", "-A", "--no-check", "--frozen", path],
    isTest: true,
  };
}

async function allGroups(): Promise<
  { light: Group[]; heavy: Group[]; whole: Group[]; first: Group[] }
> {
  const files = inOrder(await testFiles());
  const of = (kind: ReturnType<typeof kindOf>) =>
    files.filter((path) => kindOf(path) === kind);
  return {
    first: [
      // The longest: as long as all the others together take on the other core.
      simSeeds(SEEDS),
      ...STATIC_GROUPS,
      {
        name: "schema",
        args: ["run", "-A", "--no-check", "tests/tasks/schema.ts", "--check"],
        isTest: false,
      },
      pureTests("core", of("core")),
      pureTests("unit", of("unit")),
      MUTANTS_APPLY,
    ],
    light: of("integration").map(integration),
    heavy: of("heavy").map(integration),
    whole: of("whole").map(integration),
  };
}

async function installNeeds(): Promise<void> {
  const needs = Object.keys(NEEDS) as Need[];
  await ensureDebian(needs, { report: (line) => console.log(line) });
}

function chosen(words: readonly string[]): (group: Group) => boolean {
  return (group) =>
    words.length === 0 || words.some((word) => group.name.includes(word));
}

async function main(words: readonly string[]): Promise<Totals> {
  const groups = await allGroups();
  const wanted = chosen(words);
  const first = groups.first.filter(wanted);
  const light = groups.light.filter(wanted);
  const heavy = groups.heavy.filter(wanted);
  const whole = groups.whole.filter(wanted);
  const later = light.length + heavy.length + whole.length;
  const needsMore = later > 0 ||
    first.some((group) => group.name === "schema");
  if (needsMore) await installNeeds();
  if (first.length + later === 0) {
    console.error(`no group is named like ${words.join(" or ")}`);
    return { passed: 0, failed: 1 };
  }
  const parts = [
    await runGroups(first, FIRST_PARALLEL),
    await runGroups(light, LIGHT_PARALLEL),
    await runGroups(heavy, HEAVY_PARALLEL),
    await runGroups(whole, 1),
  ];
  return {
    passed: parts.reduce((sum, part) => sum + part.passed, 0),
    failed: parts.reduce((sum, part) => sum + part.failed, 0),
  };
}

stopOnSignals();
const begin = performance.now();
let totals: Totals;
try {
  totals = await main(Deno.args.filter((word) => word !== "--"));
} catch (error) {
  console.error(formatError(error));
  totals = { passed: 0, failed: 1 };
}
for (const suite of NOT_RUN) console.log(`not run: ${suite}`);
console.log(`${((performance.now() - begin) / 1000).toFixed(0)} s in all`);
console.log(`${totals.passed} passed, ${totals.failed} failed`);
Deno.exit(totals.failed === 0 ? 0 : 1);
