/**
 * Data for the pages, as a cluster in the middle of a rollout would have it.
 *
 * @module
 */
import {
  AppError,
  type JobDetail,
  type JobView,
  type LogLine,
} from "../../roles/model/mod.ts";
import type { AnalysisView, HubData, WhichCommit } from "../../ui/mod.ts";
import { analysisOf, SHOP_FILES } from "./fake_analysis.ts";

/** The moment at which pages of this data are looked at. */
export const FAKE_NOW_MS = Date.UTC(2026, 0, 2, 12, 0, 0);

const commit = (digit: string) => digit.repeat(40);

export function fakeJob(over: Partial<JobDetail> = {}): JobDetail {
  return {
    id: 3,
    repository: "shop",
    branch: "main",
    commit: commit("c"),
    publishes: true,
    state: "running",
    stage: "build",
    message: "running: build",
    hint: null,
    cluster: "shop",
    generation: null,
    traceparent: "",
    queuedAtMs: FAKE_NOW_MS - 20_000,
    startedAtMs: FAKE_NOW_MS - 19_000,
    endedAtMs: null,
    seconds: { eval: 1.4, build: null },
    steps: [
      {
        name: "fetch",
        state: "succeeded",
        startedAtMs: FAKE_NOW_MS - 19_000,
        endedAtMs: FAKE_NOW_MS - 18_700,
        message: "",
      },
      {
        name: "eval",
        state: "succeeded",
        startedAtMs: FAKE_NOW_MS - 18_700,
        endedAtMs: FAKE_NOW_MS - 17_600,
        message: "",
      },
      {
        name: "build vms",
        state: "running",
        startedAtMs: FAKE_NOW_MS - 17_600,
        endedAtMs: null,
        message: "",
      },
    ],
    ...over,
  };
}

const hash = (digit: string) => digit.repeat(64);

/** Change what it holds, or replace a method, to see other pages. */
export class FakeHubData implements HubData {
  branches = [
    {
      name: "main",
      commit: commit("c"),
      subject: "Say hello to <everybody> & more",
      committedAtMs: FAKE_NOW_MS - 30_000,
    },
    {
      name: "topic",
      commit: commit("a"),
      subject: "Try another page",
      committedAtMs: FAKE_NOW_MS - 7_200_000,
    },
  ];
  allJobs: JobDetail[] = [
    fakeJob(),
    fakeJob({
      id: 2,
      commit: commit("b"),
      state: "failed",
      stage: "eval",
      message:
        'failed in eval: Cannot read the blueprint: vms.web: Unrecognized key: "colour"',
      hint: "print it with: nix eval --raw .#blueprintJSON",
      queuedAtMs: FAKE_NOW_MS - 3_600_000,
      steps: [
        {
          name: "eval",
          state: "failed",
          startedAtMs: FAKE_NOW_MS - 3_600_000,
          endedAtMs: FAKE_NOW_MS - 3_598_000,
          message:
            'Cannot read the blueprint: vms.web: Unrecognized key: "colour"',
        },
      ],
    }),
    fakeJob({
      id: 1,
      commit: commit("a"),
      state: "succeeded",
      stage: null,
      message: "published as generation 1",
      generation: 1,
      queuedAtMs: FAKE_NOW_MS - 86_400_000,
      seconds: { eval: 1.2, build: 6.1 },
    }),
  ];
  lines: LogLine[] = [
    "unpacking",
    "building 'web'",
    "<script>alert(1)</script>",
  ].map((text, index) => ({
    sequence: index + 1,
    step: "build vms",
    atMs: FAKE_NOW_MS,
    text,
  }));
  masterAway: AppError | null = null;
  /** What every commit of "shop" is; null while it is being found out. */
  found: AnalysisView | null = analysisOf(SHOP_FILES, commit("c"));

  repositories() {
    return Promise.resolve([
      { name: "shop", head: "main", branches: this.branches },
      { name: "blog", head: "main", branches: [] as typeof this.branches },
    ]);
  }
  async repository(name: string) {
    const found = (await this.repositories()).find((one) => one.name === name);
    if (found === undefined) {
      throw new AppError(
        "not_found",
        `There is no repository "${name}" on this hub`,
      );
    }
    return found;
  }
  async analysis(name: string, which: WhichCommit): Promise<AnalysisView> {
    const { branches } = await this.repository(name);
    const wanted = which.branch ?? "main";
    const isThere = which.commit !== undefined ||
      branches.some((branch) => branch.name === wanted);
    if (this.found !== null && isThere) return this.found;
    throw new AppError(
      "not_found",
      branches.length === 0
        ? `Nothing was pushed to "${name}" yet`
        : `Repository "${name}" has no branch "${wanted}"`,
    );
  }
  async analysisAtGlance(
    name: string,
    which: WhichCommit,
  ): Promise<AnalysisView | null> {
    if (this.found === null) return null;
    return await this.analysis(name, which);
  }
  jobs({ repository }: { repository?: string }): Promise<JobView[]> {
    return Promise.resolve(
      this.allJobs.filter((job) =>
        repository === undefined || job.repository === repository
      ),
    );
  }
  job(id: number): Promise<JobDetail> {
    const job = this.allJobs.find((one) => one.id === id);
    return job === undefined
      ? Promise.reject(new AppError("not_found", `There is no job ${id}`))
      : Promise.resolve(job);
  }
  log(
    _id: number,
    form: "text" | { eventsAfter: string },
  ): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const text = form === "text"
      ? this.lines.map((line) => `${line.step} | ${line.text}\n`).join("")
      : `event: lines\nid: ${this.lines.length}\ndata: ${
        JSON.stringify(this.lines)
      }\n\nevent: end\ndata:\n\n`;
    return Promise.resolve(new Blob([text]).stream());
  }
  clusters(): Promise<string[]> {
    return this.masterAway === null
      ? Promise.resolve(["shop"])
      : Promise.reject(this.masterAway);
  }
  status(cluster: string): ReturnType<HubData["status"]> {
    if (this.masterAway !== null) return Promise.reject(this.masterAway);
    const vm = (
      ordinal: number,
      over: Partial<Awaited<ReturnType<HubData["status"]>>["vms"][number]>,
    ) => ({
      id: `${cluster}/web-${ordinal}`,
      incarnation: 1,
      worker: "w1",
      desired: hash("a"),
      observed: hash("a"),
      generation: 2,
      state: "Running" as const,
      health: "healthy" as const,
      drift: false,
      address: "127.0.0.1:41234",
      restarts: 0,
      message: "",
      surge: false,
      ...over,
    });
    return Promise.resolve({
      cluster,
      activeGeneration: 1,
      commit: commit("a"),
      held: null,
      convergencePercent: 33.3,
      highestGeneration: 2,
      rollout: {
        generation: 2,
        state: "running",
        message: "web-1 is starting; 1 of 3 done",
        waitingOn: null,
      },
      planRevision: 4,
      workers: [{
        id: "w1",
        state: "alive",
        epoch: 1,
        capacity: { cpuMilli: 2000, memoryMib: 3950 },
        free: { cpuMilli: 500, memoryMib: 3566 },
        attributes: {},
        versions: { procurator: "0.1.0", nix: "2.8.0", qemu: "7.2.19" },
        cordoned: null,
      }],
      vms: [
        vm(0, {}),
        vm(1, {
          health: "starting",
          restarts: 1,
          message: "http: no answer from port 80 yet",
        }),
        vm(2, {
          state: "Created",
          health: "unknown",
          observed: null,
          generation: 1,
          drift: true,
          address: "",
          message: "copying 3 paths",
        }),
      ],
    });
  }
  generations(cluster: string): ReturnType<HubData["generations"]> {
    if (this.masterAway !== null) return Promise.reject(this.masterAway);
    const one = {
      cluster,
      repository: "shop",
      intentHash: hash("b"),
      parent: 0,
      endedAtMs: null,
      vms: 3,
      traceparent: null,
    };
    return Promise.resolve([
      {
        ...one,
        generation: 2,
        commit: commit("c"),
        state: "rolling",
        reason: "",
        publishedAtMs: FAKE_NOW_MS - 9000,
        seconds: { copy: 0.4, place: 0.1, boot: null, healthy: null },
      },
      {
        ...one,
        generation: 1,
        commit: commit("a"),
        state: "active",
        reason: "",
        publishedAtMs: FAKE_NOW_MS - 86_400_000,
        seconds: { copy: 0.8, place: 0.2, boot: 4.6, healthy: 1.1 },
      },
    ]);
  }
}
