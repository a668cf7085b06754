/**
 * Ed25519 signatures in Nix's spelling: keys and signatures are `name:base64`;
 * a secret key is the seed followed by the public key.
 *
 * @module
 */
import {
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { AppError } from "../../model/errors.ts";

const SEED_BYTES = 32;
const PUBLIC_BYTES = 32;
const SIGNATURE_BYTES = 64;
/** Key names stand before the first colon and end up in configuration files. */
const KEY_NAME = /^[A-Za-z0-9._+-]{1,128}$/;

/** A key that signs. */
export interface SecretKey {
  name: string;
  key: KeyObject;
  /** What clients put into `trusted-public-keys`. */
  publicText: string;
  public: PublicKey;
}

/** A key that verifies. */
export interface PublicKey {
  name: string;
  key: KeyObject;
}

function splitKeyed(text: string): { name: string; bytes: Uint8Array } | null {
  const colon = text.indexOf(":");
  const name = text.slice(0, colon);
  if (colon < 0 || !KEY_NAME.test(name)) return null;
  try {
    return { name, bytes: Uint8Array.fromBase64(text.slice(colon + 1)) };
  } catch {
    return null;
  }
}

function base64Url(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}

function publicKeyOf(bytes: Uint8Array): KeyObject {
  return createPublicKey({
    format: "jwk",
    key: { kty: "OKP", crv: "Ed25519", x: base64Url(bytes) },
  });
}

/** Bytes that are no point of the curve make `verify` throw; they verify nothing. */
function verifies(message: Uint8Array, key: KeyObject, bytes: Uint8Array) {
  try {
    return verify(null, message, key, bytes);
  } catch {
    return false;
  }
}

/**
 * Reads `name:base64(seed + public key)`, as `nix key generate-secret` prints it.
 *
 * @throws {AppError} `invalid`; never quotes the text, which is a secret.
 */
export function parseSecretKey(text: string, where: string): SecretKey {
  const parts = splitKeyed(text.trim());
  const bytes = parts?.bytes;
  if (
    parts === null || bytes === undefined ||
    bytes.length !== SEED_BYTES + PUBLIC_BYTES
  ) {
    throw new AppError(
      "invalid",
      `Cannot read the signing key in ${where}: it is not name:base64 of 64 bytes`,
      { hint: "make one with nix key generate-secret --key-name NAME" },
    );
  }
  const publicBytes = bytes.subarray(SEED_BYTES);
  try {
    const key = createPrivateKey({
      format: "jwk",
      key: {
        kty: "OKP",
        crv: "Ed25519",
        d: base64Url(bytes.subarray(0, SEED_BYTES)),
        x: base64Url(publicBytes),
      },
    });
    const secret = {
      name: parts.name,
      key,
      publicText: `${parts.name}:${publicBytes.toBase64()}`,
      public: { name: parts.name, key: publicKeyOf(publicBytes) },
    };
    const probe = signText("probe", secret);
    if (verifySignature("probe", probe, [secret.public])) return secret;
  } catch {
    // What the library says about a secret is not for a log.
  }
  // A key whose halves do not belong together would sign what no client accepts.
  throw new AppError(
    "invalid",
    `Cannot use the signing key in ${where}: its public half is of another key`,
    { hint: "make one with nix key generate-secret --key-name NAME" },
  );
}

/**
 * Reads `name:base64(public key)`.
 *
 * @throws {AppError} `invalid`
 */
export function parsePublicKey(text: string): PublicKey {
  const parts = splitKeyed(text.trim());
  if (parts === null || parts.bytes.length !== PUBLIC_BYTES) {
    throw new AppError(
      "invalid",
      `Cannot read the public key "${text}": it is not name:base64 of 32 bytes`,
      { hint: "print it with nix key convert-secret-to-public" },
    );
  }
  try {
    return { name: parts.name, key: publicKeyOf(parts.bytes) };
  } catch (cause) {
    throw new AppError(
      "invalid",
      `Cannot use the public key "${text}": it is no Ed25519 key`,
      { cause, hint: "print it with nix key convert-secret-to-public" },
    );
  }
}

/** `name:base64(signature)` of `text`. */
export function signText(text: string, secret: SecretKey): string {
  const signature = sign(null, new TextEncoder().encode(text), secret.key);
  return `${secret.name}:${new Uint8Array(signature).toBase64()}`;
}

/** The key name of a well-formed `name:base64(64 bytes)`, else undefined. */
export function signatureKeyName(signature: string): string | undefined {
  const parts = splitKeyed(signature);
  return parts?.bytes.length === SIGNATURE_BYTES ? parts.name : undefined;
}

/** True when one of `keys` made `signature` of `text`. */
export function verifySignature(
  text: string,
  signature: string,
  keys: readonly PublicKey[],
): boolean {
  const parts = splitKeyed(signature);
  if (parts === null || parts.bytes.length !== SIGNATURE_BYTES) return false;
  const message = new TextEncoder().encode(text);
  return keys.some((key) =>
    key.name === parts.name && verifies(message, key.key, parts.bytes)
  );
}
