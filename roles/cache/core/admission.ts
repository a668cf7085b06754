/**
 * Decides whether an uploaded narinfo becomes part of the cache, and in what
 * form. Judges by what the server itself computed from the uploaded nar.
 * Never reads or writes anything.
 *
 * @module
 */
import { AppError } from "../../model/errors.ts";
import {
  MAX_SIGNATURES,
  type NarInfo,
  narInfoFingerprint,
} from "../../nar/core/narinfo.ts";
import {
  type PublicKey,
  type SecretKey,
  signatureKeyName,
  signText,
  verifySignature,
} from "../../nar/core/signature.ts";

/** What the server found out about a nar while it was uploaded. */
export interface NarRecord {
  file: string;
  fileSize: number;
  narHash: string;
  narSize: number;
}

/** All there is to know for the decision. */
export interface AdmissionFacts {
  uploaded: NarInfo;
  /** The nar that `uploaded.file` names, undefined when it is not here. */
  nar: NarRecord | undefined;
  /** What the cache has under this hash already. */
  present: NarInfo | undefined;
  /** References of `uploaded`, itself excluded, that the cache does not have. */
  missingReferences: readonly string[];
}

/** Who signs, and whose signature an upload needs (nobody's when empty). */
export interface AdmissionKeys {
  signing: readonly SecretKey[];
  trusted: readonly PublicKey[];
}

/** References named in one message. */
const MAX_NAMED = 5;

function refuseMismatch(
  where: string,
  what: string,
  stated: string | number,
  found: string | number,
): never {
  throw new AppError(
    "invalid",
    `Cannot accept ${where}: its ${what} is ${stated}, the uploaded nar has ${found}`,
    {
      hint:
        "verify the local path with nix store verify, repair it and push again",
    },
  );
}

function checkNar(facts: AdmissionFacts): void {
  const { uploaded, nar } = facts;
  const where = uploaded.base;
  if (nar === undefined) {
    throw new AppError(
      "refused",
      `Cannot accept ${where}: its nar/${uploaded.file} is not in the cache`,
      { hint: "upload the nar before its narinfo, as nix copy does" },
    );
  }
  if (uploaded.fileSize !== nar.fileSize) {
    refuseMismatch(where, "FileSize", uploaded.fileSize, nar.fileSize);
  }
  if (uploaded.narHash !== nar.narHash) {
    refuseMismatch(where, "NarHash", uploaded.narHash, nar.narHash);
  }
  if (uploaded.narSize !== nar.narSize) {
    refuseMismatch(where, "NarSize", uploaded.narSize, nar.narSize);
  }
}

function checkReferences(facts: AdmissionFacts): void {
  const missing = facts.missingReferences;
  if (missing.length === 0) return;
  const more = missing.length > MAX_NAMED
    ? ` and ${missing.length - MAX_NAMED} more`
    : "";
  throw new AppError(
    "refused",
    `Cannot accept ${facts.uploaded.base}: the cache lacks its references ${
      missing.slice(0, MAX_NAMED).join(", ")
    }${more}`,
    {
      // nix keeps for 30 days what it was told is here, and does not push that again.
      hint:
        "push the whole closure: nix copy without --no-recursive; what was deleted here since: with --option narinfo-cache-positive-ttl 0",
    },
  );
}

/** In whatever order they are said. */
function sameReferences(one: NarInfo, other: NarInfo): boolean {
  const sorted = ({ references }: NarInfo) =>
    [...new Set(references)].sort().join(" ");
  return sorted(one) === sorted(other);
}

/**
 * What a path is never changes: who was told of it may have fetched it, and a
 * collection keeps what its references name. How its nar is packed and who
 * signed it may.
 */
function checkPresent({ present, uploaded }: AdmissionFacts): void {
  if (present === undefined) return;
  if (present.narHash !== uploaded.narHash) {
    throw new AppError(
      "conflict",
      `Cannot accept ${uploaded.base}: the cache has it with the NarHash ${present.narHash}, not ${uploaded.narHash}`,
      {
        hint:
          "the build is not reproducible; use the cache's copy with nix copy --from",
      },
    );
  }
  if (sameReferences(present, uploaded)) return;
  const has = new Set(present.references);
  const says = new Set(uploaded.references);
  const added = [...says].filter((base) => !has.has(base));
  const lacking = [...has].filter((base) => !says.has(base));
  throw new AppError(
    "conflict",
    `Cannot accept ${uploaded.base}: the cache has it with other references (${
      [
        ...added.slice(0, MAX_NAMED).map((base) => `${base} is new`),
        ...lacking.slice(0, MAX_NAMED).map((base) => `${base} is gone`),
      ].join(", ")
    })`,
    {
      hint:
        "verify the local path with nix store verify; if the cache's is wrong, an admin deletes it: procurator cache delete PATH",
    },
  );
}

function mergeSignatures(facts: AdmissionFacts, keys: AdmissionKeys): string[] {
  const { uploaded, present } = facts;
  const fingerprint = narInfoFingerprint(uploaded);
  const own = keys.signing.map((key) => key.public);
  const known = [...own, ...keys.trusted];
  const names = new Set(known.map((key) => key.name));
  const trusted = (signature: string) =>
    verifySignature(fingerprint, signature, keys.trusted);
  if (keys.trusted.length > 0 && !uploaded.signatures.some(trusted)) {
    throw new AppError(
      "refused",
      `Cannot accept ${uploaded.base}: none of its ${uploaded.signatures.length} signatures is a valid one of ${
        keys.trusted.map((key) => key.name).join(", ")
      }`,
      { hint: "sign it: nix store sign --key-file FILE, and push again" },
    );
  }
  // Signatures of unknown keys are kept for clients who know them; a wrong one
  // under a known name (an older key of this cache) would only mislead.
  const kept = [...uploaded.signatures, ...present?.signatures ?? []].filter(
    (signature) =>
      !names.has(signatureKeyName(signature) ?? "") ||
      verifySignature(fingerprint, signature, known),
  );
  const ours = keys.signing.map((key) => signText(fingerprint, key));
  return [...new Set([...ours, ...kept])].slice(0, MAX_SIGNATURES);
}

/**
 * The narinfo to store: what was uploaded, signed by this cache, with the
 * signatures of the client and of an earlier upload.
 *
 * @throws {AppError} `invalid` when it lies about its nar, `refused` when the
 * nar, a reference or a trusted signature is missing, `conflict` when the path
 * is here with other contents.
 */
export function admitNarInfo(
  facts: AdmissionFacts,
  keys: AdmissionKeys,
): NarInfo {
  checkNar(facts);
  checkPresent(facts);
  checkReferences(facts);
  return { ...facts.uploaded, signatures: mergeSignatures(facts, keys) };
}
