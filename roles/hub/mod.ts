/**
 * The hub: Git hosting over smart HTTP, and the pages.
 *
 * Owns the repositories. Never builds and never tells the master anything: a
 * push is a hint to ci, which looks for itself.
 *
 * @module
 */
import { Gauge, Registry } from "prom-client";
import { anonymousRoleOf } from "../config/mod.ts";
import {
  baseApp,
  errorFormat,
  type HttpClient,
  httpClient,
  requireRole,
} from "../http/mod.ts";
import { systemClock, systemRandom } from "../clock/mod.ts";
import { createApp, errorPage } from "../../ui/mod.ts";
import { hubData, type MasterView, noMaster } from "./hub_data.ts";
import { logger } from "../log/mod.ts";
import type { RunningRole } from "../model/mod.ts";
import { ownCommand, runChecked } from "../process/mod.ts";
import { type Service, startService } from "../service/mod.ts";
import { Turns } from "../turns/mod.ts";
import { childExaminer, type Examiner } from "../../autonix/examiner.ts";
import { Analyses } from "./analyses.ts";
import { addHubRoutes, gitErrorPage } from "./api.ts";
import { installHooks } from "./check_index.ts";
import type { HubConfig } from "./config.ts";
import { isGitPath } from "./core/git_request.ts";
import type { GitHttp } from "./git_http.ts";
import { masterView } from "./master_view.ts";
import { Repositories } from "./repositories.ts";

export { HubConfig } from "./config.ts";

const MIB = 1024 * 1024;
/** A hint that takes longer is given up: ci finds the push by its own period. */
const HINT_TIMEOUT_MS = 3000;
/** What the hub is given besides its configuration: to use in place of the real ones. */
export interface HubDeps {
  master?: MasterView;
  examiner?: Examiner;
}

/** Tells ci that a repository may have moved. A lost hint costs one period. */
function hintTo(ci: HttpClient | null): (repository: string) => Promise<void> {
  const log = logger("hub");
  return async (repository) => {
    if (ci === null) return;
    try {
      const answer = await ci.request("/api/v1/hint", {
        method: "POST",
        json: { repository },
        timeoutMs: HINT_TIMEOUT_MS,
      });
      await answer.body?.cancel();
    } catch (error) {
      log.warn(
        "ci was not told of a push to {repository}, it will find it by itself: {error}",
        {
          repository,
          error: error instanceof Error ? error.message : String(error),
        },
      );
    }
  };
}

async function openRepositories(config: HubConfig): Promise<Repositories> {
  const root = `${config.stateDir}/repositories`;
  await Deno.mkdir(root, { recursive: true, mode: 0o750 });
  // git follows the path it is given: one without links keeps its checks simple.
  const repositories = new Repositories(
    await Deno.realPath(root),
    config.maxPushMib * MIB,
  );
  await repositories.recover();
  return repositories;
}

function openMaster(
  config: HubConfig,
  { tokenOf, caCert, stack }: Service,
): MasterView {
  if (config.masterUrl === undefined) return noMaster;
  return stack.use(
    masterView({ url: config.masterUrl, token: tokenOf("master"), caCert }),
  );
}

function openCi(
  config: HubConfig,
  { tokenOf, caCert, stack }: Service,
): HttpClient | null {
  if (config.ciUrl === undefined) return null;
  return stack.use(
    httpClient({ url: config.ciUrl, token: tokenOf("ci"), caCert }),
  );
}

async function openGit(
  config: HubConfig,
  ci: HttpClient | null,
): Promise<GitHttp> {
  // Fails at the start, not at the first push.
  await runChecked("git", ["--version"], {
    missingHint: "apt-get install git",
  });
  const repositories = await openRepositories(config);
  const hooks = `${repositories.root}/../hooks`;
  await installHooks(hooks);
  const hint = hintTo(ci);
  return {
    repositories,
    hooks: await Deno.realPath(hooks),
    turns: new Turns({
      running: config.gitProcesses,
      waiting: config.gitProcesses * 4,
      what: "git requests",
    }),
    stallMs: config.stallMs,
    pushed: async (repository) => {
      await repositories.flush(repository);
      await repositories.settleHead(repository);
      await hint(repository);
    },
    warn: (message) => logger("hub").warn(message),
  };
}

function addGauges(metrics: Registry, repositories: Repositories): void {
  new Gauge({
    name: "procurator_hub_repositories",
    help: "Repositories on this hub",
    registers: [metrics],
    async collect() {
      this.set((await repositories.names()).length);
    },
  });
}

/** Starts the hub. */
export function run(
  config: HubConfig,
  deps: HubDeps = {},
): Promise<RunningRole> {
  return startService("hub", config, async (service) => {
    const ci = openCi(config, service);
    const master = deps.master ?? openMaster(config, service);
    const git = await openGit(config, ci);
    const metrics = new Registry();
    addGauges(metrics, git.repositories);
    const app = baseApp({
      role: "hub",
      ready: () => ({ ok: true, reasons: [] }),
      metrics,
      tokens: service.tokens,
      anonymousRole: anonymousRoleOf(config),
      log: logger("hub"),
      maxBodyBytes: (_method, path) => isGitPath(path) ? Infinity : MIB,
      errorPage: (error, c) => {
        if (isGitPath(c.req.path)) return gitErrorPage(error);
        const wantsPage = errorFormat(c.req.header("accept")) === "html";
        return wantsPage ? errorPage(error, systemRandom) : undefined;
      },
    });
    const analyses = new Analyses({
      repositories: git.repositories,
      examiner: deps.examiner ?? childExaminer(ownCommand()),
      clock: systemClock,
      stopping: service.stopping,
    });
    addHubRoutes(app, git, analyses);
    let url = "";
    app.use(requireRole("viewer"));
    app.route(
      "/",
      createApp({
        data: hubData({
          repositories: git.repositories,
          analyses,
          ci,
          master,
          stopping: service.stopping,
        }),
        publicUrl: () => (config.publicUrl ?? url).replace(/\/+$/, ""),
        nowMs: systemClock.now,
        random: systemRandom,
      }),
    );
    const listening = (listened: string) => {
      url = listened;
    };
    return { app, listening };
  });
}
