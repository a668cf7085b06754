/**
 * `deno task sim --mutants`: each deliberate bug of tests/sim/mutants.ts is
 * made in a copy of the sources and hunted with the same seeds, from 1 on,
 * until a checker notices. A seed counts only if the sources without the bug
 * hold under it.
 *
 * @module
 */
import { z } from "zod";
import { type Mutant, MUTANTS, mutate } from "../sim/mutants.ts";
import type { Settings } from "../sim/run.ts";
import { runProcess } from "../../roles/process/mod.ts";

/** A bug that this many seeds do not show is not caught. */
const MAX_SEEDS = 200;
/** Two hundred runs take a minute and a half: what takes longer goes round in circles. */
const HUNT_TIMEOUT_MS = 10 * 60_000;
/** Two cores. */
const PARALLEL = 2;
/** What the simulating process reads. */
const SOURCES = ["deno.json", "deno.lock", "roles", "rpc", "vmm", "tests/sim"];

const Catch = z.object({
  runs: z.number(),
  failure: z.object({ seed: z.number(), violation: z.string() }).nullable(),
});
type Catch = z.output<typeof Catch>;

const root = new URL("../../", import.meta.url).pathname;

async function copyTree(from: string, to: string): Promise<void> {
  const { isDirectory } = await Deno.stat(from);
  if (!isDirectory) return await Deno.copyFile(from, to);
  await Deno.mkdir(to, { recursive: true });
  for await (const { name } of Deno.readDir(from)) {
    if (!name.startsWith(".")) {
      await copyTree(`${from}/${name}`, `${to}/${name}`);
    }
  }
}

async function copySources(to: string): Promise<void> {
  await Deno.mkdir(`${to}/tests`, { recursive: true });
  for (const path of SOURCES) await copyTree(root + path, `${to}/${path}`);
}

/** Runs seeds in the tree at `directory` until one fails. */
async function hunt(
  directory: string,
  seeds: number[],
  signal: AbortSignal,
): Promise<Catch> {
  const settings: Settings = {
    commit: "mutant",
    seeds,
    isLarge: false,
    isVerbose: false,
    isHunt: true,
  };
  const { code, stdout, stderrTail } = await runProcess(Deno.execPath(), [
    "run",
    "--no-prompt",
    "--no-check",
    "--frozen",
    `${directory}/tests/sim/run.ts`,
    JSON.stringify(settings),
  ], { cwd: directory, timeoutMs: HUNT_TIMEOUT_MS, signal });
  if (code !== 0) throw new Error(`the simulator did not run: ${stderrTail}`);
  return Catch.parse(JSON.parse(stdout));
}

async function huntMutant(
  mutant: Mutant,
  directory: string,
  signal: AbortSignal,
): Promise<Catch> {
  await copySources(directory);
  for (const edit of mutant.edits) {
    const path = `${directory}/${edit.file}`;
    await Deno.writeTextFile(path, mutate(await Deno.readTextFile(path), edit));
  }
  const seeds = Array.from({ length: MAX_SEEDS }, (_, index) => index + 1);
  const caught = await hunt(directory, seeds, signal);
  if (caught.failure === null) return caught;
  const { failure } = await hunt(root, [caught.failure.seed], signal);
  if (failure === null) return caught;
  throw new Error(
    `seed ${failure.seed} fails without it as well: ${failure.violation}`,
  );
}

/** Whether it was caught; prints its line. */
async function report(
  mutant: Mutant,
  directory: string,
  signal: AbortSignal,
): Promise<boolean> {
  const say = (text: string) =>
    console.log(`${mutant.name.padEnd(34)} ${text}`);
  try {
    const { runs, failure } = await huntMutant(mutant, directory, signal);
    if (failure === null) {
      say(`NOT CAUGHT in ${runs} seeds: ${mutant.harm}`);
      return false;
    }
    say(`seed ${String(failure.seed).padStart(3)}  ${failure.violation}`);
    return true;
  } catch (error) {
    say(`FAILED ${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
}

function chosen(words: readonly string[]): readonly Mutant[] {
  return words.length === 0
    ? MUTANTS
    : MUTANTS.filter(({ name }) => words.some((word) => name.includes(word)));
}

/** Hunts the mutants whose name contains one of the words, all without words; true when each was caught. */
export async function huntMutants(words: readonly string[]): Promise<boolean> {
  const directory = await Deno.makeTempDir({ prefix: "procurator-mutants-" });
  const stopped = new AbortController();
  const stop = () => stopped.abort();
  Deno.addSignalListener("SIGINT", stop);
  Deno.addSignalListener("SIGTERM", stop);
  try {
    const mutants = chosen(words);
    const waiting = [...mutants.entries()];
    let caught = 0;
    const worker = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const [index, mutant] = next;
        const tree = `${directory}/${index}`;
        if (await report(mutant, tree, stopped.signal)) caught++;
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, worker));
    console.log(`mutants ${caught} of ${mutants.length} caught`);
    return caught === mutants.length && mutants.length > 0;
  } finally {
    Deno.removeSignalListener("SIGINT", stop);
    Deno.removeSignalListener("SIGTERM", stop);
    await Deno.remove(directory, { recursive: true });
  }
}

/** Looks whether each mutant's text is there once, without running it. */
export async function checkMutants(): Promise<boolean> {
  let failures = 0;
  for (const { name, edits } of MUTANTS) {
    for (const edit of edits) {
      try {
        mutate(await Deno.readTextFile(root + edit.file), edit);
      } catch (error) {
        failures++;
        console.log(
          `${name}: ${error instanceof Error ? error.message : error}`,
        );
      }
    }
  }
  console.log(`mutants ${MUTANTS.length}, edits that do not apply ${failures}`);
  return failures === 0;
}
