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
  { tokens, clock, random, service }: RpcDeps,
  check: Check,
): TokensServer {
  return {
    async create({ role, name, expiresAtMs, oneTime }) {
      const by = check();
      const request = parseWith(TokenRequest, {
        role,
        name,
        ...(expiresAtMs === 0 ? {} : { expiresAtMs }),
        ...(oneTime ? { oneTime } : {}),
      }, { what: "the token that is asked for" });
      const made = tokens.create(request, { now: clock.now(), random });
      try {
        await service.recordToken(by, "created", made.info);
      } catch (error) {
        // What is not on record must not be worth anything.
        tokens.revoke(made.info.id);
        throw error;
      }
      return { token: made.token, id: made.info.id };
    },
    list() {
      check();
      return {
        tokens: tokens.list().map((info) => ({
          ...info,
          expiresAtMs: info.expiresAtMs ?? 0,
          oneTime: info.oneTime === true,
          worker: info.worker ?? "",
        })),
      };
    },
    async revoke({ id }) {
      const by = check();
      const info = tokens.list().find((token) => token.id === id);
      tokens.revoke(id);
      if (info !== undefined) await service.recordToken(by, "revoked", info);
    },
  };
}
