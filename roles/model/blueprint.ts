/**
 * The blueprint: what a commit evaluates to (`blueprintJSON`), parsed into
 * the specs that are published.
 *
 * @module
 */
import { z } from "zod";
import { Name } from "./ids.ts";
import { parseJsonWith } from "./parse.ts";
import { BlueprintVm, VmSpec } from "./vm_spec.ts";

/** Most VM names in one blueprint; with replicas a cluster can be larger. */
export const MAX_VMS = 10_000;
/** Largest blueprint text: 10,000 VMs of 1.6 KiB. */
export const MAX_BLUEPRINT_BYTES = 16 * 1024 * 1024;

/** How a cluster's VMs go to workers: over as many as possible, or on as few. Covered by no hash: it touches no VM that runs. */
export const Placement = z.enum(["spread", "pack"]);
export type Placement = z.output<typeof Placement>;

export const Blueprint = z.strictObject({
  version: z.literal(1),
  cluster: Name,
  placement: Placement.default("spread"),
  vms: z.record(Name, BlueprintVm).refine(
    (vms) => Object.keys(vms).length <= MAX_VMS,
    `must have at most ${MAX_VMS} VMs`,
  ),
}).superRefine((blueprint, context) => {
  for (const [name, vm] of Object.entries(blueprint.vms)) {
    for (
      const [key, names] of [["dependsOn", vm.dependsOn], [
        "network.allowedPeers",
        vm.network.allowedPeers,
      ]] as const
    ) {
      const missing = names.find((other) =>
        !Object.hasOwn(blueprint.vms, other)
      );
      if (missing !== undefined) {
        context.addIssue({
          code: "custom",
          path: ["vms", name, ...key.split(".")],
          message: `there is no VM "${missing}" in this blueprint`,
        });
      }
    }
  }
});
export type Blueprint = z.output<typeof Blueprint>;

/** A parsed blueprint: its cluster and its specs, sorted by name. */
export interface ClusterSpec {
  cluster: string;
  placement: Placement;
  vmSpecs: VmSpec[];
}

/**
 * Parses the text of `blueprintJSON`.
 *
 * @throws {AppError} `invalid`, naming the path of each unknown key or bad value.
 */
export function parseBlueprint(text: string): ClusterSpec {
  const blueprint = parseJsonWith(Blueprint, text, {
    what: "the blueprint",
    hint: "print it with: nix eval --raw .#blueprintJSON",
  });
  const { cluster, placement } = blueprint;
  return { cluster, placement, vmSpecs: vmSpecsOf(blueprint) };
}

/** The specs of a parsed blueprint, sorted by name. */
export function vmSpecsOf(blueprint: Blueprint): VmSpec[] {
  return Object.entries(blueprint.vms)
    .map(([name, { cpu, ...rest }]) => ({
      name,
      cpuMilli: Math.round(cpu * 1000),
      ...rest,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Every store path a set of specs names, without doubles: what is built, pushed and fetched. */
export function storePathsOf(
  specs: readonly Pick<VmSpec, "image">[],
): string[] {
  const paths = new Set<string>();
  for (const { image } of specs) {
    for (
      const path of [
        image.toplevel,
        image.kernelPath,
        image.initrdPath,
        image.diskImagePath,
      ]
    ) {
      if (path !== undefined) paths.add(path.split("/").slice(0, 4).join("/"));
    }
  }
  return [...paths].sort();
}
