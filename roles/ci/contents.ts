/**
 * What is in a fetched commit, where nix would say less: one without a
 * flake.nix fails with what it has instead.
 *
 * Never a reason to fail: what cannot be looked at is left to nix.
 *
 * @module
 */
import type { Examiner } from "../../autonix/examiner.ts";
import { lookingGitEnvironment } from "../git/mod.ts";
import { runProcess } from "../process/mod.ts";
import { noFlake } from "./core/no_flake.ts";
import type { Call, Contents } from "./ports.ts";

/** One look-up in one tree. */
const LOOK_MS = 10_000;

export interface ContentsOptions {
  /** `STATE/ci/mirrors`. */
  mirrors: string;
  examiner: Examiner;
}

/** Finds nothing that is in the way: for builders that need no flake. */
export const anyContents: Contents = {
  obstacle: () => Promise.resolve(null),
};

/** Null when that cannot be told. */
async function hasFlake(
  mirror: string,
  commit: string,
  { signal }: Call,
): Promise<boolean | null> {
  const { code, stdout } = await runProcess(
    "git",
    [`--git-dir=${mirror}`, "ls-tree", "-z", `${commit}^{commit}`, "flake.nix"],
    {
      env: lookingGitEnvironment(mirror),
      clearEnv: true,
      sharesGroup: true,
      timeoutMs: LOOK_MS,
      signal,
    },
  );
  return code === 0 ? stdout !== "" : null;
}

/** Looks into ci's mirrors. */
export function mirrorContents(
  { mirrors, examiner }: ContentsOptions,
): Contents {
  return {
    async obstacle(repository, commit, call) {
      const gitDirectory = `${mirrors}/${repository}.git`;
      try {
        if (await hasFlake(gitDirectory, commit, call) !== false) return null;
      } catch {
        call.signal.throwIfAborted();
        return null;
      }
      const { signal } = call;
      const report = await examiner.examine({
        gitDirectory,
        commit,
        repository,
        signal,
      }).catch(() => null);
      signal.throwIfAborted();
      return noFlake(report?.analysis ?? null);
    },
  };
}
