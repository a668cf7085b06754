/**
 * How `dev` lays the roles out on one machine: directories, ports, URLs and
 * the configuration of each role, as values.
 *
 * @module
 */
import { join } from "node:path";
import type { DEFAULT_PORTS } from "../../config/mod.ts";

/** The roles that `dev` runs, in the order they start: each finds those before it. */
export const DEV_ROLES = ["cache", "master", "hub", "ci", "worker"] as const;
export type DevRole = typeof DEV_ROLES[number];

/** The roles that have a table of tokens a client may need. */
export const TOKEN_SERVICES = ["master", "hub", "ci", "cache"] as const;
export type TokenService = typeof TOKEN_SERVICES[number];

/** A port for each listener. */
export type DevPorts = Record<keyof typeof DEFAULT_PORTS, number>;

/** What the layout depends on. */
export interface LayoutInput {
  stateDir: string;
  runDir: string;
  ports: DevPorts;
  driver?: string;
  logLevel?: string;
}

/** Where everything is. */
export interface Layout {
  /** What a reboot ends: the worker's VMs. */
  runDir: string;
  urls: {
    hub: string;
    masterRpc: string;
    master: string;
    worker: string;
    ci: string;
    cache: string;
  };
  /** The token file of each role that calls others. */
  tokenFiles: Record<DevRole, string>;
  /** What the CLI reads. */
  clientConfigFile: string;
  /** Holds `procurator`, a client of this `dev`: to be put into PATH. */
  commandDir: string;
  /** `dev`'s own tokens, to be the same after a restart. */
  secretsFile: string;
}

/** Directories, URLs and files of a `dev`. */
export function layoutOf(input: LayoutInput): Layout {
  const { ports, stateDir } = input;
  const http = (port: number) => `http://127.0.0.1:${port}`;
  return {
    runDir: input.runDir,
    urls: {
      hub: http(ports.hub),
      masterRpc: `tcp://127.0.0.1:${ports.masterRpc}`,
      master: http(ports.master),
      worker: http(ports.worker),
      ci: http(ports.ci),
      cache: http(ports.cache),
    },
    tokenFiles: {
      master: join(stateDir, "dev", "master.tokens"),
      cache: join(stateDir, "dev", "cache.tokens"),
      ci: join(stateDir, "dev", "ci.tokens"),
      hub: join(stateDir, "dev", "hub.tokens"),
      worker: join(stateDir, "dev", "worker.tokens"),
    },
    clientConfigFile: join(stateDir, "client.json"),
    commandDir: join(stateDir, "bin"),
    secretsFile: join(stateDir, "dev", "secrets.json"),
  };
}

/** The configuration of each role, to be parsed by its own schema. */
export function configsOf(
  input: LayoutInput,
  extra: { cachePublicKeys: readonly string[] },
): Record<DevRole, Record<string, unknown>> {
  const { urls, tokenFiles } = layoutOf(input);
  const base = (role: DevRole) => ({
    stateDir: join(input.stateDir, role),
    runDir: join(input.runDir, role),
    listen: `127.0.0.1:${input.ports[role]}`,
    ...(input.logLevel === undefined ? {} : { logLevel: input.logLevel }),
  });
  return {
    cache: {
      ...base("cache"),
      tokenFile: tokenFiles.cache,
      masterUrl: urls.masterRpc,
      ciUrl: urls.ci,
    },
    master: {
      ...base("master"),
      tokenFile: tokenFiles.master,
      cacheUrl: urls.cache,
      rpcListen: `127.0.0.1:${input.ports.masterRpc}`,
    },
    ci: {
      ...base("ci"),
      tokenFile: tokenFiles.ci,
      nixStore: join(input.stateDir, "ci", "store"),
      hubUrl: urls.hub,
      cacheUrl: urls.cache,
      masterUrl: urls.masterRpc,
    },
    hub: {
      ...base("hub"),
      tokenFile: tokenFiles.hub,
      ciUrl: urls.ci,
      masterUrl: urls.masterRpc,
    },
    worker: {
      ...base("worker"),
      tokenFile: tokenFiles.worker,
      name: "dev",
      // A store of its own: what runs has come through the cache, as on another machine.
      nixStore: join(input.stateDir, "worker", "store"),
      masterUrl: urls.masterRpc,
      cacheUrl: urls.cache,
      cachePublicKeys: [...extra.cachePublicKeys],
      ...(input.driver === undefined ? {} : { driver: input.driver }),
    },
  };
}
