/**
 * What a rendered flake calls, as files of its repository: they are committed
 * with it, so that a pinned commit evaluates anywhere (nix/README.md says why).
 *
 * @module
 */
import application from "../../nix/autonix/application.nix" with {
  type: "text",
};
import autonix from "../../nix/autonix/default.nix" with { type: "text" };
import dependencies from "../../nix/autonix/dependencies.nix" with {
  type: "text",
};
import gleam from "../../nix/autonix/gleam.nix" with { type: "text" };
import named from "../../nix/autonix/named.nix" with { type: "text" };
import nixos from "../../nix/autonix/nixos.nix" with { type: "text" };
import offlineGradle from "../../nix/autonix/offline.gradle" with {
  type: "text",
};
import pnpm from "../../nix/autonix/pnpm.nix" with { type: "text" };
import python from "../../nix/autonix/python.nix" with { type: "text" };
import runs from "../../nix/autonix/runs.nix" with { type: "text" };
import agent from "../../nix/guest/agent.nix" with { type: "text" };
import storeRoot from "../../nix/guest/store_root.nix" with { type: "text" };
import { LIB_FILES } from "../../nix/examples/sample_project.ts";

/** Texts by path below the repository. */
export const LIBRARY: ReadonlyMap<string, string> = new Map([
  ["procurator/autonix/application.nix", application],
  ["procurator/autonix/default.nix", autonix],
  ["procurator/autonix/dependencies.nix", dependencies],
  ["procurator/autonix/gleam.nix", gleam],
  ["procurator/autonix/named.nix", named],
  ["procurator/autonix/nixos.nix", nixos],
  ["procurator/autonix/offline.gradle", offlineGradle],
  ["procurator/autonix/pnpm.nix", pnpm],
  ["procurator/autonix/python.nix", python],
  ["procurator/autonix/runs.nix", runs],
  ["procurator/guest/agent.nix", agent],
  ["procurator/guest/store_root.nix", storeRoot],
  ...Object.entries(LIB_FILES).map(([name, text]) =>
    [`procurator/lib/${name}`, text] as const
  ),
]);
