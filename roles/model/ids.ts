/**
 * Names and ids: their shapes and bounds, once for all roles.
 *
 * @module
 */
import { z } from "zod";

/** Names become DNS labels, file names and unit names: RFC 1123 labels. */
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const LABEL_RULE =
  "must be 1 to 63 lower-case letters, digits or inner hyphens";

/** A cluster, VM, worker, repository, port, volume or health check name. */
export const Name = z.string().regex(LABEL, LABEL_RULE);

/** `cluster/vm-ordinal`, for example `shop/web-0`. */
export const VmId = z.string().max(140).regex(
  /^[a-z0-9][a-z0-9-]*\/[a-z0-9][a-z0-9-]*-(0|[1-9][0-9]{0,4})$/,
  "must be cluster/vm-ordinal, as in shop/web-0",
);

/** The id of the `ordinal`-th instance of a VM. */
export function vmId(cluster: string, vm: string, ordinal: number): string {
  return `${cluster}/${vm}-${ordinal}`;
}

/** The parts of a VM id. The id must have been parsed with {@linkcode VmId}. */
export function splitVmId(
  id: string,
): { cluster: string; vm: string; ordinal: number } {
  const slash = id.indexOf("/");
  const dash = id.lastIndexOf("-");
  return {
    cluster: id.slice(0, slash),
    vm: id.slice(slash + 1, dash),
    ordinal: Number(id.slice(dash + 1)),
  };
}

/**
 * One copy of an instance: two incarnations of a VM may run side by side on
 * one worker, a green one beside the main one or a leaving one beside its
 * successor.
 */
export interface CopyId {
  readonly id: string;
  readonly incarnation: number;
}

/** The key of a copy, `shop/web-0#3`; no VM id has a `#` in it. */
export function copyKey({ id, incarnation }: CopyId): string {
  return `${id}#${incarnation}`;
}

/** A full git object name, or the short label of a hand-made publish (`rpc state publish -c abc123`). */
export const Commit = z.string().regex(
  /^[0-9a-f]{6,64}$/,
  "must be 6 to 64 lower-case hex digits",
);

/** Lower-case sha256 in hex. */
export const Sha256 = z.string().regex(
  /^[0-9a-f]{64}$/,
  "must be a sha256 in 64 lower-case hex digits",
);

/** A part of a path that leads back. */
const PARENT = /(^|\/)\.\.(\/|$)/;

/** Store paths name files below them too: `/nix/store/<hash>-<name>/bzImage`. */
export const StorePath = z.string().max(512).regex(
  /^\/nix\/store\/[0-9a-df-np-sv-z]{32}-[0-9A-Za-z+._?=-]+(\/[^\0\n]*)?$/,
  "must be a path below /nix/store/<hash>-<name>",
).refine((path) => !PARENT.test(path), "must not contain ..");

/** The store path proper: `/nix/store/<hash>-<name>` of a path at or below it. */
export function storePathRoot(path: string): string {
  return path.split("/").slice(0, 4).join("/");
}

/** Generations, revisions and epochs are JS-safe integers: at most 2^53-1. */
export const Counter = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
