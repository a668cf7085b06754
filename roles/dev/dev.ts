/**
 * All roles in one process, each with its own directory, port and tokens, as
 * if they were on machines of their own.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { dirname, join, resolve } from "node:path";
import * as cache from "../cache/mod.ts";
import * as ci from "../ci/mod.ts";
import * as hub from "../hub/mod.ts";
import * as master from "../master/mod.ts";
import * as worker from "../worker/mod.ts";
import { defaultRunDir, lockDirectory } from "../config/mod.ts";
import { writeFileAtomic } from "../files/mod.ts";
import { logger } from "../log/mod.ts";
import { AppError, parseWith, type RunningRole } from "../model/mod.ts";
import { commandScript } from "./core/first_steps.ts";
import { configsOf, type Layout, layoutOf } from "./core/layout.ts";
import { startGuard, stopGuard } from "./guard.ts";
import { choosePorts } from "./ports.ts";
import { ensureSecrets, type Secrets, tokenFileText } from "./secrets.ts";

/** How `dev` is asked for. */
export interface StartDevOptions {
  stateDir: string;
  /** The usual ports when not given, free ones for 0. */
  portBase?: number;
  /** The VM driver; the worker's default when not given. */
  driver?: string;
  logLevel?: string;
  /** The words that run this program: written as `bin/procurator` for the user's PATH. */
  command?: readonly string[];
}

/** The command that is a client of this `dev`. */
async function writeCommand(
  layout: Layout,
  command: readonly string[],
): Promise<void> {
  await Deno.mkdir(layout.commandDir, { recursive: true });
  await writeFileAtomic(
    join(layout.commandDir, "procurator"),
    commandScript(command, layout.clientConfigFile),
    { mode: 0o755 },
  );
}

/** A running `dev`. */
export interface RunningDev extends RunningRole {
  readonly layout: Layout;
  readonly secrets: Secrets;
  /** Stops every VM of this `dev`; they run on otherwise. */
  stopVms(): Promise<void>;
}

/** Sockets need a short path, and a state directory its own. A user without a login's directory cannot write to /run. */
function runDirOf(stateDir: string): string {
  const none = (Deno.env.get("XDG_RUNTIME_DIR") ?? "") === "";
  if (none && Deno.uid() !== 0) return join(stateDir, "run");
  const name = createHash("sha256").update(stateDir).digest("hex").slice(0, 8);
  return join(defaultRunDir(Deno.env.toObject()), `dev-${name}`);
}

async function writeFiles(layout: Layout, secrets: Secrets): Promise<void> {
  for (const role of ["master", "cache", "ci", "hub", "worker"] as const) {
    await writeFileAtomic(
      layout.tokenFiles[role],
      tokenFileText(secrets[role]),
      { mode: 0o600 },
    );
  }
  const { urls } = layout;
  const { client } = secrets;
  const text = JSON.stringify(
    {
      master: urls.masterRpc,
      token: client.master,
      services: {
        hub: { url: urls.hub, token: client.hub },
        ci: { url: urls.ci, token: client.ci },
        cache: { url: urls.cache, token: client.cache },
      },
    },
    null,
    2,
  );
  await writeFileAtomic(layout.clientConfigFile, `${text}\n`, { mode: 0o600 });
}

/**
 * Starts all roles; on an error those that run are stopped again.
 *
 * @throws {AppError} `refused` for a taken port or directory.
 */
export async function startDev(options: StartDevOptions): Promise<RunningDev> {
  const log = logger("dev");
  const stateDir = resolve(options.stateDir);
  const stack = new AsyncDisposableStack();
  try {
    stack.use(await lockDirectory(join(stateDir, "dev")));
    const input = {
      stateDir,
      runDir: runDirOf(stateDir),
      ports: choosePorts(options.portBase),
      ...(options.driver === undefined ? {} : { driver: options.driver }),
      ...(options.logLevel === undefined ? {} : { logLevel: options.logLevel }),
    };
    const layout = layoutOf(input);
    await Deno.mkdir(dirname(layout.secretsFile), { recursive: true });
    const secrets = await ensureSecrets(stateDir, layout.secretsFile);
    await writeFiles(layout, secrets);
    if (options.command !== undefined) {
      await writeCommand(layout, options.command);
    }
    const guardDir = join(input.runDir, "guard");
    let keepsGuard = true;
    stack.defer(() => keepsGuard ? undefined : stopGuard(guardDir));
    if (options.command !== undefined) {
      const { command } = options;
      await startGuard({ stateDir, runDir: guardDir, command, log });
    }

    const roles: RunningRole[] = [];
    const started = <R extends RunningRole>(role: R): R => {
      roles.push(role);
      stack.defer(() => role.stop());
      log.info("{role} is ready at {url}", {
        role: role.name,
        url: Object.values(role.endpoints).join(" "),
      });
      return role;
    };
    const what = "the configuration made for dev";
    const first = configsOf(input, { cachePublicKeys: [] });
    const runningCache = started(
      await cache.run(parseWith(cache.CacheConfig, first.cache, { what })),
    );
    const configs = configsOf(input, {
      cachePublicKeys: runningCache.publicKeys,
    });
    started(
      await master.run(
        parseWith(master.MasterConfig, configs.master, { what }),
      ),
    );
    started(await hub.run(parseWith(hub.HubConfig, configs.hub, { what })));
    started(await ci.run(parseWith(ci.CiConfig, configs.ci, { what })));
    const runningWorker = started(
      await worker.run(
        parseWith(worker.WorkerConfig, configs.worker, { what }),
      ),
    );

    const running = stack.move();
    let stopping: Promise<void> | undefined;
    const stop = () => stopping ??= running.disposeAsync();
    return {
      name: "dev",
      endpoints: layout.urls,
      layout,
      secrets,
      stop,
      stopVms: async () => {
        await runningWorker.stopVms();
        keepsGuard = false;
      },
      // One role that fails is the end of all: half a control plane helps nobody.
      finished: Promise.race(roles.map((role) => role.finished)).then(stop),
    };
  } catch (error) {
    await stack.disposeAsync();
    if (error instanceof AppError) throw error;
    throw new AppError("failed", "Cannot start dev", { cause: error });
  }
}
