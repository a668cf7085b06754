/**
 * ci: from a commit on the hub to a published generation.
 *
 * Owns the jobs. Level-triggered: it compares the hub's refs with its jobs on
 * start, every `pollMs` and on a hint, and needs no hint to be right.
 *
 * @module
 */
import { Gauge, Registry } from "prom-client";
import { anonymousRoleOf } from "../config/mod.ts";
import { systemClock, systemRandom } from "../clock/mod.ts";
import { baseApp, httpClient } from "../http/mod.ts";
import { logger } from "../log/mod.ts";
import {
  type Clock,
  type Random,
  RepositoryList,
  type RunningRole,
} from "../model/mod.ts";
import { childExaminer, type Examiner } from "../../autonix/examiner.ts";
import { createNix } from "../nix/mod.ts";
import { ownCommand } from "../process/mod.ts";
import { type Service, startService } from "../service/mod.ts";
import { addCiRoutes } from "./api.ts";
import { BranchClosures } from "./branch_closures.ts";
import { nixBuilder } from "./builder.ts";
import { httpCacheIndex } from "./cache_index.ts";
import type { CiConfig } from "./config.ts";
import { anyContents, mirrorContents } from "./contents.ts";
import { Evaluations } from "./evaluations.ts";
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
  examiner?: Examiner;
  clock?: Clock;
  random?: Random;
}

async function makePorts(
  config: CiConfig,
  { ports: given = {}, examiner }: CiDeps,
  service: Service,
): Promise<Ports> {
  const { tokenOf, caCert, stack } = service;
  const hub = stack.use(
    httpClient({ url: config.hubUrl, token: tokenOf("hub"), caCert }),
  );
  await Deno.mkdir(`${config.stateDir}/mirrors`, {
    recursive: true,
    mode: 0o700,
  });
  const mirrors = await Deno.realPath(`${config.stateDir}/mirrors`);
  for await (const { name } of Deno.readDir(mirrors)) {
    // Begun when the process was killed; a whole one has its repository's name.
    if (name.startsWith(".new-")) {
      await Deno.remove(`${mirrors}/${name}`, { recursive: true });
    }
  }
  const nix = await createNix({
    stateDir: config.stateDir,
    cache: { url: config.cacheUrl, token: tokenOf("cache") },
    sandbox: config.sandbox,
    ...(config.nixStore === undefined ? {} : { store: config.nixStore }),
    ...(config.caFile === undefined ? {} : { caFile: config.caFile }),
  });
  return {
    refs: given.refs ?? {
      repositories: async (signal) =>
        (await hub.json(RepositoryList, "/api/v1/repositories", { signal }))
          .repositories,
    },
    contents: given.contents ??
      // Who evaluates for nix says what he needs.
      (given.builder !== undefined ? anyContents : mirrorContents({
        mirrors,
        examiner: examiner ?? childExaminer(ownCommand()),
      })),
    git: given.git ?? hubGit({
      mirrors,
      hubUrl: config.hubUrl,
      token: tokenOf("hub"),
      caFile: config.caFile,
    }),
    builder: given.builder ??
      nixBuilder({
        nix,
        ...config,
        secretKeyFile: config.secretKeyFile,
        ...(config.cacheUrl.startsWith("http")
          ? {
            cacheIndex: httpCacheIndex(stack.use(
              httpClient({
                url: config.cacheUrl,
                token: tokenOf("cache"),
                caCert,
              }),
            )),
          }
          : {}),
      }),
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

function openStores(
  config: CiConfig,
  stack: AsyncDisposableStack,
): { store: JobStore; logs: LogStore } {
  const store = new JobStore(`${config.stateDir}/jobs.sqlite`, {
    firstDelayMs: config.retryFirstMs,
    maxDelayMs: config.retryMaxMs,
    maxWaitMs: config.maxWaitMs,
  });
  stack.defer(() => store.close());
  const logs = new LogStore(
    `${config.stateDir}/logs.sqlite`,
    (error) =>
      logger("ci").warn("lines of a log were lost: {error}", {
        error: String(error),
      }),
  );
  stack.defer(() => logs.close());
  logs.prune((id) => store.get(id) !== null);
  return { store, logs };
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
export function run(config: CiConfig, deps: CiDeps = {}): Promise<RunningRole> {
  return startService("ci", config, async (service) => {
    const log = logger("ci");
    const clock = deps.clock ?? systemClock;
    const { store, logs } = openStores(config, service.stack);
    const metrics = new Registry();
    addGauges(metrics, store);
    // A store of its own is always built in a sandbox.
    if (!config.sandbox && config.nixStore === undefined) {
      log.info(
        "builds run without a sandbox, as this user: set sandbox if others may push",
      );
    }
    const ports = await makePorts(config, deps, service);
    const random = deps.random ?? systemRandom;
    const runner = new Runner({
      ...config,
      store,
      logs,
      clock,
      log,
      random,
      ports,
    });
    const app = baseApp({
      role: "ci",
      ready: () => {
        const problems = [runner.hubProblem, runner.storeProblem];
        const reasons = problems.filter((problem) => problem !== null);
        return { ok: reasons.length === 0, reasons };
      },
      metrics,
      tokens: service.tokens,
      anonymousRole: anonymousRoleOf(config),
      log,
    });
    addCiRoutes(app, {
      closures: new BranchClosures(store),
      evaluations: new Evaluations({
        ports,
        store,
        stopping: service.stopping,
      }),
      store,
      logs,
      runner,
      clock,
      stopping: service.stopping,
    });
    const listening = () => {
      runner.start();
      service.stack.defer(() => runner.stop());
    };
    return { app, listening };
  });
}
