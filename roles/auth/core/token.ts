/**
 * What a token looks like and what its role may do. Pure: secrets come from
 * outside, hashing is synchronous.
 *
 * @module
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { AppError } from "../../model/errors.ts";

/** The roles a token can have. */
export const TOKEN_ROLES = [
  "viewer",
  "operator",
  "publisher",
  "worker",
  "admin",
] as const;
export type TokenRole = typeof TOKEN_ROLES[number];

/** Hex digits of the public part: 64 bits, so that ids of one table never meet. */
export const TOKEN_ID_CHARS = 16;
/** Hex digits of the secret part: 256 bits, which is why a plain sha256 is enough to store. */
export const TOKEN_SECRET_CHARS = 64;

/** The parts of a token. */
export interface Token {
  role: TokenRole;
  id: string;
  secret: string;
}

/** Who calls. The anonymous caller has no tokenId. */
export interface Identity {
  role: TokenRole;
  name: string;
  tokenId: string;
  /** The only worker it may act as; absent: any. */
  worker?: string;
}

/** Each role may do what these roles may. */
const MAY_ACT_AS = {
  viewer: ["viewer"],
  operator: ["operator", "viewer"],
  publisher: ["publisher", "viewer"],
  worker: ["worker", "viewer"],
  admin: TOKEN_ROLES,
} as const satisfies Record<TokenRole, readonly TokenRole[]>;

/** True when a token of `role` may do what `needed` may. */
export function mayActAs(role: TokenRole, needed: TokenRole): boolean {
  const may: readonly TokenRole[] = MAY_ACT_AS[role];
  return may.includes(needed);
}

/**
 * Refuses what the role may not do.
 *
 * @throws {AppError} `denied`, naming both roles.
 */
export function assertMayActAs(
  identity: Identity,
  needed: TokenRole,
  what: string,
): void {
  if (mayActAs(identity.role, needed)) return;
  throw new AppError(
    "denied",
    `Cannot ${what}: ${
      identity.tokenId === "" ? "without a token" : "with this token"
    } the role is ${identity.role}, it takes ${needed}`,
    { hint: `use a token of the role ${needed}` },
  );
}

/**
 * Refuses a token that is another worker's own.
 *
 * @throws {AppError} `denied`.
 */
export function assertMayBeWorker(identity: Identity, worker: string): void {
  if (identity.worker === undefined || identity.worker === worker) return;
  throw new AppError(
    "denied",
    `Cannot act as worker "${worker}": this token belongs to worker "${identity.worker}"`,
    {
      hint:
        `enrol "${worker}" with a one-time token of its own: procurator worker enroll`,
    },
  );
}

/** True for the name of a role. */
export function isTokenRole(text: string): text is TokenRole {
  return (TOKEN_ROLES as readonly string[]).includes(text);
}

/** `pcr_<role>_<id>_<secret>` */
export function formatToken(token: Token): string {
  return `pcr_${token.role}_${token.id}_${token.secret}`;
}

/** The parts of a token, or null for any other text. */
export function parseToken(text: string): Token | null {
  const match = /^pcr_([a-z]{1,16})_([0-9a-f]{16})_([0-9a-f]{64})$/.exec(text);
  const [, role, id, secret] = match ?? [];
  if (role === undefined || id === undefined || secret === undefined) {
    return null;
  }
  return isTokenRole(role) ? { role, id, secret } : null;
}

/**
 * The secret that a one-time token's becomes for who shows `proof`. A function
 * of both, so that an answer that was lost can be given again, and nobody who
 * knows only one of them can be given it.
 */
export function enrolledSecret(oneTimeSecret: string, proof: string): string {
  return createHash("sha256").update(`enrol ${oneTimeSecret} ${proof}`)
    .digest("hex");
}

/** What is stored of a secret. */
export function hashSecret(secret: string): Uint8Array {
  return new Uint8Array(createHash("sha256").update(secret).digest());
}

/** Compares in constant time. */
export function sameSecret(secret: string, stored: Uint8Array): boolean {
  const hash = hashSecret(secret);
  return stored.byteLength === hash.byteLength && timingSafeEqual(hash, stored);
}
