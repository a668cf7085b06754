/**
 * The hub: Git hosting over smart HTTP, and the pages.
 *
 * Owns the repositories. Never builds and never tells the master anything: a
 * push is a hint to ci, which looks for itself.
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
import {
  baseApp,
  errorFormat,
  type HttpClient,
  httpClient,
  requireRole,
  serveHttp,
} from "../http/mod.ts";
import { systemClock, systemRandom } from "../clock/mod.ts";
import { createApp, errorPage } from "../../ui/app.tsx";
import { hubData, type MasterView, noMaster } from "./hub_data.ts";
import { logger } from "../log/mod.ts";
import type { RunningRole } from "../model/mod.ts";
import { addHubRoutes, gitErrorPage } from "./api.ts";
import type { HubConfig } from "./config.ts";
import { isGitPath } from "./core/git_request.ts";
import type { GitHttp } from "./git_http.ts";
import { masterView } from "./master_view.ts";
import { Repositories } from "./repositories.ts";
import { Slots } from "./slots.ts";

export { HubConfig } from "./config.ts";

const MIB = 1024 * 1024;
/** A hint that takes longer is given up: ci finds the push by its own period. */
const HINT_TIMEOUT_MS = 3000;
/** What the hub is given besides its configuration: a master to use in place of the real one. */
export interface HubDeps {
  master?: MasterView;
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
  options: {
    token: string | undefined;
    caCert: string | undefined;
    stack: AsyncDisposableStack;
  },
): MasterView {
  const { stack, ...target } = options;
  return config.masterUrl === undefined
    ? noMaster
    : stack.use(masterView({ url: config.masterUrl, ...target }));
}

/** Starts the hub. */
export async function run(
  config: HubConfig,
  deps: HubDeps = {},
): Promise<RunningRole> {
  const log = logger("hub");
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
    const tokenOf = config.tokenFile === undefined
      ? () => undefined
      : await readTokens(config.tokenFile);
    const ci = config.ciUrl === undefined ? null : stack.use(
      httpClient({ url: config.ciUrl, token: tokenOf("ci"), caCert }),
    );
    const master = deps.master ??
      openMaster(config, { token: tokenOf("master"), caCert, stack });
    const metrics = new Registry();
    const git: GitHttp = {
      repositories: await openRepositories(config),
      slots: new Slots({
        running: config.gitProcesses,
        waiting: config.gitProcesses * 4,
        what: "git requests",
      }),
      pushed: async (repository) => {
        await git.repositories.settleHead(repository);
        await hintTo(ci)(repository);
      },
      warn: (message) => log.warn(message),
    };
    new Gauge({
      name: "procurator_hub_repositories",
      help: "Repositories on this hub",
      registers: [metrics],
      async collect() {
        this.set((await git.repositories.names()).length);
      },
    });
    const app = baseApp({
      role: "hub",
      ready: () => ({ ok: true, reasons: [] }),
      metrics,
      tokens,
      anonymousRole: anonymousRoleOf(config),
      log,
      maxBodyBytes: (_method, path) => isGitPath(path) ? Infinity : MIB,
      errorPage: (error, c) => {
        if (isGitPath(c.req.path)) return gitErrorPage(error);
        const wantsPage = errorFormat(c.req.header("accept")) === "html";
        return wantsPage ? errorPage(error, systemRandom) : undefined;
      },
    });
    addHubRoutes(app, git);
    let url = "";
    const publicUrl = () => (config.publicUrl ?? url).replace(/\/+$/, "");
    app.use(requireRole("viewer"));
    app.route(
      "/",
      createApp({
        data: hubData({
          repositories: git.repositories,
          ci,
          master,
        }),
        publicUrl,
        nowMs: systemClock.now,
        random: systemRandom,
      }),
    );
    const server = await serveHttp({
      name: "hub",
      listen: config.listen,
      tls,
      app,
    });
    url = server.url;
    stack.defer(() => server.stop());
    log.info("listening on {url}", { url: server.url });
    const owned = stack.move();
    let stopping: Promise<void> | undefined;
    return {
      name: "hub",
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
