/**
 * What the master's wire side is built on, and who calls. Every capability
 * asks its {@linkcode Check} again on each call, so that a token that is
 * revoked or expires ends at once, also for sessions that were open before.
 *
 * @module
 */
import type { Identity, TokenTable } from "../auth/mod.ts";
import type { AnonymousRole } from "../config/mod.ts";
import { AppError } from "../model/errors.ts";
import { Counter } from "../model/ids.ts";
import { parseWith } from "../model/parse.ts";
import type { Clock, Random } from "../model/ports.ts";
import type { MasterService } from "./service.ts";

/** What the wire side is built on. */
export interface RpcDeps {
  service: MasterService;
  tokens: Pick<
    TokenTable,
    "authenticate" | "create" | "enrol" | "list" | "revoke"
  >;
  anonymousRole: AnonymousRole;
  version: string;
  clock: Clock;
  random: Random;
  /** Called when the peer has logged in: from then on it may send large messages. */
  onLogin?: () => void;
}

/** Who calls now; throws once the token is worth nothing or may not do this. */
export type Check = () => Identity;

/** A 64-bit value as a number. */
export function counter(value: number | bigint, what: string): number {
  return parseWith(Counter, value, { what });
}

/** A method of the schema that this master does not have. */
export function notThere(): never {
  throw new AppError("unavailable", "This master does not offer that");
}
