/**
 * Where an application's dependencies come from, by its package manager.
 *
 * @module
 */
import { cargo, go, nuget, pub, unconfigured } from "./compiled.ts";
import { withFrontend } from "./frontend.ts";
import { gleam, haskell, opam } from "./functional.ts";
import { bun, deno, npm, pnpm, yarn } from "./javascript.ts";
import { clj, gradle, lein, maven, sbt } from "./jvm.ts";
import { bundler, composer, mix, shards, swiftpm, zig } from "./managed.ts";
import {
  type Asked,
  bare,
  type Builder,
  type BuildPlan,
  plan,
} from "./plan.ts";

export type { BuildPlan } from "./plan.ts";

const BUILDERS: ReadonlyMap<string, Builder> = new Map<string, Builder>([
  ["npm", npm],
  ["yarn", yarn],
  ["pnpm", pnpm],
  ["bun", bun],
  ["deno", deno],
  ["go", go],
  ["cargo", cargo],
  ["maven", maven],
  ["gradle", gradle],
  ["sbt", sbt],
  ["lein", lein],
  ["clj", clj],
  ["bundler", bundler],
  ["composer", composer],
  ["nuget", nuget],
  ["mix", mix],
  ["gleam", gleam],
  ["cabal", haskell],
  ["stack", haskell],
  ["opam", opam],
  ["zig", zig],
  ["swiftpm", swiftpm],
  ["pub", pub],
  ["shards", shards],
  ["make", bare("gnumake")],
  // Their hooks would configure before the repository's own commands do.
  ["cmake", unconfigured("cmake", "dontUseCmakeConfigure")],
  ["meson", unconfigured("meson", "dontUseMesonConfigure", "ninja")],
]);

/** How an application is built; one without a manager is only copied. */
export function buildPlan(asked: Asked): BuildPlan {
  const manager = asked.application.packageManager?.value;
  const builder = manager === undefined ? undefined : BUILDERS.get(manager);
  const own = builder === undefined
    ? plan(asked.application.path)
    : builder(asked);
  return withFrontend(asked, own);
}
