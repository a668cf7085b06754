/**
 * Nix as ci's builder: evaluates pinned flakes, builds, and pushes to the cache.
 *
 * @module
 */
import { AppError } from "../model/mod.ts";
import type { Nix } from "../nix/mod.ts";
import type { Builder } from "./ports.ts";

export interface BuilderOptions {
  nix: Nix;
  cacheUrl: string;
  secretKeyFile: string | undefined;
  evalTimeoutMs: number;
  evalMemoryMib: number;
  buildTimeoutMs: number;
  copyTimeoutMs: number;
}

export function nixBuilder(options: BuilderOptions): Builder {
  const { nix, evalTimeoutMs, buildTimeoutMs, copyTimeoutMs } = options;
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
    async upload(paths, call) {
      await nix.copyTo(options.cacheUrl, paths, {
        ...call,
        timeoutMs: copyTimeoutMs,
        ...(options.secretKeyFile === undefined
          ? {}
          : { secretKeyFile: options.secretKeyFile }),
      });
    },
  };
}
