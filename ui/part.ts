/**
 * Reads parts of a page whose source may be away.
 *
 * @module
 */
import { toAppError } from "../roles/model/mod.ts";
import type { Part } from "./core/view_model.ts";

/** The value, or why there is none: a source that is away must not take the page with it. */
export async function part<T>(value: Promise<T>): Promise<Part<T>> {
  try {
    return { ok: true, value: await value };
  } catch (error) {
    return { ok: false, error: toAppError(error) };
  }
}
