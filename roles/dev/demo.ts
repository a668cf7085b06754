/**
 * The demo: three commits pushed to a fresh `dev`, watched until each is
 * healthy or rolled back.
 *
 * @module
 */
import { join } from "node:path";
import { systemClock } from "../clock/mod.ts";
import { ensureDebian, kernelFolder } from "../debian/mod.ts";
import { type HttpClient, httpClient } from "../http/mod.ts";
import { AppError, JobList, RepositoryView } from "../model/mod.ts";
import type { ClusterStatus } from "../model/status.ts";
import type { SampleOptions } from "../../nix/examples/sample_project.ts";
import type { MasterClient } from "../cli/master_client.ts";
import { connectMaster } from "../cli/master_rpc.ts";
import {
  describeLook,
  type Look,
  newsOf,
  outcomeOf,
  stagesOf,
} from "./core/progress.ts";
import type { DemoCommit } from "./core/timeline.ts";
import { type RunningDev, startDev } from "./dev.ts";
import { SampleProject } from "./sample.ts";

const CLUSTER = "sample";
const REPOSITORY = "sample";

/** Between two looks; a stage shorter than this is told together with the next. */
const LOOK_EVERY_MS = 200;
/** A commit that takes longer than this is stuck: the slowest takes its healthy deadline and a revert. */
const COMMIT_TIMEOUT_MS = 180_000;

/** The sample project's deadlines; printed by the demo. */
export const DEMO_DEADLINES = {
  intervalMs: 250,
  timeoutMs: 1000,
  graceMs: 10_000,
  minHealthyTimeMs: 1000,
  healthyDeadlineMs: 20_000,
  progressDeadlineMs: 120_000,
};

const COMMITS: readonly (SampleOptions & { title: string })[] = [
  { title: "two VMs", content: "<h1>Hello from commit 1</h1>\n" },
  {
    title: "new content, one VM at a time",
    content: "<h1>Hello from commit 2</h1>\n",
  },
  {
    title: "one that never gets healthy",
    content: "<h1>Hello from commit 3</h1>\n",
    healthy: false,
  },
];

/** What the demo found. */
export interface DemoResult {
  setupSeconds: number;
  firstHealthySeconds: number;
  /** From the push of commit 1 to the end of commit 3. */
  totalSeconds: number;
  commits: DemoCommit[];
  status: ClusterStatus;
}

/** A demo that ran; `dev` still does. */
export interface FinishedDemo {
  result: DemoResult;
  dev: RunningDev;
  directory: string;
}

/** Where the demo tells how it goes. */
export type Tell = (line: string) => void;

interface Eyes {
  master: MasterClient;
  ci: HttpClient;
}

async function lookAt(eyes: Eyes, commit: string): Promise<Look> {
  const { jobs } = await eyes.ci.json(
    JobList,
    `/api/v1/jobs?repository=${REPOSITORY}&commit=${commit}&limit=1`,
  );
  const job = jobs[0] ?? null;
  try {
    const generations = await eyes.master.generations(CLUSTER, 10);
    const generation = generations.find((one) => one.commit === commit) ?? null;
    return { job, generation, status: await eyes.master.status(CLUSTER) };
  } catch (error) {
    // Before the first publish the master has no such cluster.
    if (error instanceof AppError && error.code === "not_found") {
      return { job, generation: null, status: null };
    }
    throw error;
  }
}

async function watch(
  eyes: Eyes,
  commit: string,
  options: { tell: Tell; signal: AbortSignal },
): Promise<{ look: Look; outcome: DemoCommit["outcome"] }> {
  const end = systemClock.bootMs() + COMMIT_TIMEOUT_MS;
  let told: ReadonlyMap<string, string> = new Map();
  for (;;) {
    const look = await lookAt(eyes, commit);
    const lines = describeLook(look);
    for (const line of newsOf(told, lines)) options.tell(line);
    told = lines;
    const outcome = outcomeOf(look);
    if (outcome === "failed") {
      throw new AppError(
        "failed",
        `ci could not publish ${commit}: ${look.job?.message ?? ""}`,
      );
    }
    if (outcome !== null) return { look, outcome };
    if (systemClock.bootMs() > end) {
      throw new AppError(
        "timeout",
        `Commit ${commit} neither got healthy nor was rolled back within ${
          COMMIT_TIMEOUT_MS / 1000
        } s`,
      );
    }
    await systemClock.sleep(LOOK_EVERY_MS, options.signal);
    if (options.signal.aborted) {
      throw new AppError("failed", "The demo was stopped");
    }
  }
}

/** How the demo is asked for. */
export interface DemoOptions {
  /** Fresh. */
  stateDir: string;
  /** The words that run this program. */
  command?: readonly string[];
  portBase: number;
  logLevel?: string;
  /** Stops the demo and its VMs. */
  signal: AbortSignal;
}

async function setUp(
  options: DemoOptions,
  tell: Tell,
): Promise<{ dev: RunningDev; project: SampleProject }> {
  const told = {
    report: (line: string) => tell(`  ${line}`),
    signal: options.signal,
  };
  await ensureDebian(["nix", "qemu", "busybox", "git"], told);
  const debianDir = await kernelFolder(cacheDir(), told);
  const dev = await startDev(options);
  try {
    const url = `${dev.layout.urls.hub}/${REPOSITORY}.git`;
    const token = dev.secrets.client.hub ?? "";
    using hub = httpClient({ url: dev.layout.urls.hub, token });
    await hub.json(RepositoryView, "/api/v1/repositories", {
      method: "POST",
      json: { name: REPOSITORY },
    });
    const project = await SampleProject.create(
      join(options.stateDir, "sample"),
      { debianDir, target: { url, token } },
    );
    return { dev, project };
  } catch (error) {
    await dev.stop();
    throw error;
  }
}

/** Kernel and busybox are kept between demos. */
function cacheDir(): string {
  const home = Deno.env.get("XDG_CACHE_HOME") ||
    `${Deno.env.get("HOME") || "/root"}/.cache`;
  return join(home, "procurator");
}

/**
 * Runs the demo in `stateDir`, which must be fresh.
 *
 * @throws {AppError} `missing_dependency` with what to install, `failed` or `timeout` when a commit gets stuck.
 */
export async function runDemo(
  options: DemoOptions,
  tell: Tell,
): Promise<FinishedDemo> {
  const begin = systemClock.bootMs();
  const seconds = (since: number) => (systemClock.bootMs() - since) / 1000;
  tell(`set-up in ${options.stateDir}`);
  const { dev, project } = await setUp(options, tell);
  try {
    const setupSeconds = seconds(begin);
    tell(
      `set-up took ${
        setupSeconds.toFixed(1)
      } s; deadlines of the sample project: ${describeDeadlines()}`,
    );
    await using master = await connectMaster({
      url: dev.layout.urls.masterRpc,
      token: dev.secrets.client.master,
      caCert: undefined,
    });
    using ci = httpClient({
      url: dev.layout.urls.ci,
      token: dev.secrets.client.ci,
    });
    const firstPush = systemClock.bootMs();
    const commits: DemoCommit[] = [];
    for (const { title, ...sample } of COMMITS) {
      const commit = await project.commit(title, {
        ...sample,
        cluster: CLUSTER,
        deadlines: DEMO_DEADLINES,
      });
      tell(
        `\ngit push: commit ${commits.length + 1}, ${title} (${
          commit.slice(0, 7)
        })`,
      );
      const pushed = systemClock.bootMs();
      await project.push();
      const { look, outcome } = await watch(
        { master, ci },
        commit,
        {
          signal: options.signal,
          tell: (line) =>
            tell(`${seconds(pushed).toFixed(1).padStart(6)} s  ${line}`),
        },
      );
      const totalSeconds = seconds(pushed);
      tell(`${totalSeconds.toFixed(1).padStart(6)} s  ${outcome}`);
      commits.push({
        commit,
        generation: look.generation?.generation ?? 0,
        title,
        outcome,
        seconds: stagesOf(look),
        totalSeconds,
      });
    }
    const result = {
      setupSeconds,
      firstHealthySeconds: commits[0]?.totalSeconds ?? 0,
      totalSeconds: seconds(firstPush),
      commits,
      status: await master.status(CLUSTER),
    };
    return { result, dev, directory: options.stateDir };
  } catch (error) {
    await dev.stopVms();
    await dev.stop();
    throw error;
  }
}

function describeDeadlines(): string {
  return Object.entries(DEMO_DEADLINES).map(([key, value]) => `${key} ${value}`)
    .join(", ");
}
