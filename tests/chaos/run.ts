/**
 * A chaos run: one cluster, a commit and a kill -9 of `dev` per round, then a
 * new start on the same state, and the checks.
 *
 * Every round begins where the one before ended: what a kill left behind is
 * what the next one meets.
 *
 * @module
 */
import { join } from "node:path";
import { until } from "../support/wait.ts";
import { testKernelFolder } from "../support/nix_store.ts";
import { GitProject } from "../support/proof_project.ts";
import { type Outcome, type SeenGeneration, violations } from "./checks.ts";
import { chaosDirectory, DevCluster, GENERATIONS } from "./dev_cluster.ts";
import { machines } from "./machines.ts";
import { describeRound, type Push, type Round } from "./plan.ts";
import { projectFiles } from "./project.ts";

/** What a run is asked for. */
export interface ChaosOptions {
  rounds: readonly Round[];
  driver: "qemu" | "simulated";
  /** A line as soon as there is one to tell. */
  report: (line: string) => void;
}

/** One row of the table. */
export interface RoundResult {
  name: string;
  /** From the push to the kill. */
  killedAfterSeconds: number | null;
  /** From the new start to everything converged. */
  convergedAfterSeconds: number | null;
  /** Empty: everything holds. */
  violations: string[];
}

/**
 * How long each step may take, by driver: real machines boot for seconds, and
 * for many on a busy host. A commit that fails has a deadline of its own, so
 * that a slow host does not fail one that is healthy.
 */
const LIMITS = {
  simulated: {
    commitMs: 60_000,
    deadlineMs: { healthy: 30_000, failing: 1500 },
    replicas: 2,
  },
  qemu: {
    commitMs: 180_000,
    deadlineMs: { healthy: 120_000, failing: 12_000 },
    replicas: 1,
  },
} as const;
/** Between two looks at the master while a kill is awaited. */
const LOOK_EVERY_MS = 60;

function secondsSince(begin: number): number {
  return (performance.now() - begin) / 1000;
}

class ChaosRun {
  readonly #options: ChaosOptions;
  readonly #cluster: DevCluster;
  readonly #project: GitProject;
  readonly #directory: string;
  #commits = 0;
  /** The commits git acknowledged, oldest first. */
  readonly #acknowledged: string[] = [];
  /** The commit that is active between rounds. */
  #active = "";
  /** How long an undisturbed commit takes. */
  #commitMs = 0;
  /** Opens the failpoint that `dev` was started with. */
  #gate: string | null = null;

  constructor(
    options: ChaosOptions,
    cluster: DevCluster,
    project: GitProject,
    directory: string,
  ) {
    this.#options = options;
    this.#cluster = cluster;
    this.#project = project;
    this.#directory = directory;
  }

  get #limits() {
    return LIMITS[this.#options.driver];
  }

  async #commit(push: Push): Promise<string> {
    const content = `content ${++this.#commits}`;
    return await this.#project.commit(
      content,
      projectFiles({
        content,
        healthy: push === "healthy",
        real: this.#options.driver === "qemu",
        replicas: this.#limits.replicas,
        healthyDeadlineMs: this.#limits.deadlineMs[push],
      }),
    );
  }

  /** One look: the outcome, why there will be none, or null while it is on its way. */
  async #look(
    pushed: string,
    push: Push,
    seenSoFar: (text: string) => void,
  ): Promise<Outcome | { never: string } | null> {
    const wanted = push === "healthy" ? "active" : "failed";
    const opposite = push === "healthy" ? "failed" : "active";
    const seen = await this.#cluster.ask().catch(async (error) => {
      // Before the first publish there is no cluster to ask for.
      const job = await this.#cluster.job(pushed);
      seenSoFar(`${error}; ci: ${job?.message ?? "no job yet"}`);
      throw error;
    });
    const generation = seen.generations.find(({ commit }) => commit === pushed);
    seenSoFar(JSON.stringify(seen));
    if (generation?.state === opposite) {
      return { never: `the pushed commit is ${opposite}` };
    }
    // Two calls make one look: what they say together may be a moment apart.
    const expected = push === "healthy" ? pushed : this.#active;
    const good = generation?.state === wanted &&
      seen.activeCommit === expected && seen.convergencePercent === 100 &&
      seen.vms.every(({ health, drift }) => health === "healthy" && !drift);
    if (good) {
      return { ...seen, machines: await machines(this.#cluster.machinesOf) };
    }
    const job = generation === undefined
      ? await this.#cluster.job(pushed)
      : null;
    if (job !== null) seenSoFar(`ci: ${job.state}, ${job.message}`);
    return job?.state === "failed" ? { never: job.message } : null;
  }

  /** Waits until `pushed` has come to its end and everything agrees. */
  async #settled(pushed: string, push: Push): Promise<Outcome> {
    let last = "nothing was seen";
    let why: string;
    try {
      const end = await until(
        `the end of commit ${pushed}`,
        () => this.#look(pushed, push, (text) => last = text),
        { timeoutMs: this.#limits.commitMs },
      );
      if (!("never" in end)) return end;
      why = end.never;
    } catch (error) {
      why = error instanceof Error ? error.message : String(error);
    }
    const log = (await this.#cluster.process.log()).split("\n").slice(-30);
    throw new Error(`${why}; last seen: ${last}\n${log.join("\n")}`);
  }

  /** Starts `dev` with the failpoint of the coming round, asleep until that round pushes. */
  async #start(next: Round | undefined): Promise<void> {
    this.#gate = null;
    if (next?.kind !== "point") {
      await this.#cluster.start(null);
      return;
    }
    this.#gate = join(this.#directory, `gate-${this.#commits + 1}`);
    await this.#cluster.start({ failpoint: next.point, gate: this.#gate });
  }

  /** The first commit, undisturbed: what the random moments are measured by. */
  async begin(): Promise<void> {
    const { rounds, report } = this.#options;
    // Twice: the first commit starts machines, the later ones change them.
    await this.#start(undefined);
    await this.#cluster.createRepository();
    this.#commitMs = Infinity;
    for (const _ of [1, 2]) {
      const commit = await this.#commit("healthy");
      const begin = performance.now();
      const pushed = await this.#project.push(await this.#cluster.gitTarget());
      if (pushed.code !== 0) throw new Error(pushed.stderrTail);
      await this.#settled(commit, "healthy");
      // The shorter one: a moment beyond the end of a commit disturbs nothing.
      this.#commitMs = Math.min(this.#commitMs, performance.now() - begin);
      this.#acknowledged.push(commit);
      this.#active = commit;
    }
    report(
      `an undisturbed commit takes ${(this.#commitMs / 1000).toFixed(1)} s`,
    );
    await this.#cluster.kill();
    await this.#start(rounds[0]);
    await this.#settled(this.#active, "healthy");
  }

  /** Follows the master's generations until `dev` is dead. */
  async #watchUntilDead(timeoutMs: number): Promise<SeenGeneration[] | null> {
    let known: SeenGeneration[] = [];
    const end = performance.now() + timeoutMs;
    while (this.#cluster.process.ended() === null) {
      if (performance.now() > end) return null;
      known = await this.#cluster.generations(known);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
    await this.#cluster.disconnect();
    return known;
  }

  /** Pushes and lets the kill happen. */
  async #disturb(round: Round): Promise<{
    acknowledged: boolean;
    generations: SeenGeneration[];
    killedAfterSeconds: number;
  }> {
    const target = await this.#cluster.gitTarget();
    if (this.#gate !== null) await Deno.writeTextFile(this.#gate, "");
    const begin = performance.now();
    const pushing = this.#project.push(target);
    let timer: ReturnType<typeof setTimeout> | undefined;
    if (round.kind === "moment") {
      const wholeMs = this.#commitMs +
        (round.push === "failing" ? this.#limits.deadlineMs.failing : 0);
      timer = setTimeout(() => {
        this.#cluster.process.end("SIGKILL");
      }, round.fraction * wholeMs);
    }
    const died = this.#cluster.process.status.then(() => secondsSince(begin));
    const generations = await this.#watchUntilDead(this.#limits.commitMs);
    clearTimeout(timer);
    const { code } = await pushing;
    if (generations === null) {
      throw new Error(
        `${describeRound(round)} was never reached: the harness must drive it`,
      );
    }
    const { signal, code: exit } = await this.#cluster.process.status;
    if (signal !== "SIGKILL") {
      const log = (await this.#cluster.process.log()).split("\n").slice(-30);
      throw new Error(
        `dev was not killed but ended with ${signal ?? exit}:\n${
          log.join("\n")
        }`,
      );
    }
    return {
      acknowledged: code === 0,
      generations,
      killedAfterSeconds: await died,
    };
  }

  /** A push that git did not acknowledge may have moved the branch all the same; else it is pushed again. */
  async #ensurePushed(commit: string): Promise<void> {
    const target = await this.#cluster.gitTarget();
    if (await this.#project.remoteHead(target) === commit) return;
    const again = await this.#project.push(target);
    if (again.code !== 0) throw new Error(again.stderrTail);
  }

  async round(round: Round, next: Round | undefined): Promise<RoundResult> {
    const result: RoundResult = {
      name: describeRound(round),
      killedAfterSeconds: null,
      convergedAfterSeconds: null,
      violations: [],
    };
    const commit = await this.#commit(round.push);
    try {
      const disturbed = await this.#disturb(round);
      result.killedAfterSeconds = disturbed.killedAfterSeconds;
      const before = {
        machines: await machines(this.#cluster.machinesOf),
        generations: disturbed.generations,
      };
      const begin = performance.now();
      await this.#start(next);
      if (!disturbed.acknowledged) await this.#ensurePushed(commit);
      this.#acknowledged.push(commit);
      const after = await this.#settled(commit, round.push);
      result.convergedAfterSeconds = secondsSince(begin);
      if (round.push === "healthy") this.#active = commit;
      // The master forgets old generations: only those it still lists can be missed.
      const oldest = Math.min(
        ...after.generations.map(({ generation }) => generation),
      );
      result.violations = violations({
        before: {
          ...before,
          generations: before.generations.filter(({ generation }) =>
            generation >= oldest
          ),
        },
        after,
        pushed: commit,
        expectedActive: this.#active,
        expectedState: round.push === "healthy" ? "active" : "failed",
        acknowledged: this.#acknowledged.slice(-(GENERATIONS - 1)),
        excused: new Set(),
      });
    } catch (error) {
      result.violations.push(
        error instanceof Error ? error.message : String(error),
      );
    }
    return result;
  }
}

function row(result: RoundResult): string {
  const seconds = (value: number | null) =>
    (value === null ? "-" : `${value.toFixed(1)} s`).padStart(9);
  return `${result.name.padEnd(34)}${seconds(result.killedAfterSeconds)}${
    seconds(result.convergedAfterSeconds)
  }  ${result.violations.length === 0 ? "everything holds" : "BROKEN"}`;
}

/** A `dev` that is asked to stop takes its machines with it: one that is left was forgotten. */
async function leftBehind(cluster: DevCluster): Promise<RoundResult[]> {
  await cluster.stop();
  const left = await machines(cluster.machinesOf);
  if (left.length === 0) return [];
  return [{
    name: "stop",
    killedAfterSeconds: null,
    convergedAfterSeconds: null,
    violations: left.map(({ id, identity }) =>
      `no orphan: VM ${id} still runs after dev has stopped (${identity})`
    ),
  }];
}

/** Runs all rounds; ends early only when `dev` can no longer be used. */
export async function runChaos(options: ChaosOptions): Promise<RoundResult[]> {
  const directory = await chaosDirectory();
  await using cluster = new DevCluster({ directory, driver: options.driver });
  const project = await GitProject.create(
    join(directory, "project"),
    options.driver === "qemu" ? { debianDir: await testKernelFolder() } : {},
  );
  const run = new ChaosRun(options, cluster, project, directory);
  await run.begin();
  const results: RoundResult[] = [];
  options.report(
    `${"point".padEnd(34)}${"killed at".padStart(9)}${"converged".padStart(9)}`,
  );
  for (const [index, round] of options.rounds.entries()) {
    const result = await run.round(round, options.rounds[index + 1]);
    results.push(result);
    options.report(row(result));
    for (const what of result.violations) options.report(`    ${what}`);
    // A cluster that did not come back would only repeat its failure.
    if (result.convergedAfterSeconds === null) return results;
  }
  const left = await leftBehind(cluster);
  for (const { violations } of left) {
    for (const what of violations) options.report(what);
  }
  return [...results, ...left];
}
