/**
 * Every detector. A list, since a bundled program has no directory to scan.
 *
 * @module
 */
import type { EcosystemDetector, EvidenceDetector, Reads } from "./detector.ts";
import { c } from "./ecosystems/c/mod.ts";
import { crystal } from "./ecosystems/crystal/mod.ts";
import { dart } from "./ecosystems/dart/mod.ts";
import { dotnet } from "./ecosystems/dotnet/mod.ts";
import { elixir } from "./ecosystems/elixir/mod.ts";
import { gleam } from "./ecosystems/gleam/mod.ts";
import { go } from "./ecosystems/go/mod.ts";
import { haskell } from "./ecosystems/haskell/mod.ts";
import { javascript } from "./ecosystems/javascript/mod.ts";
import { jvm } from "./ecosystems/jvm/mod.ts";
import { ocaml } from "./ecosystems/ocaml/mod.ts";
import { php } from "./ecosystems/php/mod.ts";
import { python } from "./ecosystems/python/mod.ts";
import { ruby } from "./ecosystems/ruby/mod.ts";
import { rust } from "./ecosystems/rust/mod.ts";
import { shell } from "./ecosystems/shell/mod.ts";
import { staticSites } from "./ecosystems/static/mod.ts";
import { swift } from "./ecosystems/swift/mod.ts";
import { zig } from "./ecosystems/zig/mod.ts";
import { circleci } from "./evidence/ci/circleci.ts";
import { github } from "./evidence/ci/github.ts";
import { gitlab } from "./evidence/ci/gitlab.ts";
import { travis } from "./evidence/ci/travis.ts";
import { clients } from "./evidence/clients.ts";
import { aptLists } from "./evidence/apt_lists.ts";
import { compose } from "./evidence/compose/mod.ts";
import { configuration } from "./evidence/configuration/mod.ts";
import { devcontainer } from "./evidence/devcontainer.ts";
import { dockerfile } from "./evidence/dockerfile/mod.ts";
import { elsewhere } from "./evidence/elsewhere.ts";
import { envFiles } from "./evidence/env_files.ts";
import { machines } from "./evidence/machines.ts";
import { localStacks } from "./evidence/local_stacks.ts";
import { platforms } from "./evidence/run/platforms.ts";
import { procfile } from "./evidence/run/procfile.ts";
import { spaces } from "./evidence/run/spaces.ts";
import { tasks } from "./evidence/tasks/mod.ts";
import { toolVersions } from "./evidence/tool_versions.ts";

/** Their order changes no answer. */
export const ECOSYSTEMS: readonly EcosystemDetector[] = [
  c,
  crystal,
  dart,
  dotnet,
  elixir,
  gleam,
  go,
  haskell,
  javascript,
  jvm,
  ocaml,
  php,
  python,
  ruby,
  rust,
  shell,
  staticSites,
  swift,
  zig,
];

export const EVIDENCE: readonly EvidenceDetector[] = [
  aptLists,
  circleci,
  clients,
  compose,
  configuration,
  devcontainer,
  dockerfile,
  elsewhere,
  envFiles,
  github,
  gitlab,
  localStacks,
  machines,
  platforms,
  procfile,
  spaces,
  tasks,
  toolVersions,
  travis,
];

/** What all of them read. */
export const READS: readonly Reads[] = [...ECOSYSTEMS, ...EVIDENCE]
  .map(({ reads }) => reads);
