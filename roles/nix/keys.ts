/**
 * Keys that sign what goes into a cache, as nix makes and reads them.
 *
 * @module
 */
import type { RunNix } from "./command.ts";

/** The public key of a secret one. */
export async function publicKey(
  run: RunNix,
  secretKey: string,
): Promise<string> {
  const stdin = new TextEncoder().encode(secretKey);
  const words = ["key", "convert-secret-to-public"];
  return (await run("read the signing key", "nix", words, {}, stdin)).trim();
}

/** A new signing key, as `NAME:base64` texts. */
export async function generateKey(
  run: RunNix,
  name: string,
): Promise<{ secretKey: string; publicKey: string }> {
  const words = ["key", "generate-secret", "--key-name", name];
  const secretKey = (await run("make a signing key", "nix", words, {})).trim();
  return { secretKey, publicKey: await publicKey(run, secretKey) };
}
