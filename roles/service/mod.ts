/**
 * What every role does alike to start and to stop: the state directory's lock,
 * tokens, TLS, safe listening, the HTTP server, a graceful end.
 *
 * Knows nothing of what is served.
 *
 * @module
 */
import {
  loadCa,
  loadTls,
  openTokenTable,
  type TokenTable,
} from "../auth/mod.ts";
import {
  assertSafeListen,
  lockDirectory,
  parseListen,
  readTokens,
  type ServerConfig,
  type TokenOf,
} from "../config/mod.ts";
import { type HttpServer, serveHttp, type ServeOptions } from "../http/mod.ts";
import { logger } from "../log/mod.ts";
import type { RunningRole } from "../model/mod.ts";

/** What a role has while it is built. */
export interface Service {
  tokens: TokenTable;
  /** Certificate and key to serve with; undefined: none are configured. */
  tls: Tls;
  /** The token to show to another service. */
  tokenOf: TokenOf;
  /** PEM text of the CA to trust for others. */
  caCert: string | undefined;
  /** Aborts when the role begins to stop: streams without an end end then. */
  stopping: AbortSignal;
  /** Disposed of when the role stops, the last first; what `listening` adds before the server stops. */
  stack: AsyncDisposableStack;
  /** Throws `refused` for an address that needs TLS or tokens and has none. */
  assertSafe(listen: string): void;
}

/** What is served, and what begins once it is. */
export interface Built<Extra extends object> {
  app: ServeOptions["app"];
  /** Called with the URL when the server listens; what it returns is told beside it. */
  listening?: (
    url: string,
    server: Pick<HttpServer, "openRequests">,
  ) => void | Promise<Readonly<Record<string, string>>>;
  /** What the running role has besides. */
  extra?: Extra;
  /** Rejects when the role cannot go on by itself: `finished` does then. */
  failed?: Promise<never>;
}

type Tls = Awaited<ReturnType<typeof loadTls>>;

async function openService(
  config: ServerConfig,
  stopping: AbortSignal,
  stack: AsyncDisposableStack,
): Promise<Service> {
  stack.use(await lockDirectory(config.stateDir));
  const tokens = openTokenTable(config.stateDir);
  stack.defer(() => tokens.close());
  const [tls, caCert] = await Promise.all([
    loadTls(config),
    loadCa(config.caFile),
  ]);
  const tokenOf = config.tokenFile === undefined
    ? () => undefined
    : await readTokens(config.tokenFile);
  const assertSafe = (listen: string) =>
    assertSafeListen(parseListen(listen), {
      tls: tls !== undefined,
      tokens: !tokens.isEmpty(),
    });
  return { tokens, tls, tokenOf, caCert, stopping, stack, assertSafe };
}

/**
 * Builds and serves a role.
 *
 * @throws {AppError} `refused` when the directory or the address is taken, or listening there is not safe.
 */
export async function startService<Extra extends object>(
  name: RunningRole["name"],
  config: ServerConfig,
  build: (service: Service) => Promise<Built<Extra>>,
): Promise<RunningRole & Extra> {
  const stopping = new AbortController();
  await using stack = new AsyncDisposableStack();
  const service = await openService(config, stopping.signal, stack);
  service.assertSafe(config.listen);
  const { app, listening, extra, failed } = await build(service);
  const { listen } = config;
  const server = await serveHttp({ name, listen, tls: service.tls, app });
  stack.defer(() => server.stop());
  stack.defer(() => stopping.abort());
  const endpoints = {
    http: server.url,
    ...await listening?.(server.url, server),
  };
  logger(name).info("listening on {urls}", {
    urls: Object.values(endpoints).join(" and "),
  });
  const finished = failed === undefined
    ? server.finished
    : Promise.race([server.finished, failed]);
  // It may fail before anybody waits for it; whoever does hears of it then.
  finished.catch(() => undefined);
  const role = running(name, {
    endpoints,
    finished,
    stack: stack.move(),
  });
  return Object.assign(role, extra);
}

function running(
  name: RunningRole["name"],
  { endpoints, finished, stack }: {
    endpoints: RunningRole["endpoints"];
    finished: Promise<void>;
    stack: AsyncDisposableStack;
  },
): RunningRole {
  let stopped: Promise<void> | undefined;
  const stop = () =>
    stopped ??= stack.disposeAsync().catch((error) => {
      logger(name).error("stopping: {error}", { error: String(error) });
    });
  return { name, endpoints, stop, finished };
}
