/**
 * Packages of Ruby, PHP, Elixir, Crystal, Swift and Zig.
 *
 * @module
 */
import { directoryOf, joinPath } from "../../file_tree.ts";
import { because, nearest } from "../facts.ts";
import { type Builder, fetched, generated, plan, withBuilder } from "./plan.ts";

/** Archives of gems are fetched; what they have of C is compiled in the build. */
export const bundler: Builder = fetched({
  locks: ["Gemfile.lock"],
  tools: ({ runtime }) => [runtime, "pkgs.git"],
  command: () => "bundle cache --all --all-platforms --no-install",
  environment: { BUNDLE_FROZEN: "true", BUNDLE_PATH: "/tmp/bundle" },
  folders: ["vendor/cache"],
  isAtRoot: true,
  rest: () => ({
    arguments: [{
      text:
        `preBuild = "bundle config set --local path vendor/bundle && bundle install --local";`,
      because: because("gems are installed from their archives"),
    }],
  }),
});

/** composer of the PHP that was chosen. */
function composerOf(runtime: string): string {
  return runtime.startsWith("pkgs.php")
    ? `${runtime}.packages.composer`
    : "pkgs.phpPackages.composer";
}

export const composer: Builder = fetched({
  locks: ["composer.lock"],
  tools: ({ runtime }) => [composerOf(runtime), runtime, "pkgs.git"],
  command: () => "composer install --no-interaction --no-scripts --prefer-dist",
  folders: ["vendor"],
  isAtRoot: true,
  rest: ({ runtime }) => ({
    packages: [{
      text: composerOf(runtime),
      because: because("its package manager is composer"),
    }],
  }),
});

export const shards: Builder = fetched({
  locks: ["shard.lock"],
  tools: () => ["pkgs.shards", "pkgs.crystal", "pkgs.git"],
  command: () =>
    "shards install --frozen --skip-postinstall --skip-executables",
  folders: ["lib"],
  isAtRoot: true,
  rest: () => ({ tools: ["shards"] }),
});

/** A list of what is there, in build.zig.zon. */
const ZIG_PACKAGE = /\.url\s{0,9}=\s{0,9}"/;

export const zig: Builder = fetched({
  locks: ["build.zig.zon"],
  tools: ({ runtime }) => [runtime],
  command: ({ facts }, lock) =>
    ZIG_PACKAGE.test(facts.text(lock) ?? "")
      // nixpkgs' zig has chosen another folder by then.
      ? "export ZIG_GLOBAL_CACHE_DIR=$HOME/.cache/zig && zig build --fetch"
      : null,
  folders: ["~/.cache/zig/p"],
  isAtRoot: true,
  rest: () => ({
    arguments: [{
      text: `preBuild = "export ZIG_GLOBAL_CACHE_DIR=$HOME/.cache/zig";`,
      because: because("Zig keeps there what it compiles"),
    }],
  }),
});

const SERVES = /^(?:MIX_ENV=\S{1,40} )?mix (?:phx\.server|run --no-halt)$/;
/** A release is named as the application in mix.exs. */
const MIX_NAME = /\bapp:\s{0,9}:([a-z][a-z0-9_]{0,60})/;

export const mix: Builder = (asked) => {
  const { application, facts, runtime } = asked;
  const lock = nearest(facts, application.path, ["mix.lock"]);
  const start = application.commands.start?.value ?? "";
  const file = joinPath(application.path, "mix.exs");
  const name = MIX_NAME.exec(
    (file === null ? null : facts.text(file) ?? "")?.slice(0, 20_000) ?? "",
  )?.[1];
  const root = lock === null ? application.path : directoryOf(lock);
  // Of an umbrella the release is written down above.
  const release = root === application.path && SERVES.test(start)
    ? name
    : undefined;
  const rest = {
    test: (command: string) =>
      command.startsWith("mix ") ? `MIX_ENV=test ${command}` : command,
    ...release === undefined ? {} : {
      build: (command: string | null) =>
        [command, "mix release --overwrite"].filter((one) => one !== null)
          .join(" && "),
      start: () =>
        `PHX_SERVER=true RELEASE_DISTRIBUTION=none RELEASE_TMP=/tmp _build/prod/rel/${release}/bin/${release} start`,
    },
  };
  if (lock === null) return plan(application.path, rest);
  return withBuilder(
    root,
    lock,
    "pkgs.beamPackages.mixRelease",
    `mix with what ${lock} names`,
    [
      `elixir = ${runtime};`,
      `mixFodDeps = pkgs.beamPackages.fetchMixDeps { pname = "packages"; version = "0"; src = source; elixir = ${runtime}; mixEnv = ""; hash = hash; };`,
      // What is built is a link to where it was built from.
      `preInstall = "if [ -L deps ]; then rm deps; cp -R $MIX_DEPS_PATH deps; fi";`,
    ],
    rest,
  );
};

/** Of newer nixpkgs Swift brings its own. */
const SWIFT_BUILDER = "(pkgs.swiftPackages.stdenv or pkgs.stdenv).mkDerivation";

const swiftPackages = generated(
  ["Package.resolved"],
  SWIFT_BUILDER,
  "nix/default.nix",
  (path) =>
    `configurePhase = (pkgs.swiftpm2nix.helpers (dirOf ${path})).configure;`,
  "`swift package resolve && swiftpm2nix` writes it",
  { tools: ["swiftpm"] },
);

export const swiftpm: Builder = (asked) => {
  const told = swiftPackages(asked);
  return {
    ...told,
    tools: ["swiftpm"],
    builder: {
      text: SWIFT_BUILDER,
      because: because("Swift is compiled with its own clang"),
    },
    arguments: [...told.arguments, {
      text: "buildInputs = procurator.swiftLibraries pkgs;",
      because: because("what Swift compiles against on Linux"),
    }],
  };
};
