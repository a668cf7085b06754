/**
 * `/log/<hash>-<name>.drv`: a build's log (`nix store copy-log`, `nix log`).
 *
 * @module
 */
import type { ObjectEndpoint } from "./object.ts";

export const log: ObjectEndpoint = {
  kind: "log",
  sourced: "log",
  route: "/log/:name",
  suffix: "",
  type: "text/plain; charset=utf-8",
  // Nix itself cuts logs at 64 MiB by default in Hydra; a quarter is already unreadable.
  maxBytes: 16 * 1024 * 1024,
  // Whatever a build printed is its log.
  check: () => {},
};
