/**
 * Where an application's dependencies come from, by its package manager.
 *
 * @module
 */
import { cargo, go, nuget, pub, unconfigured } from "./compiled.ts";
import { fetched, npm, pnpm, yarn } from "./javascript.ts";
import {
  type Asked,
  bare,
  type Builder,
  type BuildPlan,
  generated,
  hashed,
  plan,
} from "./plan.ts";

export type { BuildPlan } from "./plan.ts";

const maven = hashed(
  ["pom.xml"],
  () => "pkgs.maven.buildMavenPackage",
  "mvnHash = hash;",
  { tools: ["maven"], isOwnBuild: true },
);

const BUILDERS: ReadonlyMap<string, Builder> = new Map<string, Builder>([
  ["npm", npm],
  ["yarn", yarn],
  ["pnpm", pnpm],
  [
    "bun",
    fetched(
      ["bun.lock", "bun.lockb"],
      ["bun"],
      "bun install --frozen-lockfile",
      "node_modules",
    ),
  ],
  [
    "deno",
    fetched(
      ["deno.lock"],
      ["deno"],
      "deno install --frozen --vendor",
      "vendor",
    ),
  ],
  ["go", go],
  ["cargo", cargo],
  ["maven", maven],
  [
    "gradle",
    generated(
      [
        "settings.gradle",
        "settings.gradle.kts",
        "build.gradle",
        "build.gradle.kts",
      ],
      () => "pkgs.stdenv.mkDerivation",
      "deps.json",
      (path) =>
        `mitmCache = pkgs.gradle.fetchDeps { pkg = null; data = ${path}; };`,
      "the update script of nixpkgs' gradle.fetchDeps writes it",
      { tools: ["gradle"] },
    ),
  ],
  ["sbt", bare("sbt")],
  ["lein", bare("leiningen")],
  ["clj", bare("clojure")],
  [
    "bundler",
    generated(
      ["Gemfile.lock"],
      () => "pkgs.stdenv.mkDerivation",
      "gemset.nix",
      (path) =>
        `nativeBuildInputs = [ (pkgs.bundlerEnv { name = "gems"; gemdir = dirOf ${path}; }) ];`,
      "`nix run nixpkgs#bundix -- -l` writes it",
    ),
  ],
  [
    "composer",
    hashed(
      ["composer.lock"],
      ({ runtime }) => `${runtime}.buildComposerProject2`,
      "vendorHash = hash;",
    ),
  ],
  ["nuget", nuget],
  [
    "mix",
    hashed(
      ["mix.lock"],
      () => "pkgs.beamPackages.mixRelease",
      `mixFodDeps = pkgs.beamPackages.fetchMixDeps { pname = "packages"; version = "0"; src = source; hash = hash; };`,
    ),
  ],
  ["gleam", bare("gleam", "erlang", "rebar3")],
  ["cabal", bare("cabal-install")],
  ["stack", bare("stack")],
  ["opam", bare("dune_3", "opam")],
  ["zig", bare()],
  ["swiftpm", bare("swiftpm")],
  ["pub", pub],
  [
    "shards",
    generated(
      ["shard.lock"],
      () => "pkgs.stdenv.mkDerivation",
      "shards.nix",
      (path) => `shardsFile = ${path};`,
      "`nix run nixpkgs#crystal2nix` writes it",
      { tools: ["shards"] },
    ),
  ],
  ["make", bare("gnumake")],
  // Their hooks would configure before the repository's own commands do.
  ["cmake", unconfigured("cmake", "dontUseCmakeConfigure")],
  ["meson", unconfigured("meson", "dontUseMesonConfigure", "ninja")],
]);

/** How an application is built; one without a manager is only copied. */
export function buildPlan(asked: Asked): BuildPlan {
  const manager = asked.application.packageManager?.value;
  const builder = manager === undefined ? undefined : BUILDERS.get(manager);
  return builder === undefined ? plan(asked.application.path) : builder(asked);
}
