/**
 * Runs groups of checks as child processes: a line for each, the whole output
 * of those that failed.
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";
import { runProcess } from "../../roles/process/mod.ts";
import { judge } from "./core/summary.ts";

/** Real machines boot in the longest of them; one that takes longer hangs. */
const GROUP_TIMEOUT_MS = 10 * 60_000;
/** What a failing group may print before the rest is cut off. */
const MAX_LINES = 20_000;

/** One child process. */
export interface Group {
  name: string;
  /** Arguments of deno. */
  args: readonly string[];
  /** Its tests are counted; otherwise it is one check. */
  isTest: boolean;
}

/** What came of all of them. */
export interface Totals {
  passed: number;
  failed: number;
}

const root = new URL("../../", import.meta.url).pathname;

/** Groups are process groups of their own, which a terminal's Ctrl-C does not reach. */
const stopped = new AbortController();

/** Ends the running groups when this process is asked to end; those that wait are not begun. */
export function stopOnSignals(): void {
  const stop = () => stopped.abort(new Error("asked to stop"));
  Deno.addSignalListener("SIGINT", stop);
  Deno.addSignalListener("SIGTERM", stop);
}

async function outputOf(
  group: Group,
): Promise<{ ok: boolean; output: string }> {
  const lines: string[] = [];
  try {
    const result = await runProcess(Deno.execPath(), group.args, {
      cwd: root,
      env: { NO_COLOR: "1" },
      mergeStdout: true,
      signal: stopped.signal,
      timeoutMs: GROUP_TIMEOUT_MS,
      onLine: (line) => {
        if (lines.length < MAX_LINES) lines.push(line);
        else lines[MAX_LINES - 1] = line;
      },
    });
    return { ok: result.code === 0, output: lines.join("\n") };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { ok: false, output: `${lines.join("\n")}\n${error.message}` };
  }
}

/** Runs one group, prints its line, returns its tests. */
async function runGroup(group: Group): Promise<Totals> {
  const begin = performance.now();
  const { ok, output } = await outputOf(group);
  const totals = judge({ ok, output, isTest: group.isTest });
  const seconds = ((performance.now() - begin) / 1000).toFixed(1);
  const counts = group.isTest
    ? `${totals.passed} passed, ${totals.failed} failed`
    : "";
  const word = totals.failed === 0 ? "ok    " : "FAILED";
  if (totals.failed > 0) console.log(`----- ${group.name}\n${output}\n-----`);
  console.log(
    `${word} ${group.name.padEnd(36)} ${seconds.padStart(6)} s  ${counts}`
      .trimEnd(),
  );
  return totals;
}

/** Runs the groups, `parallel` at a time, and adds their tests up. */
export async function runGroups(
  groups: readonly Group[],
  parallel: number,
): Promise<Totals> {
  const totals: Totals = { passed: 0, failed: 0 };
  const waiting = [...groups];
  const worker = async () => {
    for (let group = waiting.shift(); group; group = waiting.shift()) {
      if (stopped.signal.aborted) {
        totals.failed++;
        continue;
      }
      const { passed, failed } = await runGroup(group);
      totals.passed += passed;
      totals.failed += failed;
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  return totals;
}

/** Every test file of the repository, below it. */
export async function testFiles(): Promise<string[]> {
  const found: string[] = [];
  const skip = new Set(["node_modules", "dist", "fixtures", "generated"]);
  const walk = async (directory: string) => {
    for await (const entry of Deno.readDir(root + directory)) {
      const path = `${directory}${entry.name}`;
      if (
        entry.isDirectory && !entry.name.startsWith(".") &&
        !skip.has(entry.name)
      ) {
        await walk(`${path}/`);
      } else if (/_test\.tsx?$/.test(entry.name)) found.push(path);
    }
  };
  await walk("");
  return found;
}

/** Formatting, rules and types of everything. */
export const STATIC_GROUPS: readonly Group[] = [
  { name: "fmt", args: ["fmt", "--check"], isTest: false },
  { name: "lint", args: ["lint"], isTest: false },
  { name: "check", args: ["check", "--quiet", "."], isTest: false },
];

/** Tests that are given no permission at all: whatever touches a socket or a file fails. */
export function pureTests(name: string, files: readonly string[]): Group {
  return {
    name,
    args: ["test", "--no-prompt", "--no-check", "--frozen", ...files],
    isTest: true,
  };
}

function simulator(name: string, args: readonly string[]): Group {
  return {
    name,
    args: [
      "run",
      "-A",
      "--no-check",
      "--frozen",
      "tests/tasks/sim.ts",
      ...args,
    ],
    isTest: false,
  };
}

/** Seeds of the simulator, begun with the one that is the commit's own. */
export function simSeeds(count: number): Group {
  return simulator("sim", ["--seeds", String(count)]);
}

/** The simulator's deliberate bugs can still be made: refactorings move their text. */
export const MUTANTS_APPLY: Group = simulator("mutants", [
  "--mutants",
  "--check",
]);
