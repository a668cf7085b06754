/**
 * The cache's signing keys as its HTTP API tells them: the contract between
 * the cache, the pages and the command line.
 *
 * @module
 */
import { z } from "zod";

/** A key's name stands before the first colon and ends up in configuration files. */
export const SigningKeyName = z.string().regex(
  /^[A-Za-z0-9._+-]{1,128}$/,
  "must be letters, digits and . _ + -",
);

/** A key that signs whatever is stored. */
export const SigningKeyView = z.object({
  name: z.string(),
  /** `name:base64`, for `trusted-public-keys`. */
  publicKey: z.string(),
  /** The newest of the cache's own: the one to tell new clients. */
  current: z.boolean(),
  /** In a file of the configuration; the others are the cache's own. */
  configured: z.boolean(),
  /** What part of the paths it has signed, 1 being all of them. */
  signedPart: z.number().min(0).max(1),
});
export type SigningKeyView = z.output<typeof SigningKeyView>;

export const SigningKeyList = z.object({ keys: z.array(SigningKeyView) });

/** Without a name it counts on from the current one's. */
export const RotateRequest = z.strictObject({
  name: SigningKeyName.optional(),
});
