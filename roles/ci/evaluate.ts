/**
 * From a commit to its evaluation: what a job does, and what `plan REF` asks.
 *
 * @module
 */
import type { Call, Evaluation, Ports } from "./ports.ts";

/**
 * Fetches a commit and evaluates it.
 *
 * @throws what fetching and evaluating throw; `invalid` for a commit without a flake.
 */
export async function evaluateCommit(
  { git, contents, builder }: Pick<Ports, "git" | "contents" | "builder">,
  { repository, commit }: { repository: string; commit: string },
  call: Call,
): Promise<Evaluation> {
  const flakeRef = await git.fetch(repository, commit, call);
  const obstacle = await contents.obstacle(repository, commit, call);
  if (obstacle !== null) throw obstacle;
  return await builder.evaluate(flakeRef, call);
}
