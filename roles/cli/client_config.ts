/**
 * The client's configuration: which master and services, with which tokens.
 * Flags win over the environment, that over the file.
 *
 * @module
 */
import { dirname } from "node:path";
import { z } from "zod";
import {
  clientConfigPath,
  DEFAULT_PORTS,
  type Environment,
  loadConfig,
  readTokens,
} from "../config/mod.ts";
import { writeFileAtomic } from "../files/mod.ts";
import { loadCa } from "../auth/mod.ts";
import { AppError } from "../model/errors.ts";
import { parseMasterUrl } from "./core/master_url.ts";
import type { MasterTarget } from "./master_client.ts";

/** The services that are spoken to over HTTP. */
export const HTTP_SERVICES = ["hub", "ci", "cache", "worker"] as const;
export type HttpService = typeof HTTP_SERVICES[number];

const Place = z.strictObject({
  url: z.string().max(4096),
  token: z.string().max(255).optional(),
});

/** `client.json` */
export const ClientConfig = z.strictObject({
  /** The master's RPC URL. */
  master: z.string().max(4096).optional(),
  token: z.string().max(255).optional(),
  caFile: z.string().max(4096).optional(),
  /** Other services, for `token --service`. */
  services: z.strictObject({
    hub: Place.optional(),
    ci: Place.optional(),
    cache: Place.optional(),
    worker: Place.optional(),
  }).default({}),
});
export type ClientConfig = z.output<typeof ClientConfig>;

/** The flags that every client command has. */
export interface ClientFlags {
  master?: string | undefined;
  tokenFile?: string | undefined;
  caFile?: string | undefined;
  client?: string | undefined;
}

/** Where the client's configuration is: `--client`, `PROCURATOR_CLIENT`, or the user's own. */
export function clientFile(flags: ClientFlags, env: Environment): string {
  return flags.client ?? env["PROCURATOR_CLIENT"] ?? clientConfigPath(env);
}

/** The configuration in the file; empty when there is none and none was asked for. */
export async function readClientConfig(
  flags: ClientFlags,
  env: Environment,
): Promise<ClientConfig> {
  const file = clientFile(flags, env);
  try {
    return await loadConfig(ClientConfig, { file, overrides: {} });
  } catch (error) {
    const absent = error instanceof AppError && error.code === "not_found";
    if (absent && flags.client === undefined) return ClientConfig.parse({});
    throw error;
  }
}

/** Writes the configuration, mode 0600, directories included. */
export async function writeClientConfig(
  file: string,
  config: z.input<typeof ClientConfig>,
): Promise<void> {
  await Deno.mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFileAtomic(file, `${JSON.stringify(config, null, 2)}\n`, {
    mode: 0o600,
  });
}

async function tokenFor(
  service: string,
  flags: ClientFlags,
  env: Environment,
): Promise<string | undefined> {
  if (flags.tokenFile !== undefined) {
    return (await readTokens(flags.tokenFile))(service);
  }
  const fromEnv = env["PROCURATOR_TOKEN"];
  return fromEnv === undefined || fromEnv === "" ? undefined : fromEnv;
}

/** Which master, as whom. Loopback when nothing says otherwise. */
export async function masterTarget(
  flags: ClientFlags,
  env: Environment,
): Promise<MasterTarget> {
  const config = await readClientConfig(flags, env);
  const url = flags.master ?? (env["PROCURATOR_MASTER"] || undefined) ??
    config.master ?? `tcp://127.0.0.1:${DEFAULT_PORTS.masterRpc}`;
  return {
    url: parseMasterUrl(url),
    token: await tokenFor("master", flags, env) ?? config.token,
    caCert: await loadCa(flags.caFile ?? config.caFile),
  };
}

/** Which HTTP service, as whom. */
export async function serviceTarget(
  service: HttpService,
  flags: ClientFlags & { url?: string | undefined },
  env: Environment,
): Promise<MasterTarget> {
  const config = await readClientConfig(flags, env);
  const place = config.services[service];
  return {
    url: flags.url ?? place?.url ??
      `http://127.0.0.1:${DEFAULT_PORTS[service]}`,
    token: await tokenFor(service, flags, env) ?? place?.token,
    caCert: await loadCa(flags.caFile ?? config.caFile),
  };
}
