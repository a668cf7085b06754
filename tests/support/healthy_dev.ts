/**
 * A healthy `dev` that must stay as it is, whatever it is given, and what is
 * asked of one.
 *
 * @module
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { join } from "node:path";
import { ensureDebian } from "../../roles/debian/mod.ts";
import { AppError, type JobView } from "../../roles/model/mod.ts";
import { runProcess, type RunResult } from "../../roles/process/mod.ts";
import { chaosDirectory, DevCluster } from "../chaos/dev_cluster.ts";
import { machines } from "../chaos/machines.ts";
import { projectFiles } from "../chaos/project.ts";
import { GitProject } from "./proof_project.ts";
import { until } from "./wait.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
/** For each step, on a machine that may be busy. */
export const STEP_TIMEOUT_MS = 45_000;

/** What is pushed when all is well. */
export const GOOD = {
  content: "good",
  healthy: true,
  real: false,
  replicas: 1,
  healthyDeadlineMs: 60_000,
};

/** The error of a promise that must be refused. */
export async function refused(
  promise: PromiseLike<unknown>,
): Promise<AppError> {
  try {
    await promise;
  } catch (error) {
    ok(error instanceof AppError, `not an AppError: ${error}`);
    return error;
  }
  throw new Error("it was not refused");
}

/** A `dev` with the simulated driver whose one cluster is healthy, and the project that is pushed to it. */
export class HealthyDev implements AsyncDisposable {
  readonly cluster: DevCluster;
  readonly project: GitProject;

  private constructor(cluster: DevCluster, project: GitProject) {
    this.cluster = cluster;
    this.project = project;
  }

  /** Pushes {@linkcode GOOD} and waits until it runs. */
  static async create(): Promise<HealthyDev> {
    await ensureDebian(["nix", "busybox", "git"]);
    const directory = await chaosDirectory();
    const cluster = new DevCluster({ directory, driver: "simulated" });
    const project = await GitProject.create(join(directory, "project"));
    const dev = new HealthyDev(cluster, project);
    try {
      await cluster.start(null);
      await cluster.createRepository();
      await dev.converged(await dev.push(projectFiles(GOOD)));
      await cluster.disconnect();
    } catch (error) {
      await dev[Symbol.asyncDispose]();
      throw error;
    }
    return dev;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster[Symbol.asyncDispose]();
  }

  /** Commits and pushes these files; gives the commit. */
  async push(files: Record<string, string>): Promise<string> {
    const commit = await this.project.commit("a commit", files);
    const result = await this.project.push(await this.cluster.gitTarget());
    equal(result.code, 0, result.stderrTail);
    return commit;
  }

  async jobEnd(commit: string): Promise<JobView> {
    return await until(`the end of the job of ${commit}`, async () => {
      const job = await this.cluster.job(commit);
      return job?.state === "failed" || job?.state === "succeeded" ? job : null;
    }, { timeoutMs: STEP_TIMEOUT_MS });
  }

  async converged(commit: string): Promise<void> {
    await until(`${commit} to become active`, async () => {
      const seen = await this.cluster.ask();
      return seen.activeCommit === commit && seen.convergencePercent === 100;
    }, { timeoutMs: STEP_TIMEOUT_MS });
  }

  /** Everything that must not change: what the master says, and the machines. */
  async state() {
    const { generations, ...seen } = await this.cluster.ask();
    const stable = {
      ...seen,
      generations: generations.map(({ generation, commit, state }) => ({
        generation,
        commit,
        state,
      })),
      machines: await machines(this.cluster.machinesOf),
    };
    await this.cluster.disconnect();
    return stable;
  }

  /** Fails when `action` has changed something. */
  async unchanged(action: () => Promise<void>): Promise<void> {
    const before = await this.state();
    await action();
    deepEqual(await this.state(), before, "it changed nothing");
    equal(this.cluster.process.ended(), null, "dev lives on");
  }

  /** A command of ours, with what `dev` has written for one. */
  async cli(
    args: readonly string[],
    env: Record<string, string> = {},
  ): Promise<RunResult> {
    return await runProcess(
      Deno.execPath(),
      ["run", "-A", `${ROOT}main.ts`, ...args],
      {
        env: {
          PROCURATOR_CLIENT: join(this.cluster.stateDir, "client.json"),
          NO_COLOR: "1",
          ...env,
        },
        timeoutMs: STEP_TIMEOUT_MS,
      },
    );
  }

  /** The commit that is active. */
  async goodCommit(): Promise<string> {
    const { activeCommit } = await this.cluster.ask();
    await this.cluster.disconnect();
    return activeCommit;
  }
}
