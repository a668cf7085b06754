/**
 * The HTTP status that ends a refused upload at once, with its message shown.
 *
 * Measured with nix 2.8: 400, 409 and 413 end `nix copy` within 0.1 s and it
 * prints the body. 5xx, 408 and 429 it retries five times, with nothing left to
 * send: it hangs for minutes and fails. So a full disk is 413 here, not 507, too
 * many at once is 409, and nothing an upload meets is one of those.
 *
 * @module
 */
import { type ErrorCode, HTTP_STATUS } from "../../../model/errors.ts";

/** As {@linkcode HTTP_STATUS}, without what is retried. */
export const UPLOAD_STATUS = {
  ...HTTP_STATUS,
  unavailable: 409,
  overloaded: 409,
  timeout: 400,
  missing_dependency: 400,
  storage: 413,
  unimplemented: 400,
  failed: 400,
} as const satisfies Record<ErrorCode, number>;
