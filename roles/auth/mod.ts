/**
 * Tokens and TLS, once for all roles.
 *
 * @module
 */
export * from "./core/certificate.ts";
export * from "./core/token.ts";
export * from "./requests.ts";
export * from "./table.ts";
export * from "./tls.ts";
