/**
 * Child processes and failpoints: the edge to the operating system's processes.
 *
 * @module
 */
export * from "./failpoint.ts";
export * from "./lines.ts";
export * from "./own_command.ts";
export * from "./run.ts";
