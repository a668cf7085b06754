/**
 * The part of the configuration that every serving role has, and the ports.
 *
 * @module
 */
import { z } from "zod";
import { defaultRunDir, defaultStateDir } from "./core/places.ts";
import { isLocalListen, parseListen } from "./core/listen.ts";

/** The roles that serve. */
export const SERVICES = ["master", "worker", "ci", "cache", "hub"] as const;
export type Service = typeof SERVICES[number];

/** Design: fixed so that hosts find each other; `--port-base 0` picks free ones. */
export const DEFAULT_PORTS = {
  hub: 3001,
  masterRpc: 6440,
  master: 6441,
  worker: 6443,
  ci: 6444,
  cache: 6445,
} as const;

/** The levels of `--log-level`. */
export const LogLevel = z.enum(["trace", "debug", "info", "warning", "error"]);

/** A `--listen` text that parses. */
export const ListenText = z.string().superRefine((text, context) => {
  try {
    parseListen(text);
  } catch (error) {
    context.addIssue({
      code: "custom",
      message: error instanceof Error ? error.message : String(error),
    });
  }
});

const FilePath = z.string().min(1).max(4096);

/**
 * The zod shape that every serving role spreads into its `z.strictObject`:
 *
 * - `stateDir`: the role's own directory, by default `STATE/ROLE`
 * - `runDir`: the role's own directory for sockets and what a reboot ends
 * - `tokenFile`: tokens this role shows to others ({@linkcode readTokens})
 * - `tlsCert`, `tlsKey`: PEM files, both or none; `caFile`: the CA this role trusts for others
 * - `anonymousRole`: see {@linkcode anonymousRoleOf}
 */
export function serverConfigShape(role: Service, port: number) {
  return {
    stateDir: FilePath.default(() =>
      `${defaultStateDir(Deno.env.toObject())}/${role}`
    ),
    runDir: FilePath.default(() =>
      `${defaultRunDir(Deno.env.toObject())}/${role}`
    ),
    listen: ListenText.default(`127.0.0.1:${port}`),
    tokenFile: FilePath.optional(),
    tlsCert: FilePath.optional(),
    tlsKey: FilePath.optional(),
    caFile: FilePath.optional(),
    anonymousRole: z.enum(["none", "viewer"]).optional(),
    logLevel: LogLevel.default("info"),
  };
}

/** What {@linkcode serverConfigShape} parses to. */
export type ServerConfig = z.output<
  z.ZodObject<ReturnType<typeof serverConfigShape>>
>;

/** What a request without a token may do. `local`: a viewer when the request names this host, which no other site's page can make a browser do. */
export type AnonymousRole = "none" | "viewer" | "local";

/** What a request without a token may do: as configured, else `local` where only this host can connect. */
export function anonymousRoleOf(
  config: Pick<ServerConfig, "listen" | "anonymousRole">,
): AnonymousRole {
  return config.anonymousRole ??
    (isLocalListen(parseListen(config.listen)) ? "local" : "none");
}

/** The ports of all services from `base` on; all 0, which picks free ones, for 0. */
export function portsFrom(
  base: number,
): Record<keyof typeof DEFAULT_PORTS, number> {
  const at = (offset: number) => base === 0 ? 0 : base + offset;
  return {
    masterRpc: at(0),
    master: at(1),
    worker: at(3),
    ci: at(4),
    cache: at(5),
    hub: at(6),
  };
}
