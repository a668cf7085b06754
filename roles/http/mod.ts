/**
 * The HTTP base of all roles: sockets, health, metrics, tokens and errors on
 * the server's side, and a client that understands them.
 *
 * @module
 */
export * from "./authentication.ts";
export * from "./base.ts";
export * from "./body_limit.ts";
export * from "./client.ts";
export * from "./direct.ts";
export * from "./core/credentials.ts";
export * from "./core/error_body.ts";
export * from "./methods.ts";
export * from "./metrics.ts";
export * from "./serve.ts";
export * from "./token_routes.ts";
