/**
 * ci: from a commit on the hub to a published generation.
 *
 * Owns the jobs. Level-triggered: it compares the hub's refs with its jobs on
 * start, every `pollMs` and on a hint, and needs no hint to be right.
 *
 * @module
 */
import { Gauge, Registry } from "prom-client";
import { loadCa, loadTls, openTokenTable } from "../auth/mod.ts";
import {
  anonymousRoleOf,
  assertSafeListen,
  lockDirectory,
  parseListen,
  readTokens,
} from "../config/mod.ts";
import { systemClock, systemRandom } from "../clock/mod.ts";
import { baseApp, httpClient, serveHttp } from "../http/mod.ts";
import { logger } from "../log/mod.ts";
import {
  type Clock,
  type Random,
  RepositoryList,
  type RunningRole,
} from "../model/mod.ts";
import { createNix } from "../nix/mod.ts";
import { addCiRoutes } from "./api.ts";
import { nixBuilder } from "./builder.ts";
import type { CiConfig } from "./config.ts";
import { hubGit } from "./git.ts";
import { LogStore } from "./log_store.ts";
import { masterPublisher } from "./master_publisher.ts";
import type { Ports } from "./ports.ts";
import { Runner } from "./runner.ts";
import { JobStore } from "./store.ts";

export { CiConfig } from "./config.ts";
export type {
  Builder,
  Git,
  Highest,
  Ports,
  Publisher,
  RefSource,
} from "./ports.ts";

/** What ci is given besides its configuration: ports to use in place of the real ones. */
export interface CiDeps {
  ports?: Partial<Ports>;
  clock?: Clock;
  random?: Random;
}

type TokenOf = (service: string) => string | undefined;

/** The cache's token as nix wants it; undefined without one. */
async function writeNetrc(
  config: CiConfig,
  token: string | undefined,
): Promise<string | undefined> {
  if (token === undefined || !/^https?:/.test(config.cacheUrl)) {
    return undefined;
  }
  const file = `${config.stateDir}/netrc`;
  const next = `${file}.new`;
  await Deno.writeTextFile(
    next,
    `machine ${
      new URL(config.cacheUrl).hostname
    } login procurator password ${token}\n`,
    {
      mode: 0o600,
    },
  );
  await Deno.rename(next, file);
  return file;
}

async function makePorts(
  config: CiConfig,
  given: Partial<Ports>,
  options: {
    tokenOf: TokenOf;
    caCert: string | undefined;
    stack: AsyncDisposableStack;
  },
): Promise<Ports> {
  const { tokenOf, caCert, stack } = options;
  const hub = stack.use(
    httpClient({ url: config.hubUrl, token: tokenOf("hub"), caCert }),
  );
  const mirrors = `${config.stateDir}/mirrors`;
  await Deno.mkdir(mirrors, { recursive: true, mode: 0o700 });
  const netrcFile = await writeNetrc(config, tokenOf("cache"));
  const nix = await createNix({
    stateDir: config.stateDir,
    ...(config.nixStore === undefined ? {} : { store: config.nixStore }),
    ...(netrcFile === undefined ? {} : { netrcFile }),
    ...(config.caFile === undefined ? {} : { caFile: config.caFile }),
  });
  return {
    refs: given.refs ?? {
      repositories: async (signal) =>
        (await hub.json(RepositoryList, "/api/v1/repositories", { signal }))
          .repositories,
    },
    git: given.git ?? hubGit({
      mirrors: await Deno.realPath(mirrors),
      hubUrl: config.hubUrl,
      token: tokenOf("hub"),
      caFile: config.caFile,
    }),
    builder: given.builder ??
      nixBuilder({ nix, ...config, secretKeyFile: config.secretKeyFile }),
    publisher: given.publisher ??
      stack.use(
        masterPublisher({
          url: config.masterUrl,
          token: tokenOf("master"),
          caCert,
        }),
      ),
  };
}

function addGauges(metrics: Registry, store: JobStore): void {
  new Gauge({
    name: "procurator_ci_open_jobs",
    help: "Jobs that have not ended",
    labelNames: ["state"],
    registers: [metrics],
    collect() {
      this.reset();
      for (const job of store.open()) this.inc({ state: job.state.kind });
    },
  });
}

/** Starts ci. */
export async function run(
  config: CiConfig,
  deps: CiDeps = {},
): Promise<RunningRole> {
  const log = logger("ci");
  const clock = deps.clock ?? systemClock;
  const stack = new AsyncDisposableStack();
  try {
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
    const tokenOf: TokenOf = config.tokenFile === undefined
      ? () => undefined
      : await readTokens(config.tokenFile);
    const store = new JobStore(`${config.stateDir}/jobs.sqlite`, {
      firstDelayMs: config.retryFirstMs,
      maxDelayMs: config.retryMaxMs,
      maxWaitMs: config.maxWaitMs,
    });
    stack.defer(() => store.close());
    const logs = new LogStore(`${config.stateDir}/logs.sqlite`);
    stack.defer(() => logs.close());
    logs.prune((id) => store.get(id) !== null);
    const metrics = new Registry();
    addGauges(metrics, store);
    const runner = new Runner({
      ...config,
      store,
      logs,
      clock,
      log,
      random: deps.random ?? systemRandom,
      ports: await makePorts(config, deps.ports ?? {}, {
        tokenOf,
        caCert,
        stack,
      }),
    });
    const app = baseApp({
      role: "ci",
      ready: () => ({
        ok: runner.hubProblem === null,
        reasons: [runner.hubProblem ?? []].flat(),
      }),
      metrics,
      tokens,
      anonymousRole: anonymousRoleOf(config),
      log,
    });
    addCiRoutes(app, { store, logs, runner, clock });
    const server = await serveHttp({
      name: "ci",
      listen: config.listen,
      tls,
      app,
    });
    stack.defer(() => server.stop());
    runner.start();
    stack.defer(() => runner.stop());
    log.info("listening on {url}", { url: server.url });
    const owned = stack.move();
    let stopping: Promise<void> | undefined;
    return {
      name: "ci",
      endpoints: { http: server.url },
      stop: () =>
        stopping ??= owned.disposeAsync().catch((error) => {
          log.error("stopping: {error}", { error: String(error) });
        }),
      finished: server.finished,
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}
