/**
 * The command line, and what others use of it. The executable takes `run.ts`,
 * which loads less.
 *
 * @module
 */
export * from "./client_config.ts";
export * from "./context.ts";
export * from "./master_client.ts";
export type * from "./roles.ts";
export { runCli } from "./run.ts";
export { VERSION } from "./version.ts";
