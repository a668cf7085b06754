/**
 * Configuration, once for all roles: files and flags, where things live, who
 * may listen where, and one process per directory.
 *
 * @module
 */
export * from "./core/listen.ts";
export * from "./core/places.ts";
export * from "./core/tokens.ts";
export * from "./load.ts";
export * from "./lock.ts";
export * from "./schema.ts";
