/**
 * Which frameworks a manifest tells.
 *
 * One that is there for development only counts where it builds, or where a
 * script runs it; the tools that a workspace lists once count for the members
 * whose scripts run them.
 *
 * @module
 */
import type { Dependency } from "../../draft.ts";
import { type Framework, FRAMEWORKS } from "./framework_table.ts";
import type { Manifest } from "./manifest.ts";

/** A framework with the dependency that tells it. */
export interface Told {
  framework: Framework;
  dependency: Dependency;
}

/** True when a script runs this program. */
export function runsProgram(manifest: Manifest, program: string): boolean {
  return [...manifest.scripts.values()].some(({ value }) =>
    value.slice(0, 2_000).split(/[\s;&|()"']+/).includes(program)
  );
}

function told(
  framework: Framework,
  manifest: Manifest,
  root: Manifest | null,
): Told | null {
  for (const name of framework.packages ?? [framework.name]) {
    const dependency = manifest.dependencies.find((one) => one.name === name);
    if (dependency === undefined) {
      // A workspace may list the tools of all its members once.
      const shared = framework.bin !== undefined &&
          runsProgram(manifest, framework.bin)
        ? root?.dependencies.find((one) => one.name === name)
        : undefined;
      if (shared !== undefined) return { framework, dependency: shared };
      continue;
    }
    const isRun = framework.bin !== undefined &&
      runsProgram(manifest, framework.bin);
    if (!dependency.isDev || framework.isDev === true || isRun) {
      return { framework, dependency };
    }
  }
  return null;
}

/** Those of a manifest, the deciding ones first, without what others bring along. */
export function frameworksOf(
  manifest: Manifest,
  isUsed: (framework: Framework) => boolean,
  root: Manifest | null = null,
): Told[] {
  const all = FRAMEWORKS.map((framework) => told(framework, manifest, root))
    .filter((one): one is Told => one !== null && isUsed(one.framework));
  const covered = new Set(
    all.flatMap(({ framework }) => framework.covers ?? []),
  );
  return all.filter(({ framework }) => !covered.has(framework.name));
}
