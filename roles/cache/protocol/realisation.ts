/**
 * `/realisations/<drv hash>!<output>.doi`: what a content-addressed
 * derivation's output turned out to be. Newer clients escape the `!`.
 *
 * @module
 */
import { checkJson, type ObjectEndpoint } from "./object.ts";

export const realisation: ObjectEndpoint = {
  kind: "realisation",
  route: "/realisations/:name",
  suffix: ".doi",
  type: "application/json",
  // An id, a path, signatures and dependent realisations.
  maxBytes: 256 * 1024,
  check: checkJson,
};
