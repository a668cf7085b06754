/**
 * The hub's pages: the app, and the port it reads through.
 *
 * @module
 */
export { createApp, errorPage } from "./app.tsx";
export type { HubData } from "./data.ts";
