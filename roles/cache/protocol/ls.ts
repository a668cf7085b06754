/**
 * `/<hash>.ls`: the listing of a path's files (`write-nar-listing=true`).
 *
 * @module
 */
import type { ObjectEndpoint } from "./object.ts";
import { checkJson } from "./object.ts";

export const ls: ObjectEndpoint = {
  kind: "ls",
  sourced: "ls",
  route: "/:name{[0-9a-df-np-sv-z]{32}\\.ls}",
  suffix: ".ls",
  type: "application/json",
  // About 100 bytes a file: the largest paths have 100,000.
  maxBytes: 16 * 1024 * 1024,
  check: checkJson,
};
