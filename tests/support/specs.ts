/**
 * One constructor per model value; defaults stand only here.
 *
 * @module
 */
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
