/**
 * Where the requests to an upstream go: the address of a file of it, and the
 * next one when it redirects.
 *
 * @module
 */
import { AppError } from "../../../model/errors.ts";

/** A cache, a storage's front, the storage: nobody needs more. */
export const MAX_REDIRECTS = 3;
/** Signed addresses of object stores have some 1,500 characters. */
const MAX_URL_CHARS = 8192;

/**
 * `text`, seen from `base`, if it has the same scheme: what was asked over TLS
 * is not fetched without.
 *
 * @throws {AppError} `refused`
 */
export function hopTo(text: string, base: URL): URL {
  const url = text.length <= MAX_URL_CHARS && URL.canParse(text, base.href)
    ? new URL(text, base.href)
    : undefined;
  if (url === undefined) {
    throw new AppError(
      "refused",
      `Cannot follow ${base.origin}: it sends us to no address`,
    );
  }
  if (url.protocol !== base.protocol) {
    throw new AppError(
      "refused",
      `Cannot follow ${base.origin} from ${base.protocol} to ${url.protocol}`,
    );
  }
  if (url.username !== "" || url.password !== "") {
    throw new AppError(
      "refused",
      `Cannot follow ${base.origin}: it sends us on with credentials of its own`,
    );
  }
  return url;
}
