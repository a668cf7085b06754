/**
 * Which Rust a package asks for: rust-toolchain(.toml), at or above it;
 * `rust-version`, also its workspace's.
 *
 * @module
 */
import { claim, type Draft } from "../../draft.ts";
import { directoryOf, joinPath } from "../../file_tree.ts";
import { at, textOf } from "../../formats/node.ts";
import { type Found, nodeEvidence, type Reading } from "../../reading.ts";
import { claimPins, cleanVersion, type Pinning } from "../shared/pins.ts";
import { fieldOf, type Manifest } from "./manifest.ts";

export const PINNING: Pinning = { files: [], tools: ["rust"] };
export const TOOLCHAINS = ["rust-toolchain.toml", "rust-toolchain"];

/** TOML, or in its old form nothing but the channel. */
function channelIn(reading: Reading, file: string): Found | null {
  const text = reading.tree.text(file);
  if (text === null) return null;
  if (file.endsWith(".toml") || text.includes("[toolchain]")) {
    const channel = at(reading.toml(file), "toolchain", "channel");
    const value = cleanVersion(textOf(channel) ?? "");
    return channel === null || value === null
      ? null
      : { value, evidence: nodeEvidence(file, channel) };
  }
  const found = reading.match(file, /^\s{0,8}([\w.-]{1,60})\s{0,8}$/);
  const value = cleanVersion(found?.value ?? "");
  return found === null || value === null ? null : { ...found, value };
}

function toolchainOf(reading: Reading, directory: string): Found | null {
  for (let here = directory;; here = directoryOf(here)) {
    for (const name of TOOLCHAINS) {
      const found = channelIn(reading, joinPath(here, name) ?? "");
      if (found !== null) return found;
    }
    if (here === ".") return null;
  }
}

export function claimVersions(
  reading: Reading,
  draft: Draft,
  manifest: Manifest,
): void {
  const toolchain = toolchainOf(reading, draft.path);
  // rustup obeys it whatever a version manager says.
  if (toolchain !== null) {
    claim(draft, "runtimeVersion", toolchain.value, "pin", toolchain.evidence);
  } else claimPins(draft, reading, PINNING);
  const oldest = fieldOf(manifest, "rust-version");
  if (oldest !== null) {
    claim(draft, "runtimeVersion", oldest.value, "manifest", oldest.evidence);
  }
}
