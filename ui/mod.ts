/**
 * The hub's pages: the app, and the port it reads through; and what the pages
 * of other roles are made of.
 *
 * @module
 */
export { createApp, errorPage } from "./app.tsx";
export { whichCommitOf } from "./core/which_commit.ts";
export type { AnalysisView, HubData, WhichCommit } from "./data.ts";
export { addAssets, errorPageOf, renderer } from "./render.tsx";
export type { RenderPage } from "./render.tsx";
export type { Site } from "./views/layout.tsx";
export {
  ago,
  formatBytes,
  formatCount,
  formatSeconds,
  type Part,
  type Tone,
} from "./core/view_model.ts";
export * from "./views/parts.tsx";
