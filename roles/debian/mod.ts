/**
 * What must be installed on Debian, and the kernel folder of the sample image.
 *
 * @module
 */
export { installCommand, type Need, NEEDS } from "./core/needs.ts";
export {
  ensureDebian,
  type EnsureOptions,
  missingPackages,
} from "./install.ts";
export { kernelFolder } from "./kernel.ts";
