/**
 * Deletes chosen paths of a store, and none that something needs: nix itself
 * tells which are dead, and refuses to delete any other.
 *
 * @module
 */
import { AppError } from "../model/errors.ts";
import { chunks, type NixCall, type RunNix } from "./command.ts";
import { parsePaths } from "./core/output.ts";

/** Paths that garbage of somebody else refers to, which is not ours to delete: so many are passed over. */
const MAX_KEPT = 20;

/** See {@linkcode Nix.deleteDead}. `paths` as {@linkcode Nix.closure} gives them: references first. */
export async function deleteDead(
  run: RunNix,
  paths: readonly string[],
  call: NixCall,
): Promise<void> {
  if (paths.length === 0) return;
  const printed = await run("find what no root keeps", "nix-store", [
    "--gc",
    "--print-dead",
  ], call);
  const dead = new Set(parsePaths(printed));
  // What refers to others goes first: a path is alive while something refers to it.
  const chosen = [...new Set(paths)].filter((path) => dead.has(path)).reverse();
  for (const part of chunks(chosen)) await deletePart(run, part, call);
}

async function deletePart(
  run: RunNix,
  paths: readonly string[],
  call: NixCall,
): Promise<void> {
  let left = [...paths];
  for (let kept = 0; kept <= MAX_KEPT && left.length > 0; kept++) {
    try {
      await run("delete what no root keeps", "nix-store", [
        "--delete",
        ...left,
      ], call);
      return;
    } catch (error) {
      const alive = error instanceof AppError
        ? /annot delete path '([^']+)'/.exec(error.message)?.[1]
        : undefined;
      if (alive === undefined) throw error;
      // Those before it are gone already: asking for them again would be an error.
      left = left.slice(left.indexOf(alive) + 1);
    }
  }
}
