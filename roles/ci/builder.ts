/**
 * Nix as ci's builder: evaluates pinned flakes, builds, and pushes to the cache.
 *
 * @module
 */
import { AppError } from "../model/mod.ts";
import type { Nix } from "../nix/mod.ts";
import type { CacheIndex } from "./cache_index.ts";
import type { Builder, Call } from "./ports.ts";

export interface BuilderOptions {
  nix: Nix;
  cacheUrl: string;
  /** Asked what is to be pushed; absent: nix asks for each path. */
  cacheIndex?: CacheIndex;
  secretKeyFile: string | undefined;
  evalTimeoutMs: number;
  evalMemoryMib: number;
  buildTimeoutMs: number;
  copyTimeoutMs: number;
}

export function nixBuilder(options: BuilderOptions): Builder {
  const { nix, evalTimeoutMs, buildTimeoutMs } = options;
  const memoryMib = options.evalMemoryMib;
  return {
    async evaluate(flakeRef, call) {
      const bounded = { ...call, timeoutMs: evalTimeoutMs, memoryMib };
      const [local] = await nix.localInputs(flakeRef, bounded);
      if (local !== undefined) {
        throw new AppError(
          "invalid",
          `Cannot evaluate blueprintJSON: the flake's input "${
            local.slice(0, 80)
          }" is on the disk of ci's machine`,
          {
            hint:
              "commit what it names, or fetch it from where others can too; relative paths are fine",
          },
        );
      }
      const { text, derivations } = await nix.evalWithContext(
        flakeRef,
        "blueprintJSON",
        bounded,
      );
      return {
        blueprint: text,
        derivations,
        checks: await nix.checkDerivations(flakeRef, bounded),
      };
    },
    async build(derivations, call) {
      await nix.realise(derivations, { ...call, timeoutMs: buildTimeoutMs });
    },
    async missing(paths, call) {
      return await nix.missingPaths(paths, {
        signal: call.signal,
        timeoutMs: evalTimeoutMs,
      });
    },
    upload: (paths, call) => upload(options, paths, call),
  };
}

/** Pushes what the cache lacks; all of it where that cannot be told or did not do. */
async function upload(
  { nix, cacheUrl, cacheIndex, ...options }: BuilderOptions,
  paths: readonly string[],
  call: Call,
): Promise<void> {
  const push = {
    ...call,
    timeoutMs: options.copyTimeoutMs,
    ...(options.secretKeyFile === undefined
      ? {}
      : { secretKeyFile: options.secretKeyFile }),
  };
  const { signal, onLog } = call;
  const closure = cacheIndex === undefined
    ? []
    : await nix.closure(paths, { signal });
  const missing = await cacheIndex?.missing(closure, signal) ?? null;
  if (missing === null) return await nix.copyTo(cacheUrl, paths, push);
  const count = `${missing.length} of ${closure.length} paths`;
  onLog(`the cache lacks ${count}`);
  if (missing.length === 0) return;
  try {
    await nix.copyTo(cacheUrl, missing, { ...push, isAlone: true });
  } catch (error) {
    if (signal.aborted) throw error;
    // What it had a moment ago may have been deleted.
    onLog(`pushing the whole closure: ${error}`);
    await nix.copyTo(cacheUrl, paths, push);
  }
}
