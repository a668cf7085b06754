/**
 * `deno task score DIR [--json] [--wrong]`: Autonix beside the build plans of a
 * copy of the public nixpacks repository (`DIR/examples`, `DIR/tests/snapshots`).
 *
 * Prints, for each ecosystem and field, how many statements were right, wrong
 * and missing, and the average over ecosystems. `--wrong` names each that was
 * not right. What a plan states, and how: `tests/score/core/plan.ts`.
 *
 * @module
 */
import { parse } from "jsonc-parser";
import { z } from "zod";
import { analyzePath } from "../../autonix/mod.ts";
import {
  compare,
  type Judged,
  SCORED,
  type Scored,
} from "../score/core/compare.ts";
import { readPlan } from "../score/core/plan.ts";

const Commands = z.record(z.string(), z.string()).optional().catch(undefined);
const Manifest = z.object({ scripts: Commands, tasks: Commands });
const PREFIX = "generate_plan_tests__";
const [dir] = Deno.args.filter((word) => !word.startsWith("--"));
if (dir === undefined) {
  console.error("Usage: deno task score DIR [--json] [--wrong]");
  Deno.exit(2);
}

interface Result {
  example: string;
  group: string;
  judged: Judged[];
}

async function isFile(path: string): Promise<boolean> {
  return await Deno.stat(path).then((stat) => stat.isFile, () => false);
}

/** Scripts and tasks of the manifests, to look one step into `npm start` and `deno task start`. */
async function scriptsOf(path: string): Promise<Map<string, string>> {
  const scripts = new Map<string, string>();
  for (const name of ["package.json", "deno.json", "deno.jsonc"]) {
    const text = await Deno.readTextFile(`${path}/${name}`).catch(() => null);
    if (text === null) continue;
    const manifest: unknown = parse(text);
    const { scripts: own, tasks } = Manifest.parse(manifest ?? {});
    for (const [script, command] of Object.entries({ ...tasks, ...own })) {
      scripts.set(script, command);
    }
  }
  return scripts;
}

/** What `manage.py runserver` of Django serves, by its settings. */
async function servedByDjango(path: string): Promise<Map<string, string>> {
  const served = new Map<string, string>();
  const read = (file: string) =>
    Deno.readTextFile(`${path}/${file}`).catch(() => "");
  const settings = /DJANGO_SETTINGS_MODULE["'],\s*["']([\w.]{1,200})["']/.exec(
    await read("manage.py"),
  )?.[1];
  if (settings === undefined) return served;
  const module = /^WSGI_APPLICATION\s*=\s*["']([\w.]{1,200})\.\w+["']/m.exec(
    await read(`${settings.replaceAll(".", "/")}.py`),
  )?.[1];
  if (module !== undefined) {
    served.set("manage.py runserver", `gunicorn ${module}`);
  }
  return served;
}

/** Of the project, and of an umbrella's applications. */
async function mixfilesOf(path: string): Promise<string[]> {
  const directories = [path];
  if (await Deno.stat(`${path}/apps`).catch(() => null) !== null) {
    for await (const { name } of Deno.readDir(`${path}/apps`)) {
      directories.push(`${path}/apps/${name}`);
    }
  }
  const texts = directories.map((directory) =>
    Deno.readTextFile(`${directory}/mix.exs`).catch(() => "")
  );
  return await Promise.all(texts);
}

async function scoreExample(example: string): Promise<Result | null> {
  const path = `${dir}/examples/${example}`;
  const file = `${dir}/tests/snapshots/${PREFIX}${
    example.replaceAll("-", "_")
  }.snap`;
  if (!await isFile(file)) return null;
  const hasOwnConfig = await isFile(`${path}/nixpacks.toml`) ||
    await isFile(`${path}/nixpacks.json`);
  const mixfiles = await mixfilesOf(path);
  const snapshot = await Deno.readTextFile(file);
  const stated = readPlan(snapshot, { hasOwnConfig, mixfiles });
  if (stated === null) return null;
  const analysis = await analyzePath(path);
  const names = new Map([
    ...await scriptsOf(path),
    ...await servedByDjango(path),
  ]);
  const judged = compare(analysis, stated, names);
  return { example, group: stated.group, judged };
}

const results: Result[] = [];
for (
  const { name } of [...Deno.readDirSync(`${dir}/examples`)].sort((a, b) =>
    a.name < b.name ? -1 : 1
  )
) {
  const result = await scoreExample(name);
  if (result !== null) results.push(result);
}

interface Tally {
  right: number;
  wrong: number;
  missing: number;
}
const groups = new Map<string, Map<Scored, Tally>>();
for (const { group, judged } of results) {
  const fields = groups.get(group) ?? new Map<Scored, Tally>();
  groups.set(group, fields);
  for (const { field, verdict } of judged) {
    const tally = fields.get(field) ?? { right: 0, wrong: 0, missing: 0 };
    tally[verdict] += 1;
    fields.set(field, tally);
  }
}

/** The share that is right, averaged over ecosystems that state it; null where none does. */
function macro(field: Scored): number | null {
  const shares = [...groups.values()].flatMap((fields) => {
    const tally = fields.get(field);
    if (tally === undefined) return [];
    return [tally.right / (tally.right + tally.wrong + tally.missing)];
  });
  if (shares.length === 0) return null;
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  return Math.round(mean * 1000) / 10;
}

const averages = Object.fromEntries(
  SCORED.map((field) => [field, macro(field)]),
);
if (Deno.args.includes("--json")) {
  const ecosystems = Object.fromEntries(
    [...groups].map(([group, fields]) => [group, Object.fromEntries(fields)]),
  );
  console.log(
    JSON.stringify({ examples: results.length, ecosystems, averages }),
  );
} else {
  console.log(
    `${"ecosystem".padEnd(12)}${
      SCORED.map((field) => field.padEnd(18)).join("")
    }`,
  );
  for (
    const [group, fields] of [...groups].sort(([a], [b]) => (a < b ? -1 : 1))
  ) {
    const cells = SCORED.map((field) => {
      const tally = fields.get(field);
      const text = tally === undefined
        ? "-"
        : `${tally.right}/${tally.wrong}/${tally.missing}`;
      return text.padEnd(18);
    });
    console.log(`${group.padEnd(12)}${cells.join("")}`);
  }
  const cells = SCORED.map((field) => `${averages[field] ?? "-"} %`.padEnd(18));
  console.log(
    `${"average".padEnd(12)}${
      cells.join("")
    }\n${results.length} examples; right/wrong/missing`,
  );
}
if (Deno.args.includes("--wrong")) {
  for (const { example, judged } of results) {
    for (const { field, verdict, stated, told } of judged) {
      if (verdict !== "right") {
        console.log(
          `${example}: ${field} ${verdict}: ${
            told ?? "nothing"
          }, stated: ${stated}`,
        );
      }
    }
  }
}
