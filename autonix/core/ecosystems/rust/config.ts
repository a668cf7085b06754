/**
 * Ports in the configuration file of a program: those of the config crate and
 * its like, `configuration/base.yaml`, `config/default.toml`, `Settings.toml`.
 *
 * @module
 */
import type { Draft } from "../../draft.ts";
import type { Reading } from "../../reading.ts";
import { claimConfigPorts } from "../shared/config_ports.ts";

/** Crates that read such files. */
const READERS: ReadonlySet<string> = new Set([
  "config",
  "figment",
  "confy",
  "config-rs",
  "twelf",
  "serde_yaml",
  "toml",
]);

export const CONFIGS = [
  "configuration/production.yaml",
  "configuration/base.yaml",
  "configuration.yaml",
  "config/default.toml",
  "config/default.yaml",
  "config/default.json",
  "config/base.yaml",
  "config/base.toml",
  "config/config.toml",
  "config/config.yaml",
  "config.toml",
  "config.yaml",
  "config.yml",
  "Settings.toml",
  "settings.toml",
  "Config.toml",
];

export function claimConfig(reading: Reading, draft: Draft): void {
  if (draft.role !== "application") return;
  const reads = draft.dependencies.some(({ name, isDev }) =>
    !isDev && READERS.has(name)
  );
  if (reads) claimConfigPorts(reading, draft, CONFIGS);
}
