/**
 * The tokens that `dev`'s roles show each other, and the one of its client.
 *
 * Each service keeps its own table, as on separate machines. The texts are
 * kept in one file of mode 0600 so that a restart does not make new ones.
 *
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import { openTokenTable, type TokenRequest } from "../auth/mod.ts";
import { systemClock, systemRandom } from "../clock/mod.ts";
import { readSmallFile } from "../config/mod.ts";
import { writeFileAtomic } from "../files/mod.ts";
import { parseJsonWith } from "../model/parse.ts";
import { AppError } from "../model/errors.ts";
import { TOKEN_SERVICES, type TokenService } from "./core/layout.ts";

/** Four services with five tokens each. */
const MAX_SECRETS_BYTES = 64 * 1024;

/** Who shows a token, and the role it has at each service. */
const HOLDERS = {
  client: { master: "admin", hub: "admin", ci: "admin", cache: "admin" },
  master: { cache: "viewer" },
  cache: { master: "viewer", ci: "viewer" },
  ci: { master: "publisher", hub: "viewer", cache: "publisher" },
  hub: { master: "viewer", ci: "publisher" },
  worker: { master: "worker", cache: "viewer" },
} as const satisfies Record<
  string,
  Partial<Record<TokenService, TokenRequest["role"]>>
>;
export type Holder = keyof typeof HOLDERS;

const Secrets = z.record(z.string(), z.record(z.string(), z.string()));
export type Secrets = Record<Holder, Partial<Record<TokenService, string>>>;

async function readSecrets(
  file: string,
): Promise<z.output<typeof Secrets>> {
  try {
    const what = "the tokens of dev";
    const text = await readSmallFile(file, {
      what,
      maxBytes: MAX_SECRETS_BYTES,
    });
    return parseJsonWith(Secrets, text, { what });
  } catch (error) {
    if (error instanceof AppError && error.code === "not_found") return {};
    throw error;
  }
}

function isKnown(
  table: ReturnType<typeof openTokenTable>,
  token: string | undefined,
): token is string {
  if (token === undefined) return false;
  try {
    table.authenticate(token, systemClock.now());
    return true;
  } catch (error) {
    if (error instanceof AppError && error.code === "unauthenticated") {
      return false;
    }
    throw error;
  }
}

/** The tokens of `stateDir`; those that are missing or revoked are made anew. */
export async function ensureSecrets(
  stateDir: string,
  file: string,
): Promise<Secrets> {
  const known = await readSecrets(file);
  const secrets: Record<string, Record<string, string>> = {};
  for (const service of TOKEN_SERVICES) {
    const directory = join(stateDir, service);
    await Deno.mkdir(directory, { recursive: true, mode: 0o700 });
    const table = openTokenTable(directory);
    try {
      for (const [holder, roles] of Object.entries(HOLDERS)) {
        const role =
          (roles as Partial<Record<TokenService, TokenRequest["role"]>>)[
            service
          ];
        if (role === undefined) continue;
        const old = known[holder]?.[service];
        (secrets[holder] ??= {})[service] = isKnown(table, old)
          ? old
          : table.create(
            { role, name: `dev ${holder}` },
            { now: systemClock.now(), random: systemRandom },
          ).token;
      }
    } finally {
      table.close();
    }
  }
  await writeFileAtomic(file, JSON.stringify(secrets, null, 2) + "\n", {
    mode: 0o600,
  });
  return secrets as Secrets;
}

/** The lines of a role's token file: `SERVICE TOKEN`. */
export function tokenFileText(
  tokens: Partial<Record<TokenService, string>>,
): string {
  return Object.entries(tokens).map(([service, token]) =>
    `${service} ${token}\n`
  ).join("");
}
