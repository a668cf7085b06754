/**
 * Packages of Go, Cargo, NuGet and pub, and builds that configure themselves.
 *
 * @module
 */
import { directoryOf } from "../../file_tree.ts";
import { because, fileEvidence, nearest } from "../facts.ts";
import {
  type Asked,
  type Builder,
  type BuildPlan,
  inSource,
  plan,
  unlocked,
  withBuilder,
} from "./plan.ts";

export function go({ application, facts }: Asked): BuildPlan {
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

export function nuget({ application, facts, runtime }: Asked): BuildPlan {
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
