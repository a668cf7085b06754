/**
 * A failure on our side of the way to an upstream: a client that went, a stop.
 * It says nothing about the upstream.
 *
 * @module
 */
import { AppError } from "../../model/errors.ts";

export class OwnFailure extends AppError {
  constructor(message: string, cause?: unknown) {
    super("unavailable", message, { cause });
  }
}
