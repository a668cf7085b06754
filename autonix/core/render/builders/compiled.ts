/**
 * Packages of Go, Cargo, NuGet and pub, and builds that configure themselves.
 *
 * @module
 */
import { directoryOf, joinPath } from "../../file_tree.ts";
import { because, fileEvidence, nearest } from "../facts.ts";
import { commentText, nixPath, nixString } from "../nix_text.ts";
import {
  type Asked,
  type Builder,
  type BuildPlan,
  inSource,
  plan,
  unlocked,
  withBuilder,
} from "./plan.ts";

/** `=> ../shared` of a go.mod: a module of the repository beside this one. */
const REPLACED_BESIDE = /=>\s{1,9}\.\.\//;

export function go({ application, facts, runtime }: Asked): BuildPlan {
  const own = application.path;
  const at = (name: string) => own === "." ? name : `${own}/${name}`;
  const module = at("go.mod");
  const text = (facts.text(module) ?? "").slice(0, 100_000);
  // Its modules are found above it: then all of the repository is built from.
  const isBeside = own !== "." && REPLACED_BESIDE.test(text);
  const root = isBeside ? "." : own;
  const builder = `(pkgs.buildGoModule.override { go = ${runtime}; })`;
  const work = joinPath(root, "go.work");
  const lines = [
    ...isBeside ? [`modRoot = ${nixString(own)};`] : [],
    // Modules of a workspace cannot be vendored one by one.
    ...work !== null && facts.has(work) ? [`env.GOWORK = "off";`] : [],
  ];
  // buildGoModule goes there before anything is run.
  const rest = { directory: isBeside ? "." : null };
  if (facts.has(at("vendor/modules.txt"))) {
    return withBuilder(
      root,
      at("vendor/modules.txt"),
      builder,
      "Go with its modules in vendor/",
      [...lines, "vendorHash = null; # vendor/ is committed"],
      rest,
    );
  }
  const needs = /^[ \t]{0,80}require\s{0,80}[("\w]/m.test(text);
  return withBuilder(
    root,
    needs && facts.has(at("go.sum")) ? at("go.sum") : module,
    builder,
    needs ? "Go with modules to fetch" : "Go without modules of others",
    [
      ...lines,
      needs ? "vendorHash = hash;" : "vendorHash = null; # no modules to fetch",
    ],
    rest,
  );
}

/** Crates that run libclang while they are built. */
const BINDGEN = "libclang";

export function cargo({ application, facts }: Asked): BuildPlan {
  const lock = nearest(facts, application.path, ["Cargo.lock"]);
  if (lock === null) {
    return unlocked(
      application.path,
      ["cargo"],
      "no Cargo.lock: `cargo generate-lockfile` writes one, then run procurator init again",
    );
  }
  const root = directoryOf(lock);
  const usesGit = /^source = "git\+/m.test(facts.text(lock) ?? "");
  const usesClang = application.nativeLibraries.some(({ value }) =>
    value === BINDGEN
  );
  return withBuilder(
    root,
    lock,
    "pkgs.rustPlatform.buildRustPackage",
    "Cargo with a lock file, whose hashes are the crates'",
    [
      `cargoLock.lockFile = ${inSource(root, lock)};`,
      ...usesGit
        ? ["cargoLock.allowBuiltinFetchGit = true; # a commit is its own hash"]
        : [],
      ...usesClang
        ? ["nativeBuildInputs = [ pkgs.rustPlatform.bindgenHook ];"]
        : [],
    ],
    {
      tools: ["cargo"],
      isOwnPhases: true,
    },
  );
}

const NUGET_LOCK = "deps.json";

export function nuget({ application, facts, runtime, name }: Asked): BuildPlan {
  const lock = nearest(facts, application.path, [NUGET_LOCK]);
  const solution = nearest(facts, application.path, [
    "global.json",
    "Directory.Packages.props",
    "Directory.Build.props",
  ]);
  const root = lock === null && solution === null
    ? application.path
    : directoryOf(lock ?? solution ?? "");
  const path = lock ?? joinPath(root, NUGET_LOCK) ?? NUGET_LOCK;
  const why = because(
    "NuGet's packages",
    lock === null ? [] : [fileEvidence(lock)],
  );
  const how =
    `${path} is missing: where packages are fetched, \`nix build .#${name}.fetch-deps && ./result ${path}\` writes it`;
  return plan(root, {
    builder: { text: "pkgs.buildDotnetModule", because: why },
    arguments: [
      { text: `dotnet-sdk = ${runtime};`, because: why },
      ...lock === null
        ? [{ text: `# ${commentText(how)}`, because: because(how) }]
        : [],
      {
        text: `nugetDeps = procurator.orEmpty ${nixPath(path)};`,
        because: why,
      },
    ],
  });
}

export function unconfigured(
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

export function pub({ application, facts }: Asked): BuildPlan {
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
}
