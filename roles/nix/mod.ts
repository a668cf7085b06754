/**
 * Nix as the other roles see it: {@linkcode createNix} and what its methods
 * take and give. Everything that runs nix is here.
 *
 * @module
 */
export { createNix, Nix } from "./nix.ts";
export type { AddedPath } from "./core/daemon_wire.ts";
export type { NixCall } from "./command.ts";
export type { CopyCall } from "./copying.ts";
export type { CopyProgress, RemotePath } from "./core/activity.ts";
export type { NixOptions } from "./environment.ts";
export type { StoreSession, WriteArchive } from "./store_session.ts";
export type { Evaluated, NixVersion, PathInfo } from "./core/output.ts";
