/**
 * Judges a path that arrives: who signed it, and whether its file is the one
 * that its narinfo names. Pure.
 *
 * Says nothing of the NarHash: nix computes that while it unpacks, and takes
 * the path for valid only if it is the signed one.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { type NarInfo, narInfoFingerprint } from "../../nar/core/narinfo.ts";
import { formatSha256 } from "../../nar/core/sha256.ts";
import { type PublicKey, verifySignature } from "../../nar/core/signature.ts";
import { AppError } from "../../model/errors.ts";

function refuse(base: string, why: string): never {
  throw new AppError("refused", `Cannot take ${base} from the cache: ${why}`, {
    hint: "look whether the cache is what it should be: procurator cache fsck",
  });
}

/** @throws {AppError} `refused` unless one of `keys` signed what `info` says. */
export function requireSignature(
  info: NarInfo,
  keys: readonly PublicKey[],
): void {
  const fingerprint = narInfoFingerprint(info);
  const isSigned = info.signatures.some((signature) =>
    verifySignature(fingerprint, signature, keys)
  );
  if (isSigned) return;
  throw new AppError(
    "refused",
    `Cannot take ${info.base} from the cache: it is not signed by any of ${
      keys.map(({ name }) => name).join(", ") || "no keys"
    }`,
    { hint: "check that the cache's public key is among cachePublicKeys" },
  );
}

/** One path's bytes. */
export class PathCheck {
  readonly #info: NarInfo;
  readonly #hash = createHash("sha256");
  #packed = 0;
  #unpacked = 0;

  /** @throws {AppError} `refused` when nobody who is trusted signed it. */
  constructor(info: NarInfo, keys: readonly PublicKey[]) {
    requireSignature(info, keys);
    this.#info = info;
  }

  /** Bytes of the file. */
  packed(bytes: Uint8Array): void {
    this.#packed += bytes.length;
    this.#hash.update(bytes);
  }

  /** @throws {AppError} `refused` beyond the signed size: what unpacks to more is not stored. */
  unpacked(bytes: number): void {
    this.#unpacked += bytes;
    const { base, narSize } = this.#info;
    if (this.#unpacked > narSize) {
      refuse(base, `it unpacks to more than the ${narSize} bytes signed`);
    }
  }

  /** @throws {AppError} `refused` when the file is another one. */
  end(): void {
    const { base, fileHash, fileSize, narSize } = this.#info;
    const found = formatSha256(new Uint8Array(this.#hash.digest()));
    if (this.#packed !== fileSize || found !== fileHash) {
      refuse(base, `its file has the hash ${found}, not ${fileHash}`);
    }
    if (this.#unpacked !== narSize) {
      refuse(
        base,
        `it unpacks to ${this.#unpacked} bytes, not the ${narSize} signed`,
      );
    }
  }
}
