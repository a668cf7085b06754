/**
 * The vocabulary every role shares. Pure: no IO, clock or randomness.
 *
 * @module
 */
export * from "./analysis.ts";
export * from "./assignment.ts";
export * from "./blueprint.ts";
export * from "./build.ts";
export * from "./cache_keys.ts";
export * from "./cache_status.ts";
export * from "./collection.ts";
export * from "./errors.ts";
export * from "./event.ts";
export * from "./generation.ts";
export * from "./hashes.ts";
export * from "./ids.ts";
export * from "./observed.ts";
export * from "./operation.ts";
export * from "./parse.ts";
export * from "./plan.ts";
export * from "./ports.ts";
export * from "./snapshot.ts";
export * from "./status.ts";
export * from "./vm_spec.ts";
