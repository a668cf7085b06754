/**
 * What roles that serve HTTP alone do alike to start and to stop: the state
 * directory's lock, tokens, TLS, safe listening, the server, a graceful end.
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
import { serveHttp, type ServeOptions } from "../http/mod.ts";
import { logger } from "../log/mod.ts";
import type { RunningRole } from "../model/mod.ts";

/** What a role has while it is built. */
export interface Service {
  tokens: TokenTable;
  /** The token to show to another service. */
  tokenOf: TokenOf;
  /** PEM text of the CA to trust for others. */
  caCert: string | undefined;
  /** Aborts when the role begins to stop: streams without an end end then. */
  stopping: AbortSignal;
  /** Disposed of after the server has stopped, the last first. */
  stack: AsyncDisposableStack;
}

/** What is served, and what begins once it is. */
export interface Built {
  app: ServeOptions["app"];
  /** Called with the URL when the server listens; what it returns is called first when the role stops. */
  listening?: (url: string) => () => Promise<void> | void;
}

/**
 * Builds and serves a role.
 *
 * @throws {AppError} `refused` when the directory or the address is taken, or listening there is not safe.
 */
export async function startService(
  name: RunningRole["name"],
  config: ServerConfig,
  build: (service: Service) => Promise<Built>,
): Promise<RunningRole> {
  const log = logger(name);
  const stopping = new AbortController();
  await using stack = new AsyncDisposableStack();
  stack.use(await lockDirectory(config.stateDir));
  const tokens = openTokenTable(config.stateDir);
  stack.defer(() => tokens.close());
  const [tls, caCert] = await Promise.all([
    loadTls(config),
    loadCa(config.caFile),
  ]);
  assertSafeListen(parseListen(config.listen), {
    tls: tls !== undefined,
    tokens: !tokens.isEmpty(),
  });
  const tokenOf = config.tokenFile === undefined
    ? () => undefined
    : await readTokens(config.tokenFile);
  const { app, listening } = await build({
    tokens,
    tokenOf,
    caCert,
    stopping: stopping.signal,
    stack,
  });
  const server = await serveHttp({ name, listen: config.listen, tls, app });
  stack.defer(() => server.stop());
  stack.defer(() => stopping.abort());
  const end = listening?.(server.url);
  if (end !== undefined) stack.defer(end);
  log.info("listening on {url}", { url: server.url });
  return running(name, {
    url: server.url,
    finished: server.finished,
    stack: stack.move(),
  });
}

function running(
  name: RunningRole["name"],
  { url, finished, stack }: {
    url: string;
    finished: Promise<void>;
    stack: AsyncDisposableStack;
  },
): RunningRole {
  let stopped: Promise<void> | undefined;
  const stop = () =>
    stopped ??= stack.disposeAsync().catch((error) => {
      logger(name).error("stopping: {error}", { error: String(error) });
    });
  return { name, endpoints: { http: url }, stop, finished };
}
