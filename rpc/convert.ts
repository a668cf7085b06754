/**
 * Between the wire's structs and the domain's values, both ways.
 *
 * Owns the conventions of rpc/schema: what 0, -1 and the empty text stand
 * for, and the names of enumerants. Everything `...FromWire` gives has passed
 * the zod schema of roles/model; errors name the path.
 *
 * @module
 */
export * from "./convert/assignment.ts";
export * from "./convert/event.ts";
export * from "./convert/generation.ts";
export * from "./convert/observed.ts";
export * from "./convert/operation.ts";
export * from "./convert/plan.ts";
export * from "./convert/publish.ts";
export * from "./convert/status.ts";
export * from "./convert/vm_spec.ts";
export * from "./convert/why.ts";
