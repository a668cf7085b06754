/**
 * Which Go a module asks for.
 *
 * `go` in go.mod is the oldest that will do, `toolchain` the one it is built
 * with; those of go.work stand in for what a module leaves out. A pin for a
 * version manager overrides both.
 *
 * @module
 */
import type { Claim } from "../../claims.ts";
import { claim, type Draft } from "../../draft.ts";
import type { Reading } from "../../reading.ts";
import { claimPins, type Pinning } from "../shared/pins.ts";
import type { Module, Work } from "./modules.ts";

export const PINNING: Pinning = {
  files: [".go-version"],
  tools: ["golang", "go"],
};

/** Between a manifest and a pin: it names one release, for who has an older one. */
const TOOLCHAIN_CONFIDENCE = 0.97;

export function claimVersions(
  reading: Reading,
  draft: Draft,
  of: { module: Module; work: Work | null },
): void {
  const { module, work } = of;
  claimPins(draft, reading, PINNING);
  const toolchain = module.toolchain ?? work?.toolchain ?? null;
  if (toolchain !== null) {
    const one: Claim<"runtimeVersion"> = {
      field: "runtimeVersion",
      value: toolchain.value,
      source: "manifest",
      evidence: [toolchain.evidence],
      confidence: TOOLCHAIN_CONFIDENCE,
    };
    draft.claims.push(one);
  }
  const version = module.version ?? work?.version ?? null;
  if (version !== null) {
    claim(draft, "runtimeVersion", version.value, "manifest", version.evidence);
  }
}
