/**
 * What deno's closing lines say, and which group a test file belongs to.
 *
 * @module
 */

/** Tests of one group. */
export interface Counts {
  passed: number;
  failed: number;
  ignored: number;
}

/**
 * The tests that a run of `deno test` counts, from `ok | 8 passed | 0 failed`.
 * Null when it never came to its closing line. The output is without colours.
 */
export function parseSummary(output: string): Counts | null {
  const pattern =
    /^(?:ok|FAILED) \| (\d+) passed(?: \(\d+ steps?\))? \| (\d+) failed(?: \(\d+ steps?\))?(?: \| (\d+) ignored)?/gm;
  const last = [...output.matchAll(pattern)].at(-1);
  if (last === undefined) return null;
  return {
    passed: Number(last[1]),
    failed: Number(last[2]),
    ignored: Number(last[3] ?? 0),
  };
}

/** What a process that ended so counts. An ignored test is a failed one: this project skips nothing. */
export function judge(
  result: { ok: boolean; output: string; isTest: boolean },
): { passed: number; failed: number } {
  if (!result.isTest) {
    return result.ok ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
  }
  const counts = parseSummary(result.output);
  if (counts === null) return { passed: 0, failed: 1 };
  const failed = counts.failed + counts.ignored;
  return {
    passed: counts.passed,
    failed: result.ok ? failed : Math.max(1, failed),
  };
}

/** The kinds of test files. */
export type TestKind = "core" | "unit" | "integration" | "heavy" | "whole";

/** Suites that boot machines: after the light ones. What stands in for cloud-hypervisor is light. */
const HEAVY =
  /(vmm_(?!cloud)|qemu|image|lifecycle|driver_choice|browser|stores|autonix_build)/;

/** Whole deployments, which take all processors: by themselves, at the very end. */
const WHOLE = /(dev|demo|chaos|deployment|compile)/;

/** The kind of a test file by its path below the repository. */
export function kindOf(path: string): TestKind {
  if (path.startsWith("tests/integration/")) {
    const name = path.slice("tests/integration/".length);
    if (WHOLE.test(name)) return "whole";
    return HEAVY.test(name) ? "heavy" : "integration";
  }
  return path.includes("/core/") || path.startsWith("roles/model/")
    ? "core"
    : "unit";
}

/**
 * Suites that take half a minute and more, the longest first. One that began
 * last would be waited for alone, on one processor of two.
 */
const LONG: readonly string[] = [
  "worker_qemu",
  "worker_switch_qemu",
  "guard_qemu",
  "worker_stores",
  "vmm_qemu",
  "cache_nix",
  "cli_backup",
  "vmm_cloud_hypervisor_input",
  "worker_network",
];

/** Where a file stands among the long ones; those that are none come after all of them. */
function placeOf(path: string): number {
  const name = /([^/]+)_test\.tsx?$/.exec(path)?.[1] ?? "";
  const place = LONG.indexOf(name);
  return place < 0 ? LONG.length : place;
}

/** Files in the order they are run: long suites, then by name. */
export function inOrder(paths: readonly string[]): string[] {
  return paths.toSorted().sort((a, b) => placeOf(a) - placeOf(b));
}
