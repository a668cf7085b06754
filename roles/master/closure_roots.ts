/**
 * Which store paths the kept generations name: what a cache must not collect,
 * since a rollback, a restart or a move may need any of them.
 *
 * Reads the stored intents themselves: their views in memory are only of the
 * generations in use.
 *
 * @module
 */
import { z } from "zod";
import { storePathsOf } from "../model/blueprint.ts";
import { parseJsonWith } from "../model/parse.ts";
import { Image } from "../model/vm_spec.ts";
import type { MasterState } from "./state.ts";

/** Of one generation. */
export interface ClosureRoots {
  cluster: string;
  generation: number;
  commit: string;
  repository: string;
  paths: string[];
}

/** In one answer: 100 bytes each are 5 MB. A generation goes as a whole, and 10,000 VMs name 40,000 at most. */
const MAX_PATHS = 50_000;

/** An intent is 10 MB at worst; only its images are looked at. */
const Images = z.object({
  vms: z.record(z.string(), z.object({ image: Image })),
});

/**
 * Of the generations of `cluster` with a number above `after`, the lowest
 * first, as many as fit an answer.
 *
 * @throws {AppError} `not_found`
 */
export function closureRoots(
  state: MasterState,
  cluster: string,
  after: number,
): { generations: ClosureRoots[]; more: boolean } {
  const { documents } = state;
  const known = [...state.state(documents, cluster).generations.values()]
    .filter(({ generation }) => generation > after)
    .sort((a, b) => a.generation - b.generation);
  // Many generations may have one intent: a rollback, a revert in Git.
  const byIntent = new Map<string, string[]>();
  const generations: ClosureRoots[] = [];
  let count = 0;
  for (const { generation, commit, repository, intentHash } of known) {
    const paths = byIntent.get(intentHash) ??
      pathsOf(state, `${cluster}/${intentHash}`);
    byIntent.set(intentHash, paths);
    if (generations.length > 0 && count + paths.length > MAX_PATHS) {
      return { generations, more: true };
    }
    count += paths.length;
    generations.push({ cluster, generation, commit, repository, paths });
  }
  return { generations, more: false };
}

function pathsOf({ documents }: MasterState, intent: string): string[] {
  const text = documents.get("intent", intent);
  // Publishing stores both in one transaction.
  if (text === undefined) throw new Error(`the intent ${intent} is not there`);
  const { vms } = parseJsonWith(Images, text, {
    what: `the stored intent "${intent}"`,
    hint: "restore the master's database from a backup",
  });
  return storePathsOf(Object.values(vms));
}
