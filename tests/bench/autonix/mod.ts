/**
 * `bench autonix`: how long a monorepo of 70,000 files takes, beside git
 * listing it in the same run; how long a small repository takes from the start
 * of the process; how much memory there was at the peak.
 *
 * The two are asked in turn, so that what else the machine does meets both.
 *
 * @module
 */
import { dirname } from "node:path";
import { runChecked } from "../../../roles/process/mod.ts";
import { compiledExecutable } from "../../support/executable.ts";
import { tempDir } from "../../support/temp.ts";
import { READING_FLAGS } from "../../tasks/core/self_extract.ts";
import { median } from "../median.ts";
import { monorepo, smallRepository } from "./monorepo.ts";
import type { OneAnalysis } from "./one_analysis.ts";

const FILES = 70_000;
const ROUNDS = 7;
const SMALL_ROUNDS = 15;
const ONE = new URL("one_analysis.ts", import.meta.url).pathname;
const CONFIG = new URL("../../../deno.json", import.meta.url).pathname;

export interface AutonixResult {
  /** The whole analysis, from inside a process that did nothing before. */
  filesMs: number;
  /** `git ls-files -co --exclude-standard`, the process included. */
  gitMs: number;
  /** Goal: 6 at most. */
  ratio: number;
  /** The command, from the start of its process to its end. Goal: 1500. */
  allMs: number;
  /** The command in a small repository, likewise. Goal: 150. */
  smallMs: number;
  /** At the peak of the analysis of 70,000 files. Goal: 300. */
  rssMiB: number;
  /** Of `filesMs` the walk and the reading, which is what git does too, and its ratio. */
  scanMs: number;
  scanRatio: number;
  /** The whole analysis once the code is warm. */
  warmMs: number;
  files: number;
  applications: number;
}

async function write(
  root: string,
  files: ReadonlyMap<string, string>,
): Promise<void> {
  const made = new Set<string>();
  for (const [path, text] of files) {
    const file = `${root}/${path}`;
    const directory = dirname(file);
    if (!made.has(directory)) {
      await Deno.mkdir(directory, { recursive: true });
      made.add(directory);
    }
    Deno.writeTextFileSync(file, text);
  }
}

async function git(root: string, ...args: string[]): Promise<string> {
  return await runChecked(
    "git",
    ["-c", "user.name=bench", "-c", "user.email=bench@localhost", ...args],
    { cwd: root, timeoutMs: 120_000 },
  );
}

/** `git ls-files` into nowhere: its output is no part of the figure. */
async function listByGit(root: string): Promise<void> {
  const child = new Deno.Command("git", {
    args: ["ls-files", "-co", "--exclude-standard"],
    cwd: root,
    stdout: "null",
  });
  const { code } = await child.output();
  if (code !== 0) throw new Error(`git ls-files ended with ${code}`);
}

async function analyzeOnce(root: string): Promise<OneAnalysis> {
  const text = await runChecked(
    Deno.execPath(),
    [
      ...["run", "--config", CONFIG, "--no-check", "-A"],
      // As the packed program runs it.
      ...[`--v8-flags=${READING_FLAGS}`, ONE, root],
    ],
    { cwd: root, timeoutMs: 120_000 },
  );
  return JSON.parse(text) as OneAnalysis;
}

async function elapsed(run: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await run();
  return performance.now() - begin;
}

async function command(executable: string, root: string): Promise<void> {
  const child = new Deno.Command(executable, {
    args: ["analyze", root, "--json"],
    stdout: "null",
  });
  const { code } = await child.output();
  if (code !== 0) throw new Error(`analyze ended with ${code}`);
}

/** Runs it, telling on standard error what it does. */
export async function run(): Promise<AutonixResult> {
  const executable = await compiledExecutable();
  await using directory = await tempDir("autonix");
  const large = `${directory.path}/large`;
  const small = `${directory.path}/small`;
  console.error(`making ${FILES} files`);
  await write(large, monorepo(FILES));
  await write(small, smallRepository());
  await git(large, "init", "-q");
  await git(large, "add", ".");
  await git(large, "commit", "-q", "-m", "all of it");
  const listed = await git(large, "ls-files", "-co", "--exclude-standard");
  const analyses: OneAnalysis[] = [];
  const gitMs: number[] = [];
  const allMs: number[] = [];
  const smallMs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    gitMs.push(await elapsed(() => listByGit(large)));
    analyses.push(await analyzeOnce(large));
    allMs.push(await elapsed(() => command(executable, large)));
    console.error(`round ${round + 1} of ${ROUNDS}`);
  }
  for (let round = 0; round < SMALL_ROUNDS; round++) {
    smallMs.push(await elapsed(() => command(executable, small)));
  }
  const of = (pick: (one: OneAnalysis) => number) =>
    Math.round(median(analyses.map(pick)));
  const allOf = ({ scanMs, detectMs }: OneAnalysis) => scanMs + detectMs;
  const ratio = (ms: number) => Math.round(10 * ms / median(gitMs)) / 10;
  const round = (values: readonly number[]) => Math.round(median(values));
  return {
    filesMs: of(allOf),
    gitMs: round(gitMs),
    ratio: ratio(of(allOf)),
    allMs: round(allMs),
    smallMs: round(smallMs),
    rssMiB: of(({ peakMiB }) => peakMiB),
    scanMs: of(({ scanMs }) => scanMs),
    scanRatio: ratio(of(({ scanMs }) => scanMs)),
    warmMs: of(({ warmMs }) => warmMs),
    files: listed.split("\n").length - 1,
    applications: of(({ applications }) => applications),
  };
}
