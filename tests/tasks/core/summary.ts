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

/** Files in the order they are run: by name. */
export function inOrder(paths: readonly string[]): string[] {
  return [...paths].sort();
}
