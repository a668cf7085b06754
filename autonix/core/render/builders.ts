/**
 * Where an application's dependencies come from, by its package manager: the
 * builder of nixpkgs and what it has to be told.
 *
 * Builders that read a lock file need no hash. Where nixpkgs has none of that
 * kind, `hash` is a wrong one until somebody fills it in: the first build fails
 * and prints the right one, and the line says so.
 *
 * @module
 */
import type { AnalysedApplication } from "../../../roles/model/analysis.ts";
import { directoryOf } from "../file_tree.ts";
import {
  type Because,
  because,
  fileEvidence,
  jsonOf,
  nearest,
  relativeTo,
  type RenderFacts,
} from "./facts.ts";
import { nixString } from "./nix_text.ts";

/** A line within `arguments = { ... }`, or a comment before them. */
export interface BuildLine {
  text: string;
  because: Because;
}

export interface BuildPlan {
  /** The directory that is built: the workspace's root where the lock file lies there. */
  root: string;
  /** Null: `pkgs.stdenv.mkDerivation`. */
  builder: { text: string; because: Because } | null;
  arguments: readonly BuildLine[];
  /** Attributes of `pkgs` that commands need beside the language. */
  tools: readonly string[];
  /** It builds and installs programs by itself. */
  isOwnPhases: boolean;
  /** Its arguments take `hash`, which is the user's to fill in. */
  needsHash: boolean;
}

interface Asked {
  application: AnalysedApplication;
  facts: RenderFacts;
  /** `pkgs.jdk21`: the runtime that was chosen. */
  runtime: string;
}

type Builder = (asked: Asked) => BuildPlan;

/** A line that takes the one hash of all that is fetched. */
const TAKES_HASH = /\b(vendorHash|mvnHash|hash|outputHash) = hash;/;
const FILL = "nix build says it once, then it stands in `hashes` above";

function plan(root: string, rest: Partial<BuildPlan> = {}): BuildPlan {
  return {
    root,
    builder: null,
    arguments: [],
    tools: [],
    isOwnPhases: false,
    needsHash: false,
    ...rest,
  };
}

/** Nothing is fetched: the commands find what they need in the repository. */
function bare(...tools: readonly string[]): Builder {
  return ({ application }) => plan(application.path, { tools });
}

function withBuilder(
  root: string,
  file: string,
  builder: string,
  what: string,
  lines: readonly string[],
  rest: Partial<BuildPlan> = {},
): BuildPlan {
  const why = because(what, [fileEvidence(file)]);
  return plan(root, {
    builder: { text: builder, because: why },
    needsHash: lines.some((text) => TAKES_HASH.test(text)),
    arguments: lines.map((text) =>
      TAKES_HASH.test(text)
        ? {
          text: `${text} # ${FILL}`,
          because: because(
            `nixpkgs reads no hashes from ${file}: ${FILL}`,
            [fileEvidence(file)],
          ),
        }
        : { text, because: why }
    ),
    ...rest,
  });
}

/** A file of the source that is built, as a Nix path. */
function inSource(root: string, file: string): string {
  return `(source + ${nixString(`/${relativeTo(root, file)}`)})`;
}

/** A manifest without dependencies needs no lock file and nothing fetched. */
function needsPackages(facts: RenderFacts, directory: string): boolean {
  const file = directory === "." ? "package.json" : `${directory}/package.json`;
  const manifest = jsonOf(facts, file);
  if (manifest === null) return false;
  return ["dependencies", "devDependencies", "workspaces"].some((key) => {
    const value = manifest[key];
    return typeof value === "object" && value !== null &&
      Object.keys(value).length > 0;
  });
}

/** What cannot be fetched reproducibly is said where the dependencies would stand. */
function unlocked(root: string, tools: readonly string[], why: string) {
  return plan(root, {
    tools,
    arguments: [{ text: `# ${why}`, because: because(why) }],
  });
}

function npm({ application, facts, runtime }: Asked): BuildPlan {
  const lock = nearest(facts, application.path, [
    "package-lock.json",
    "npm-shrinkwrap.json",
  ]);
  if (lock === null) {
    return needsPackages(facts, application.path)
      ? unlocked(
        application.path,
        [],
        "no package-lock.json: `npm install` writes one, then run procurator init again",
      )
      : plan(application.path);
  }
  const root = directoryOf(lock);
  return withBuilder(
    root,
    lock,
    "pkgs.buildNpmPackage",
    "npm with a lock file: importNpmLock takes each package's hash from it",
    [
      `nodejs = ${runtime};`,
      "npmDeps = pkgs.importNpmLock { npmRoot = source; };",
      "npmConfigHook = pkgs.importNpmLock.npmConfigHook;",
    ],
  );
}

function yarn({ application, facts }: Asked): BuildPlan {
  const lock = nearest(facts, application.path, ["yarn.lock"]);
  if (lock === null) {
    return needsPackages(facts, application.path)
      ? unlocked(
        application.path,
        ["yarn"],
        "no yarn.lock: `yarn install` writes one, then run procurator init again",
      )
      : plan(application.path, { tools: ["yarn"] });
  }
  const root = directoryOf(lock);
  const isBerry = /^__metadata:/m.test(
    (facts.text(lock) ?? "").slice(0, 10_000),
  );
  const yarnLock = inSource(root, lock);
  if (isBerry) {
    return withBuilder(
      root,
      lock,
      "pkgs.stdenv.mkDerivation",
      "a lock file of yarn 2 or later",
      [
        `offlineCache = pkgs.yarn-berry.fetchYarnBerryDeps { src = source; hash = hash; };`,
        "nativeBuildInputs = [ pkgs.yarn-berry.yarnBerryConfigHook ];",
      ],
      { tools: ["yarn-berry"] },
    );
  }
  return withBuilder(
    root,
    lock,
    "pkgs.stdenv.mkDerivation",
    "a lock file of yarn 1",
    [
      `yarnOfflineCache = pkgs.fetchYarnDeps { yarnLock = ${yarnLock}; hash = hash; };`,
      "nativeBuildInputs = [ pkgs.yarnConfigHook ];",
    ],
    { tools: ["yarn"] },
  );
}

/** Which pnpm writes this lock file. */
function pnpmOf(text: string): string {
  const version = /^lockfileVersion:\s*['"]?(\d+)/m.exec(text.slice(0, 1000))
    ?.[1];
  return version === "6" ? "pnpm_8" : "pnpm_9";
}

function pnpm({ application, facts }: Asked): BuildPlan {
  const lock = nearest(facts, application.path, ["pnpm-lock.yaml"]);
  if (lock === null) {
    return needsPackages(facts, application.path)
      ? unlocked(
        application.path,
        ["pnpm"],
        "no pnpm-lock.yaml: `pnpm install` writes one, then run procurator init again",
      )
      : plan(application.path, { tools: ["pnpm"] });
  }
  const own = pnpmOf(facts.text(lock) ?? "");
  return withBuilder(
    directoryOf(lock),
    lock,
    "pkgs.stdenv.mkDerivation",
    "pnpm with a lock file",
    [
      `pnpmDeps = pkgs.${own}.fetchDeps { pname = "packages"; version = "0"; src = source; hash = hash; };`,
      `nativeBuildInputs = [ pkgs.${own}.configHook ];`,
    ],
    { tools: [own] },
  );
}

/** Packages are installed by the manager itself into an output whose hash is known. */
function fetched(
  locks: readonly string[],
  tools: readonly string[],
  install: string,
  directory: string,
): Builder {
  return ({ application, facts }) => {
    const lock = nearest(facts, application.path, locks);
    if (lock === null) return plan(application.path, { tools });
    const root = directoryOf(lock);
    const packages = tools.map((tool) => `pkgs.${tool}`).join(" ");
    return withBuilder(
      root,
      lock,
      "pkgs.stdenv.mkDerivation",
      `nixpkgs has no builder for it: \`${install}\` runs in a derivation of its own, whose output has a known hash`,
      [
        `packages = pkgs.stdenvNoCC.mkDerivation { name = "packages"; src = source; nativeBuildInputs = [ ${packages} ]; buildPhase = ${
          nixString(`export HOME=$TMPDIR; ${install}`)
        }; installPhase = ${
          nixString(`cp -R ${directory} $out`)
        }; dontFixup = true; outputHashMode = "recursive"; outputHash = hash; };`,
        `preBuild = ${
          nixString(`cp -R $packages ${directory}; chmod -R u+w ${directory}`)
        };`,
      ],
      { tools },
    );
  };
}

function go({ application, facts }: Asked): BuildPlan {
  const root = application.path;
  const at = (name: string) => root === "." ? name : `${root}/${name}`;
  const module = at("go.mod");
  if (facts.has(at("vendor/modules.txt"))) {
    return withBuilder(
      root,
      at("vendor/modules.txt"),
      "pkgs.buildGoModule",
      "Go with its modules in vendor/",
      ["vendorHash = null; # vendor/ is committed"],
    );
  }
  const needs = /^\s*require\s*[("\w]/m.test(
    (facts.text(module) ?? "").slice(0, 100_000),
  );
  return withBuilder(
    root,
    needs && facts.has(at("go.sum")) ? at("go.sum") : module,
    "pkgs.buildGoModule",
    needs ? "Go with modules to fetch" : "Go without modules of others",
    [
      needs ? "vendorHash = hash;" : "vendorHash = null; # no modules to fetch",
    ],
  );
}

function cargo({ application, facts }: Asked): BuildPlan {
  const lock = nearest(facts, application.path, ["Cargo.lock"]);
  if (lock === null) {
    return unlocked(
      application.path,
      ["cargo"],
      "no Cargo.lock: `cargo generate-lockfile` writes one, then run procurator init again",
    );
  }
  const root = directoryOf(lock);
  return withBuilder(
    root,
    lock,
    "pkgs.rustPlatform.buildRustPackage",
    "Cargo with a lock file, whose hashes are the crates'",
    [`cargoLock.lockFile = ${inSource(root, lock)};`],
    {
      tools: ["cargo"],
      isOwnPhases: true,
    },
  );
}

function nuget({ application, facts, runtime }: Asked): BuildPlan {
  const lock = nearest(facts, application.path, ["deps.json"]);
  const solution = nearest(facts, application.path, [
    "global.json",
    "Directory.Packages.props",
    "Directory.Build.props",
  ]);
  const root = lock === null && solution === null
    ? application.path
    : directoryOf(lock ?? solution ?? "");
  const why = lock === null
    ? because(
      "no deps.json: `nix build .#NAME.fetch-deps && ./result deps.json` writes it, then run procurator init again",
    )
    : because("the packages' hashes", [fileEvidence(lock)]);
  const packages = lock === null
    ? `nugetDeps = null; # ${why.what}`
    : `nugetDeps = ${inSource(root, lock)};`;
  return plan(root, {
    builder: { text: "pkgs.buildDotnetModule", because: why },
    arguments: [
      { text: `dotnet-sdk = ${runtime};`, because: why },
      { text: packages, because: why },
    ],
  });
}

/** A builder whose dependencies have one hash. */
function hashed(
  locks: readonly string[],
  builder: (asked: Asked) => string,
  line: string,
  rest: Partial<BuildPlan> = {},
): Builder {
  return (asked) => {
    const { application, facts } = asked;
    const lock = nearest(facts, application.path, locks);
    if (lock === null) return plan(application.path, rest);
    return withBuilder(
      directoryOf(lock),
      lock,
      builder(asked),
      `${
        asked.application.packageManager?.value ?? "it"
      } with what ${lock} names`,
      [line],
      rest,
    );
  };
}

/** A builder that reads a file which another tool writes from the lock file. */
function generated(
  locks: readonly string[],
  builder: (asked: Asked) => string,
  file: string,
  line: (path: string) => string,
  how: string,
  rest: Partial<BuildPlan> = {},
): Builder {
  return (asked) => {
    const { application, facts } = asked;
    const lock = nearest(facts, application.path, locks);
    if (lock === null) return plan(application.path, rest);
    const root = directoryOf(lock);
    const path = root === "." ? file : `${root}/${file}`;
    if (facts.has(path)) {
      return withBuilder(root, path, builder(asked), `${file} is there`, [
        line(inSource(root, path)),
      ], rest);
    }
    const why = `${file} is missing: ${how}, then run procurator init again`;
    return unlocked(root, rest.tools ?? [], why);
  };
}

const maven = hashed(
  ["pom.xml"],
  () => "pkgs.maven.buildMavenPackage",
  "mvnHash = hash;",
  { tools: ["maven"] },
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
  [
    "pub",
    ({ application, facts }) => {
      const lock = nearest(facts, application.path, ["pubspec.lock"]);
      if (lock === null) {
        return unlocked(
          application.path,
          [],
          "no pubspec.lock: `dart pub get` writes one, then run procurator init again",
        );
      }
      const root = directoryOf(lock);
      return withBuilder(
        root,
        lock,
        "pkgs.buildDartApplication",
        "Dart with a lock file, whose hashes are the packages'",
        [`autoPubspecLock = ${inSource(root, lock)};`],
      );
    },
  ],
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

function unconfigured(
  tool: string,
  option: string,
  ...more: readonly string[]
): Builder {
  const why = because(`the build command configures ${tool} by itself`);
  return ({ application }) =>
    plan(application.path, {
      tools: [tool, ...more],
      arguments: [{ text: `${option} = true;`, because: why }],
    });
}

/** How an application is built; one without a manager is only copied. */
export function buildPlan(asked: Asked): BuildPlan {
  const manager = asked.application.packageManager?.value;
  const builder = manager === undefined ? undefined : BUILDERS.get(manager);
  return builder === undefined ? plan(asked.application.path) : builder(asked);
}
