/**
 * For whom the other sources are asked: what a request says of that.
 *
 * @module
 */
import type { Context } from "hono";
import { mayActAs } from "../../auth/mod.ts";
import { type AppEnv, identityOf } from "../../http/mod.ts";
import { parseVia } from "../sources/core/via.ts";
import type { Asking } from "../sources/source.ts";

/**
 * Who may publish is told only of what lasts: nix does not push what it is told
 * of, and a path of this machine's nix store goes when that is collected.
 */
export function askingOf(c: Context<AppEnv>): Asking {
  return {
    chain: parseVia(c.req.header("via")),
    lasting: mayActAs(identityOf(c).role, "publisher"),
  };
}
