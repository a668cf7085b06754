/**
 * ci with real git, a real hub, real nix and a binary cache on disk. The master
 * is a file.
 *
 * @module
 */
import assert from "node:assert/strict";
import { openTokenTable } from "../../roles/auth/mod.ts";
import { CiConfig, run as runCi } from "../../roles/ci/mod.ts";
import { systemRandom } from "../../roles/clock/mod.ts";
import { HubConfig, run as runHub } from "../../roles/hub/mod.ts";
import {
  JobList,
  type JobView,
  type RunningRole,
} from "../../roles/model/mod.ts";
import { runChecked } from "../../roles/process/mod.ts";
import { examinerFromSources } from "./examiner.ts";
import { filePublisher, publishedIn } from "./file_publisher.ts";
import { gitEnv } from "./git_env.ts";
import { tempDir } from "./temp.ts";
import { until } from "./wait.ts";

/** A build on two busy cores. */
export const JOB_MS = 60_000;

/** What of the flake is another than usual. */
export interface FlakeOptions {
  content?: string;
  blueprint?: string;
  build?: string;
  check?: string;
}

/** A flake with one VM and one check, built by a shell alone. */
export function flake(options: FlakeOptions = {}): string {
  return `{
  outputs = { self }: let
    make = name: script: derivation { inherit name; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" script ]; };
    web = make "web" ''${
    options.build ??
      `echo building the web; echo ${options.content ?? "one"} > $out`
  }'';
    image = { toplevel = "\${web}"; kernelPath = "\${web}"; initrdPath = "\${web}"; };
  in {
    blueprintJSON = builtins.toJSON { version = 1; cluster = "shop"; vms.web = { cpu = 1; memoryMib = 128; inherit image; }; ${
    options.blueprint ?? ""
  } };
    checks.x86_64-linux.works = make "works" ''${
    options.check ?? "echo fine; echo ok > $out"
  }'';
  };
}
`;
}

/** A hub with one repository, and a ci to be started beside it; what it publishes is kept in a file. */
export class CiFixture {
  hub: RunningRole | undefined;
  ci: RunningRole | undefined;
  /** What the master answers while it is away; null while it is there. */
  away: string | null = null;
  readonly token: string;

  constructor(readonly dir: string) {
    const table = openTokenTable(`${dir}/hub`);
    this.token = table.create({ role: "publisher", name: "test" }, {
      now: Date.now(),
      random: systemRandom,
    }).token;
    table.close();
    const ci = openTokenTable(`${dir}/ci`);
    this.ciToken = ci.create({ role: "publisher", name: "test" }, {
      now: Date.now(),
      random: systemRandom,
    }).token;
    ci.close();
  }
  readonly ciToken: string;

  get published() {
    return publishedIn(`${this.dir}/published.json`);
  }

  config(over: Record<string, unknown> = {}) {
    return {
      stateDir: `${this.dir}/ci`,
      listen: "127.0.0.1:0",
      hubUrl: this.hub?.endpoints["http"],
      cacheUrl: `file://${this.dir}/cache`,
      nixStore: `${this.dir}/store`,
      pollMs: 200,
      retryFirstMs: 100,
      ...over,
    };
  }

  async startHub(): Promise<void> {
    this.hub = await runHub(
      HubConfig.parse({ stateDir: `${this.dir}/hub`, listen: "127.0.0.1:0" }),
    );
  }

  async startCi(over: Record<string, unknown> = {}): Promise<void> {
    this.ci = await runCi(CiConfig.parse(this.config(over)), {
      ports: {
        publisher: filePublisher(`${this.dir}/published.json`, {
          away: () => this.away,
        }),
      },
      examiner: examinerFromSources(),
    });
  }

  git(...args: string[]): Promise<string> {
    return runChecked("git", args, {
      cwd: `${this.dir}/checkout`,
      clearEnv: true,
      env: gitEnv(this.dir),
    });
  }

  async makeRepository(): Promise<void> {
    await Deno.mkdir(`${this.dir}/checkout`);
    await this.git("init", "-q", "-b", "main");
    const hub = this.hub?.endpoints["http"] ?? "";
    await this.git(
      "remote",
      "add",
      "origin",
      `${hub.replace("//", `//x:${this.token}@`)}/shop.git`,
    );
    const answer = await fetch(`${hub}/api/v1/repositories`, {
      method: "POST",
      body: JSON.stringify({ name: "shop" }),
      headers: { authorization: `Bearer ${this.token}` },
    });
    assert.equal(answer.status, 201, await answer.text());
  }

  /** Commits a flake and pushes it; gives the commit. */
  async push(text: string, branch = "main"): Promise<string> {
    await Deno.writeTextFile(`${this.dir}/checkout/flake.nix`, text);
    await this.git("add", ".");
    await this.git("commit", "-q", "--allow-empty", "-m", "change");
    await this.git("push", "-q", "-f", "origin", `HEAD:refs/heads/${branch}`);
    return (await this.git("rev-parse", "HEAD")).trim();
  }

  async jobs(): Promise<JobView[]> {
    const answer = await fetch(`${this.ci?.endpoints["http"]}/api/v1/jobs`);
    return JobList.parse(await answer.json()).jobs;
  }

  /** Waits until the commit's job is in one of these states. */
  job(commit: string, states: JobView["state"][]): Promise<JobView> {
    return until(
      `job of ${commit.slice(0, 8)} ${states.join(" or ")}`,
      async () => {
        const jobs = await this.jobs();
        return jobs.find((job) =>
          job.commit === commit && states.includes(job.state)
        );
      },
      { timeoutMs: JOB_MS },
    );
  }

  ended(commit: string): Promise<JobView> {
    return this.job(commit, ["succeeded", "failed"]);
  }

  async log(id: number): Promise<string> {
    return await (await fetch(
      `${this.ci?.endpoints["http"]}/api/v1/jobs/${id}/log`,
    )).text();
  }
}

/** With a hub that is there, and ended with what else was started. */
export async function withFixture(
  work: (fixture: CiFixture) => Promise<void>,
): Promise<void> {
  await using temp = await tempDir("ci");
  const fixture = new CiFixture(temp.path);
  await fixture.startHub();
  try {
    await fixture.makeRepository();
    await work(fixture);
  } finally {
    await fixture.ci?.stop();
    await fixture.hub?.stop();
  }
}
