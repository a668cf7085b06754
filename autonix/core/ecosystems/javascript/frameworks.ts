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

/** Words of the scripts of a manifest: dozens of programs are looked for in them. */
const WORDS = new WeakMap<Manifest["scripts"], ReadonlySet<string>>();

function wordsOf({ scripts }: Manifest): ReadonlySet<string> {
  const known = WORDS.get(scripts);
  if (known !== undefined) return known;
  const words = new Set<string>();
  for (const { value } of scripts.values()) {
    const text = value.slice(0, 2_000);
    for (const word of text.split(/[\s;&|()"']+/)) words.add(word);
  }
  WORDS.set(scripts, words);
  return words;
}

/** True when a script runs this program. */
export function runsProgram(manifest: Manifest, program: string): boolean {
  return wordsOf(manifest).has(program);
}

type ByName = ReadonlyMap<string, Dependency>;

function byName(manifest: Manifest | null): ByName {
  const found = new Map<string, Dependency>();
  for (const one of manifest?.dependencies ?? []) {
    if (!found.has(one.name)) found.set(one.name, one);
  }
  return found;
}

function told(
  framework: Framework,
  manifest: Manifest,
  { own, ofRoot }: { own: ByName; ofRoot: ByName },
): Told | null {
  for (const name of framework.packages ?? [framework.name]) {
    const dependency = own.get(name);
    if (dependency === undefined) {
      // A workspace may list the tools of all its members once.
      const shared = framework.bin !== undefined &&
          runsProgram(manifest, framework.bin)
        ? ofRoot.get(name)
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
  const lists = { own: byName(manifest), ofRoot: byName(root) };
  const all = FRAMEWORKS.map((framework) => told(framework, manifest, lists))
    .filter((one): one is Told => one !== null && isUsed(one.framework));
  const covered = new Set(
    all.flatMap(({ framework }) => framework.covers ?? []),
  );
  return all.filter(({ framework }) => !covered.has(framework.name));
}
