/**
 * The master's token table over the wire.
 *
 * @module
 */
import type { TokensServer } from "../../rpc/generated/master.ts";
import { TokenRequest } from "../auth/mod.ts";
import { parseWith } from "../model/parse.ts";
import type { Check, RpcDeps } from "./rpc_deps.ts";

export function tokensOf(
  { tokens, clock, random }: RpcDeps,
  check: Check,
): TokensServer {
  return {
    create({ role, name, expiresAtMs }) {
      check();
      const request = parseWith(TokenRequest, {
        role,
        name,
        ...(expiresAtMs === 0 ? {} : { expiresAtMs }),
      }, { what: "the token that is asked for" });
      const made = tokens.create(request, { now: clock.now(), random });
      return { token: made.token, id: made.info.id };
    },
    list() {
      check();
      return {
        tokens: tokens.list().map((info) => ({
          ...info,
          expiresAtMs: info.expiresAtMs ?? 0,
        })),
      };
    },
    revoke({ id }) {
      check();
      tokens.revoke(id);
    },
  };
}
