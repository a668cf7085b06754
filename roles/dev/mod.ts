/**
 * `dev` and `demo`: every role in one process, and three commits that show
 * what they do together.
 *
 * @module
 */
import { LogLevel } from "../config/mod.ts";
import { runChecked } from "../process/mod.ts";
import { configureLogging } from "../log/mod.ts";
import { parseWith } from "../model/parse.ts";
import type { CliContext } from "../cli/context.ts";
import type { DevOptions } from "../cli/roles.ts";
import { formatStatus } from "../cli/core/status_view.ts";
import { httpClient } from "../http/client.ts";
import { RepositoryList } from "../model/build.ts";
import { firstSteps, whereToLook } from "./core/first_steps.ts";
import { formatTimeline } from "./core/timeline.ts";
import { type FinishedDemo, runDemo } from "./demo.ts";
import { type RunningDev, startDev } from "./dev.ts";

export { type RunningDev, startDev, type StartDevOptions } from "./dev.ts";

/** Where `dev` keeps everything when nothing else is said: beside the user's work, easy to remove. */
const DEFAULT_STATE_DIR = ".procurator";

async function logAs(
  options: DevOptions,
  level: "info" | "error",
): Promise<void> {
  await configureLogging({
    level: parseWith(LogLevel.default(level), options.logLevel, {
      what: "--log-level",
    }),
  });
}

/** True when somebody has been here before: what is printed is for them. */
async function hasRepositories(dev: RunningDev): Promise<boolean> {
  const { url, token } = {
    url: dev.layout.urls.hub,
    token: dev.secrets.client.hub,
  };
  using hub = httpClient({ url, token });
  const { repositories } = await hub.json(
    RepositoryList,
    "/api/v1/repositories",
  );
  return repositories.length > 0;
}

async function guide(dev: RunningDev): Promise<string> {
  const steps = firstSteps(dev.layout, {
    hasRepositories: await hasRepositories(dev),
  });
  return whereToLook(dev.layout) + steps;
}

async function endOf(
  dev: RunningDev,
  options: DevOptions,
  context: CliContext,
): Promise<void> {
  if (options.leaveVms) {
    context.err("the VMs run on; start dev again to adopt them\n");
  } else await dev.stopVms();
  await dev.stop();
  await dev.finished;
}

/** Runs all roles until it is asked to stop. The exit status. */
export async function dev(
  options: DevOptions,
  context: CliContext,
): Promise<number> {
  await logAs(options, "info");
  const running = await startDev({
    ...options,
    stateDir: options.stateDir ?? DEFAULT_STATE_DIR,
    command: context.command,
  });
  if (options.json) context.out(`${JSON.stringify(running.layout)}\n`);
  else context.err(`procurator dev is ready\n${await guide(running)}`);
  await Promise.race([running.finished, context.untilStopped()]);
  await endOf(running, options, context);
  return 0;
}

function show(
  { result }: FinishedDemo,
  options: DevOptions,
  context: CliContext,
): void {
  if (options.json) return context.out(`${JSON.stringify(result, null, 2)}\n`);
  context.out(
    `\n${formatTimeline(result.commits)}\n\n` +
      `set-up ${result.setupSeconds.toFixed(1)} s, ` +
      `first healthy ${
        result.firstHealthySeconds.toFixed(1)
      } s after the push, ` +
      `all three commits ${result.totalSeconds.toFixed(1)} s\n\n` +
      formatStatus(result.status, context.paint),
  );
}

/** Runs the demo. 0 when it went as it should. */
export async function demo(
  options: DevOptions,
  context: CliContext,
): Promise<number> {
  await logAs(options, "error");
  const fresh = options.stateDir === undefined;
  const stateDir = options.stateDir ??
    await Deno.makeTempDir({ prefix: "procurator-demo-" });
  const tell = (line: string) =>
    options.json ? context.err(`${line}\n`) : context.out(`${line}\n`);
  const stop = new AbortController();
  const asked = context.untilStopped().then(() => stop.abort());
  let finished: FinishedDemo;
  try {
    finished = await runDemo({
      stateDir,
      portBase: options.portBase ?? 0,
      signal: stop.signal,
      command: context.command,
      ...(options.logLevel === undefined ? {} : { logLevel: options.logLevel }),
    }, tell);
  } catch (error) {
    context.err(`what it wrote is kept in ${stateDir}\n`);
    throw error;
  }
  const { dev } = finished;
  show(finished, options, context);
  if (options.keep) {
    tell(`\n${await guide(dev)}`);
    context.err("it runs until Ctrl-C\n");
    await Promise.race([dev.finished, asked]);
  }
  await endOf(dev, options, context);
  if (fresh && !options.leaveVms) {
    await removeTree(stateDir);
    await removeTree(dev.layout.runDir);
  }
  return asExpected(finished) ? 0 : 1;
}

/** Store paths are read-only, directories included. */
async function removeTree(path: string): Promise<void> {
  await runChecked("chmod", ["-R", "u+w", path]);
  await Deno.remove(path, { recursive: true });
}

function asExpected({ result }: FinishedDemo): boolean {
  const outcomes = result.commits.map((commit) => commit.outcome).join(" ");
  return outcomes === "healthy healthy rolled-back" &&
    result.status.convergencePercent === 100 &&
    result.status.activeGeneration === result.commits[1]?.generation;
}
