/**
 * The master: desired state, placement and rollouts. Wiring and the tick loop
 * only; decisions are in core/, methods in service.ts.
 *
 * @module
 */
import { Registry } from "prom-client";
import manifest from "../../deno.json" with { type: "json" };
import {
  DEFAULT_STRANGER_LIMITS,
  type RpcListener,
  serveRpc,
} from "../../rpc/mod.ts";
import type { TokenTable } from "../auth/mod.ts";
import { systemClock, systemRandom } from "../clock/mod.ts";
import { anonymousRoleOf, parseListen } from "../config/mod.ts";
import { baseApp } from "../http/mod.ts";
import { type Logger, logger } from "../log/mod.ts";
import { AppError, formatError } from "../model/errors.ts";
import type { Clock, Random, RunningRole } from "../model/ports.ts";
import { failpoint } from "../process/failpoint.ts";
import { type Service, startService } from "../service/mod.ts";
import { CacheSizes } from "./closures.ts";
import type { MasterConfig } from "./config.ts";
import { addMasterRoutes } from "./http_api.ts";
import { addEventRoutes } from "./http_events.ts";
import { runTickLoop } from "./loop.ts";
import { masterMetrics } from "./metrics.ts";
import { gateOf } from "./rpc_server.ts";
import { MasterService } from "./service.ts";
import { openStore } from "./store.ts";

export { backupMaster } from "./backup.ts";
export { MasterConfig } from "./config.ts";
export { restoreMaster } from "./restore.ts";

/** What the master is given besides its configuration. */
export interface MasterDeps {
  clock?: Clock;
  random?: Random;
}

/** Says once that ticks fail, and once that they work again. */
function tickReporter(log: Logger) {
  let last: string | null = null;
  return {
    failed(error: unknown): void {
      const text = error instanceof AppError
        ? formatError(error)
        : String(error instanceof Error ? error.stack : error);
      if (text !== last) log.error("a tick failed: {error}", { error: text });
      last = text;
    },
    succeeded(): void {
      if (last !== null) log.info("ticks work again");
      last = null;
    },
    reasons: () => last === null ? [] : [last],
  };
}

function startLoop(
  service: MasterService,
  options: {
    clock: Clock;
    tickMs: number;
    registry: Registry;
    reporter: ReturnType<typeof tickReporter>;
  },
): AsyncDisposable & { failed: Promise<never> } {
  const { clock, tickMs, registry, reporter } = options;
  const metrics = masterMetrics(registry, service.views);
  const ended = new AbortController();
  const measured = {
    get hasWork() {
      return service.hasWork;
    },
    waitForWork: service.waitForWork.bind(service),
    async tick() {
      const stop = metrics.tickSeconds.startTimer();
      await service.tick();
      stop();
      reporter.succeeded();
    },
  };
  const running = runTickLoop(measured, {
    clock,
    tickMs,
    signal: ended.signal,
    onError(error) {
      metrics.tickErrors.inc();
      reporter.failed(error);
    },
  });
  const failed = Promise.withResolvers<never>();
  // Who does not wait for the role's end must not be ended by this.
  failed.promise.catch(() => undefined);
  const settled = running.catch((error: unknown) => {
    metrics.tickErrors.inc();
    reporter.failed(error);
    failed.reject(error);
  });
  return {
    failed: failed.promise,
    async [Symbol.asyncDispose]() {
      ended.abort();
      await settled;
    },
  };
}

/** A socket file that a killed process left would refuse us; one that answers is in use. */
async function removeStaleSocket(path: string): Promise<void> {
  try {
    (await Deno.connect({ transport: "unix", path })).close();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      await Deno.remove(path).catch(() => undefined);
    }
  }
}

async function startRpc(
  config: MasterConfig,
  options: {
    service: MasterService;
    tokens: TokenTable;
    tls: Service["tls"];
    clock: Clock;
    random: Random;
  },
): Promise<RpcListener> {
  const { tls, ...deps } = options;
  const transport = parseListen(config.rpcListen);
  if ("path" in transport) await removeStaleSocket(transport.path);
  const anonymousRole = anonymousRoleOf({
    listen: config.rpcListen,
    ...(config.anonymousRole === undefined
      ? {}
      : { anonymousRole: config.anonymousRole }),
  });
  return await serveRpc({
    transport,
    tls: "path" in transport ? undefined : tls,
    strangers: DEFAULT_STRANGER_LIMITS,
    bootstrap: (_peer, trust) =>
      gateOf({
        ...deps,
        anonymousRole,
        version: manifest.version,
        onLogin: trust,
      }),
  });
}

function masterApp(
  config: MasterConfig,
  options: {
    service: MasterService;
    tokens: TokenTable;
    registry: Registry;
    problems: () => string[];
    stopping: AbortSignal;
  },
) {
  const { service, tokens, registry, problems, stopping } = options;
  const app = baseApp({
    role: "master",
    ready: () => {
      const reasons = [...new Set(problems())];
      return { ok: reasons.length === 0, reasons };
    },
    metrics: registry,
    tokens,
    recordToken: (by, verb, token) => service.recordToken(by, verb, token),
    anonymousRole: anonymousRoleOf(config),
    log: logger("master"),
  });
  addMasterRoutes(app, service);
  addEventRoutes(app, service.events, stopping);
  return app;
}

/**
 * Starts the master.
 *
 * @throws {AppError} `refused` for a directory or port in use, `storage` for a store that does not open.
 */
export function run(
  config: MasterConfig,
  deps: MasterDeps = {},
): Promise<RunningRole> {
  const { clock = systemClock, random = systemRandom } = deps;
  return startService("master", config, async (base) => {
    const { tokens, tls, stack } = base;
    base.assertSafe(config.rpcListen);
    const store = openStore(`${config.stateDir}/master.sqlite`);
    stack.defer(() => store.close());
    const { leaseMs, tickMs, cacheUrl, network: { pool } } = config;
    const sizes = cacheUrl === undefined ? undefined : stack.use(
      new CacheSizes({
        cacheUrl,
        token: base.tokenOf("cache"),
        caCert: base.caCert,
      }),
    );
    const service = await MasterService.open({
      store,
      clock,
      leaseMs,
      pool,
      failpoint,
      ...(sizes === undefined ? {} : { sizes }),
    });
    stack.use(service.planner);
    service.planner.prefetchActive();
    const registry = new Registry();
    const reporter = tickReporter(logger("master"));
    const loop = startLoop(service, { clock, tickMs, registry, reporter });
    stack.use(loop);
    const problems = () => [...service.problems(), ...reporter.reasons()];
    const app = masterApp(config, {
      service,
      tokens,
      registry,
      problems,
      stopping: base.stopping,
    });
    const listening = async () => {
      const rpc = await startRpc(config, {
        service,
        tokens,
        tls,
        clock,
        random,
      });
      stack.defer(() => rpc.close());
      return { rpc: rpc.address };
    };
    return { app, listening, failed: loop.failed };
  });
}
