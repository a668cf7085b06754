/**
 * What is asked of a table of tokens and what it answers: the port, and what
 * makes a request unreasonable. Reads no table.
 *
 * @module
 */
import { z } from "zod";
import { Name } from "../model/ids.ts";
import type { Random } from "../model/ports.ts";
import { type Identity, TOKEN_ROLES } from "./core/token.ts";

const DAY_MS = 24 * 3600 * 1000;
/** Of a one-time token: what lies around for longer is found by somebody else. */
export const MAX_ONE_TIME_MS = 30 * DAY_MS;

/** What asking for a token looks like, over HTTP and RPC alike. */
export const TokenRequest = z.strictObject({
  role: z.enum(TOKEN_ROLES),
  /** For people: whose it is. */
  name: z.string().trim().min(1).max(255),
  /** Milliseconds since the Unix epoch; absent: never expires. */
  expiresAtMs: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
  /** Logs nobody in; is exchanged once for a worker's own. */
  oneTime: z.boolean().optional(),
});
export type TokenRequest = z.output<typeof TokenRequest>;

/** A token without its secret. */
export const TokenInfo = z.strictObject({
  id: z.string(),
  role: z.enum(TOKEN_ROLES),
  name: z.string(),
  createdAtMs: z.number().int(),
  expiresAtMs: z.number().int().nullable(),
  oneTime: z.literal(true).optional(),
  /** The only worker it may act as, or that a one-time token was used up by. */
  worker: z.string().optional(),
});
export type TokenInfo = z.output<typeof TokenInfo>;

/** Asking for a worker's own token. */
export const EnrolRequest = z.strictObject({
  /** The one-time token. */
  token: z.string().max(255),
  worker: Name,
  proof: z.string().regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hex digits"),
});
export type EnrolRequest = z.output<typeof EnrolRequest>;

/** What enrolling came to. */
export interface Enrolled {
  token: string;
  info: TokenInfo;
  /** Of the one-time token. */
  usedId: string;
  /** It was answered before: the same answer again. */
  isRepeat: boolean;
}

/** The tokens of one service. */
export interface TokenTable {
  /** Makes a token; its text is shown only now. */
  create(
    request: TokenRequest,
    source: { now: number; random: Random },
  ): { token: string; info: TokenInfo };
  /**
   * Exchanges a one-time token for a worker's own, which uses it up: on disk
   * when this returns. The same request again is answered the same until the
   * one-time token expires, so that a lost answer costs nothing.
   *
   * @throws {AppError} `unauthenticated`, or `refused` when another request has used it up.
   */
  enrol(
    request: EnrolRequest,
    source: { now: number; random: Random },
  ): Enrolled;
  /** All tokens that are not revoked, oldest first; expired ones too. */
  list(): TokenInfo[];
  /**
   * Ends a token at once.
   *
   * @throws {AppError} `not_found`
   */
  revoke(id: string): void;
  /**
   * Who has this token.
   *
   * @throws {AppError} `unauthenticated`
   */
  authenticate(token: string, nowMs: number): Identity;
  /** True when no token was ever made, or all were revoked. */
  isEmpty(): boolean;
  close(): void;
}

/** What makes a request for a token unreasonable, as its second half; null when nothing does. */
export function objectionTo(
  { role, expiresAtMs, oneTime }: TokenRequest,
  now: number,
): string | null {
  if (expiresAtMs !== undefined && expiresAtMs <= now) {
    return "it would have expired already";
  }
  if (oneTime !== true) return null;
  if (role !== "worker") {
    return "only a token of the role worker can be a one-time token";
  }
  return expiresAtMs === undefined || expiresAtMs - now > MAX_ONE_TIME_MS
    ? `a one-time token expires, within ${MAX_ONE_TIME_MS / DAY_MS} days`
    : null;
}
