/**
 * Tokens and TLS, once for all roles.
 *
 * @module
 */
export * from "./core/token.ts";
export * from "./table.ts";
