/**
 * One constructor per model value; defaults stand only here.
 *
 * @module
 */
import { healthyVm } from "../../roles/master/core/healthy_vm.ts";
import type { ObservedVm } from "../../roles/model/observed.ts";
import type { ClusterStatus } from "../../roles/model/status.ts";
import { VmSpec } from "../../roles/model/vm_spec.ts";
import type { z } from "zod";

/** A store path that looks real; `seed` changes its hash part. */
export function storePath(name: string, seed = "a"): string {
  return `/nix/store/${seed.repeat(32).slice(0, 32)}-${name}`;
}

/** A small valid spec named `web`. */
export function vmSpec(over: Partial<z.input<typeof VmSpec>> = {}): VmSpec {
  const image = storePath("image");
  return VmSpec.parse({
    name: "web",
    cpuMilli: 500,
    memoryMib: 128,
    image: {
      toplevel: image,
      kernelPath: `${image}/bzImage`,
      initrdPath: `${image}/initrd`,
    },
    ...over,
  });
}

/** What a worker reports of `shop/web-0`, which is well. */
export function observedVm(over: Partial<ObservedVm> = {}): ObservedVm {
  const runs = { runtimeHash: "a".repeat(64), generation: 1 };
  return {
    ...healthyVm({ vm: "shop/web-0", incarnation: 1, ...runs }),
    healthyForMs: 1000,
    ...over,
  };
}

/** The status of the cluster `shop`, which has nothing in it and has converged. */
export function clusterStatus(
  over: Partial<ClusterStatus> = {},
): ClusterStatus {
  return {
    cluster: "shop",
    activeGeneration: 1,
    commit: "abc123",
    held: null,
    convergencePercent: 100,
    highestGeneration: 1,
    rollout: null,
    planRevision: 1,
    workers: [],
    vms: [],
    ...over,
  };
}
