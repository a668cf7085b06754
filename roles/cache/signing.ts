/**
 * The keys this cache signs with: its own, made on the first start, and those
 * of the configuration.
 *
 * @module
 */
import { generateKeyPairSync } from "node:crypto";
import { z } from "zod";
import { readSmallFile } from "../config/mod.ts";
import { writeFileAtomic } from "../files/mod.ts";
import { AppError } from "../model/errors.ts";
import { parseSecretKey, type SecretKey } from "./core/signature.ts";

/** A key is 110 characters. */
const MAX_KEY_BYTES = 4096;

const Jwk = z.object({ d: z.string(), x: z.string() });

function newSecretText(name: string): string {
  const { privateKey } = generateKeyPairSync("ed25519");
  const { d, x } = Jwk.parse(privateKey.export({ format: "jwk" }));
  const [seed, point] = [d, x].map((text) =>
    Uint8Array.fromBase64(text, { alphabet: "base64url" })
  );
  if (seed === undefined || point === undefined) throw new Error("no key");
  return `${name}:${new Uint8Array([...seed, ...point]).toBase64()}`;
}

async function readKey(path: string): Promise<SecretKey> {
  const text = await readSmallFile(path, {
    what: "the signing key",
    maxBytes: MAX_KEY_BYTES,
  });
  return parseSecretKey(text, path);
}

/**
 * The cache's own key, from `STATE/signing.key`, then the configured ones.
 *
 * @throws {AppError} `invalid` when a file holds no key, `not_found` when a configured one is missing.
 */
export async function loadSigningKeys(
  stateDir: string,
  options: { keyName: string; files: readonly string[] },
): Promise<[SecretKey, ...SecretKey[]]> {
  const path = `${stateDir}/signing.key`;
  let own: SecretKey;
  try {
    own = await readKey(path);
  } catch (error) {
    if (!(error instanceof AppError && error.code === "not_found")) throw error;
    // Whole and durable, or not there: half a key would be refused for ever.
    await writeFileAtomic(path, `${newSecretText(options.keyName)}\n`, {
      mode: 0o600,
    });
    own = await readKey(path);
  }
  const more = [];
  for (const file of options.files) more.push(await readKey(file));
  return [own, ...more];
}
