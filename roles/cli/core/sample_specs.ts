/**
 * The specs that `rpc state publish` sends: small, valid, and not of any real image.
 *
 * @module
 */
import { parseWith, VmSpec } from "../../model/mod.ts";

/** A well-formed store path that no cache has: publishing by hand tries the way of an order, not a guest. */
const SAMPLE_PATH =
  "/nix/store/00000000000000000000000000000000-procurator-sample";

/** `count` specs, `vm-1` to `vm-COUNT`. */
export function sampleSpecs(count: number): VmSpec[] {
  return Array.from({ length: count }, (_, index) =>
    parseWith(VmSpec, {
      name: `vm-${index + 1}`,
      cpuMilli: 100,
      memoryMib: 64,
      image: {
        toplevel: SAMPLE_PATH,
        kernelPath: `${SAMPLE_PATH}/bzImage`,
        initrdPath: `${SAMPLE_PATH}/initrd`,
      },
    }, { what: "the sample" }));
}
