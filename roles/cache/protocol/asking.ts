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
import type { Metadata } from "../storage/metadata.ts";

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

/**
 * Before somebody is told that something is here: who may publish does not push
 * that again, so what another push has just brought has to be on disk first.
 */
export async function tellWhatLasts(
  c: Context<AppEnv>,
  metadata: Pick<Metadata, "isLasting" | "lasting">,
): Promise<void> {
  if (!metadata.isLasting && askingOf(c).lasting) await metadata.lasting();
}
