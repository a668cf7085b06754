/**
 * Tokens of a simulated cluster, in memory: the real table asks its file on
 * every call, which is not what is simulated.
 *
 * @module
 */
import { type Identity, TOKEN_ROLES } from "../../roles/auth/mod.ts";
import type { RpcDeps } from "../../roles/master/rpc_server.ts";
import { AppError } from "../../roles/model/errors.ts";

/** The token of a role is its name. */
const IDENTITIES: ReadonlyMap<string, Identity> = new Map(
  TOKEN_ROLES.map((role) => [role, { role, name: role, tokenId: role }]),
);

export const simulatedTokens: RpcDeps["tokens"] = {
  authenticate(token) {
    const identity = IDENTITIES.get(token);
    if (identity !== undefined) return identity;
    throw new AppError("unauthenticated", "This token is unknown");
  },
  create() {
    throw new AppError("refused", "The simulated tokens are fixed");
  },
  enrol() {
    throw new AppError("refused", "The simulated tokens are fixed");
  },
  list: () => [],
  revoke() {
    throw new AppError("refused", "The simulated tokens are fixed");
  },
};
