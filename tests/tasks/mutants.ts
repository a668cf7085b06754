/**
 * `deno task sim --mutants`: each deliberate bug of tests/sim/mutants.ts is
 * made in a copy of the sources and hunted with the same seeds, from 1 on,
 * until a checker notices. A seed counts only if the sources without the bug
 * hold under it.
 *
 * @module
 */
import { type Mutant, MUTANTS, mutate } from "../sim/mutants.ts";
import type { SeedResult } from "../sim/summary.ts";
import { PARALLEL, root, simulateIn, untilStopped } from "./simulators.ts";

/** A bug that this many seeds do not show is not caught. */
const MAX_SEEDS = 200;
/** Two hundred runs take a minute and a half: what takes longer goes round in circles. */
const HUNT_TIMEOUT_MS = 10 * 60_000;
/** What the simulating process reads. */
const SOURCES = ["deno.json", "deno.lock", "roles", "rpc", "vmm", "tests/sim"];

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

/** The first of the seeds that fails in the tree at `directory`. */
async function hunt(
  directory: string,
  seeds: number[],
  signal: AbortSignal,
): Promise<SeedResult | undefined> {
  let last: SeedResult | undefined;
  await simulateIn(directory, {
    seeds,
    isLarge: false,
    times: 1,
    isVerbose: false,
    isHunt: true,
  }, {
    onResult: (result) => last = result,
    signal: AbortSignal.any([signal, AbortSignal.timeout(HUNT_TIMEOUT_MS)]),
  });
  return last?.failure == null ? undefined : last;
}

async function huntMutant(
  mutant: Mutant,
  directory: string,
  signal: AbortSignal,
): Promise<SeedResult | undefined> {
  await copySources(directory);
  for (const edit of mutant.edits) {
    const path = `${directory}/${edit.file}`;
    await Deno.writeTextFile(path, mutate(await Deno.readTextFile(path), edit));
  }
  const seeds = Array.from({ length: MAX_SEEDS }, (_, index) => index + 1);
  const caught = await hunt(directory, seeds, signal);
  if (caught === undefined) return undefined;
  const control = await hunt(root, [caught.seed], signal);
  if (control === undefined) return caught;
  throw new Error(
    `seed ${control.seed} fails without it as well: ${control.failure}`,
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
    const caught = await huntMutant(mutant, directory, signal);
    if (caught === undefined) {
      say(`NOT CAUGHT in ${MAX_SEEDS} seeds: ${mutant.harm}`);
      return false;
    }
    say(`seed ${String(caught.seed).padStart(3)}  ${caught.failure}`);
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
  using signal = untilStopped();
  try {
    const mutants = chosen(words);
    const waiting = [...mutants.entries()];
    let caught = 0;
    const worker = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const [index, mutant] = next;
        const tree = `${directory}/${index}`;
        if (await report(mutant, tree, signal)) caught++;
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, worker));
    console.log(`mutants ${caught} of ${mutants.length} caught`);
    return caught === mutants.length && mutants.length > 0;
  } finally {
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
