/**
 * `/debuginfo/<build id>[.debug]`: which nar holds the debug symbols of a
 * build id (`index-debug-info=true`).
 *
 * @module
 */
import { checkJson, type ObjectEndpoint } from "./object.ts";

export const debuginfo: ObjectEndpoint = {
  kind: "debuginfo",
  route: "/debuginfo/:name",
  suffix: "",
  type: "application/json",
  // An archive's name and a member's.
  maxBytes: 64 * 1024,
  check: checkJson,
};
