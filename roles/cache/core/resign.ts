/**
 * Which signatures of ours a stored narinfo lacks, and the name of the key
 * that follows one. Never reads or writes anything.
 *
 * @module
 */
import {
  formatNarInfo,
  MAX_SIGNATURES,
  narInfoFingerprint,
  parseNarInfo,
} from "../../nar/core/narinfo.ts";
import {
  type SecretKey,
  signatureKeyName,
  signText,
  verifySignature,
} from "../../nar/core/signature.ts";

/**
 * `text` with a valid signature of each of `keys`; the very same text when it
 * has them. Wrong ones under the name of a key that signs here are replaced.
 *
 * @throws {AppError} `invalid` when it is no narinfo of that path.
 */
export function signedByAll(
  text: string,
  expected: { hash: string; storeDir: string },
  keys: readonly SecretKey[],
): string {
  const info = parseNarInfo(text, expected);
  const fingerprint = narInfoFingerprint(info);
  const lacking = keys.filter((key) =>
    !info.signatures.some((signature) =>
      verifySignature(fingerprint, signature, [key.public])
    )
  );
  if (lacking.length === 0) return text;
  const names = new Set(lacking.map(({ name }) => name));
  const kept = info.signatures.filter((signature) =>
    !names.has(signatureKeyName(signature) ?? "")
  );
  const made = lacking.map((key) => signText(fingerprint, key));
  const signatures = [...made, ...kept].slice(0, MAX_SIGNATURES);
  return formatNarInfo({ ...info, signatures });
}

/** `cache-2` after `cache-1`, and after `cache`; none of `taken`. */
export function nextKeyName(name: string, taken: readonly string[]): string {
  const match = /^(.*)-(\d{1,9})$/.exec(name);
  const stem = match?.[1] ?? name;
  let number = Number(match?.[2] ?? 1) + 1;
  while (taken.includes(`${stem}-${number}`)) number++;
  return `${stem}-${number}`;
}
