/**
 * Repositories and builds from the command line: a real hub, a real git, and a
 * real ci whose builder is scripted.
 *
 * @module
 */
import assert from "node:assert/strict";
import { openTokenTable } from "../../roles/auth/mod.ts";
import { CiConfig, run as runCi } from "../../roles/ci/mod.ts";
import { systemRandom } from "../../roles/clock/mod.ts";
import { HubConfig, run as runHub } from "../../roles/hub/mod.ts";
import {
  AppError,
  JobList,
  type JobView,
  LogLine,
  RepositoryList,
} from "../../roles/model/mod.ts";
import { runProcess } from "../../roles/process/mod.ts";
import { cli } from "../support/cli.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";

const WAIT_MS = 10_000;
const MAIN = new URL("../../main.ts", import.meta.url).pathname;

interface Place {
  dir: string;
  hub: string;
  /** The command line in this process, as the client of both. */
  run: (...args: string[]) => ReturnType<typeof cli>;
  env: Record<string, string>;
  /** Lets evaluations end; they fail. */
  release: () => void;
}

function tokenIn(stateDir: string): string {
  const table = openTokenTable(stateDir);
  const { token } = table.create({ role: "publisher", name: "t" }, {
    now: Date.now(),
    random: systemRandom,
  });
  table.close();
  return token;
}

/** ci fetches from the real hub; evaluating says a line, and fails when it is released. */
function builderUntil(released: Promise<void>) {
  return {
    async evaluate(
      _flakeRef: string,
      call: { onLog: (line: string) => void; signal: AbortSignal },
    ): Promise<never> {
      call.onLog("thinking \x1b[2Jhard");
      const stopped = new Promise((resolve) =>
        call.signal.addEventListener("abort", resolve, { once: true })
      );
      await Promise.race([released, stopped]);
      throw new AppError("failed", "it does not evaluate", {
        hint: "mend it",
      });
    },
    build: () => Promise.resolve(),
    missing: () => Promise.resolve([]),
    upload: () => Promise.resolve(),
  };
}

async function withPlace(work: (place: Place) => Promise<void>): Promise<void> {
  await using temp = await tempDir("cli-hub");
  const dir = temp.path;
  const tokens = { hub: tokenIn(`${dir}/hub`), ci: tokenIn(`${dir}/ci`) };
  const hub = await runHub(
    HubConfig.parse({ stateDir: `${dir}/hub`, listen: "127.0.0.1:0" }),
  );
  const hubUrl = hub.endpoints["http"] ?? "";
  const release = Promise.withResolvers<void>();
  const ci = await runCi(
    CiConfig.parse({
      stateDir: `${dir}/ci`,
      listen: "127.0.0.1:0",
      hubUrl,
      pollMs: 100,
    }),
    { ports: { builder: builderUntil(release.promise) } },
  );
  const ciUrl = ci.endpoints["http"] ?? "";
  const file = `${dir}/client.json`;
  await Deno.writeTextFile(
    file,
    JSON.stringify({
      services: {
        hub: { url: hubUrl, token: tokens.hub },
        ci: { url: ciUrl, token: tokens.ci },
      },
    }),
  );
  const env = {
    PROCURATOR_CLIENT: file,
    HOME: dir,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
  };
  try {
    await work({
      dir,
      hub: hubUrl,
      env,
      run: (...args) => cli(args, { env }),
      release: release.resolve,
    });
  } finally {
    release.resolve();
    await ci.stop();
    await hub.stop();
  }
}

/** Commits in a work tree `shop` below `dir`; `repo create --remote` there; what `git push` came to. */
async function pushShop({ dir, env }: Place) {
  const cwd = `${dir}/shop`;
  await Deno.mkdir(cwd);
  const run = async (program: string, ...args: string[]) => {
    const result = await runProcess(program, args, { cwd, env });
    assert.equal(result.code, 0, result.stderrTail);
    return result;
  };
  await run("git", "init", "-q", "-b", "main");
  await run("git", "config", "user.name", "a");
  await run("git", "config", "user.email", "a@example.org");
  await run("git", "commit", "-q", "--allow-empty", "-m", "open the shop");
  const made = await run(
    Deno.execPath(),
    "run",
    "-A",
    "--no-check",
    MAIN,
    "repo",
    "create",
    "shop",
    "--remote",
    "procurator",
  );
  // No token is in the URL or in the environment: git asks the helper.
  await run("git", "push", "-q", "procurator", "main");
  const config = await Deno.readTextFile(`${cwd}/.git/config`);
  assert.doesNotMatch(config, /pcr_/);
  return made.stdout;
}

Deno.test("repo create makes a repository and git's way to it; repo list shows what was pushed", () =>
  withPlace(async (place) => {
    const none = await place.run("repo", "list");
    assert.equal(
      none.out,
      "no repository yet; make one: procurator repo create NAME\n",
    );
    assert.match(await pushShop(place), /the remote procurator points to it/);
    const { out, err, status } = await place.run("repo", "list", "--json");
    assert.deepEqual([status, err], [0, ""]);
    const [shop] = RepositoryList.shape.repositories.parse(JSON.parse(out));
    assert.deepEqual(
      [shop?.name, shop?.head, shop?.branches[0]?.subject],
      ["shop", "main", "open the shop"],
    );
    const people = await place.run("repo");
    assert.ok(people.out.includes(`${place.hub}/shop.git  open the shop`));
    const again = await place.run("repo", "create", "shop", "--json");
    assert.equal(JSON.parse(again.out).created, false);
    const head = await place.run("repo", "head", "shop", "nowhere");
    assert.equal(head.status, 1);
    assert.match(head.err, /has no branch "nowhere"/);
  }));

Deno.test("repo: wrong names, tokens and places are refused with what to do, and change nothing", () =>
  withPlace(async (place) => {
    assert.equal((await place.run("repo", "create", "No Such")).status, 2);
    const anonymous = await cli(
      ["repo", "create", "shop", "--url", place.hub],
      { env: { ...place.env, PROCURATOR_CLIENT: `${place.dir}/none.json` } },
    );
    assert.equal(anonymous.status, 3);
    assert.match(anonymous.err, /procurator login http:\S+ --service hub/);
    const outside = await runProcess(
      Deno.execPath(),
      [
        "run",
        "-A",
        "--no-check",
        MAIN,
        "repo",
        "create",
        "shop",
        "--remote",
        "x",
      ],
      { cwd: place.dir, env: place.env },
    );
    assert.equal(outside.code, 3);
    assert.match(outside.stderrTail, /not in a Git repository/);
    assert.match((await place.run("repo", "list")).out, /no repository yet/);
  }));

Deno.test("git-credential gives the token to the hub alone", () =>
  withPlace(async ({ hub, env }) => {
    const ask = (request: string, action = "get") =>
      cli(["git-credential", action], { env, input: request });
    const { host } = new URL(hub);
    const ours = await ask(`protocol=http\nhost=${host}\n\n`);
    assert.match(ours.out, /^username=token\npassword=pcr_publisher_\S+\n$/);
    const others = [
      `protocol=https\nhost=${host}\n`,
      "protocol=http\nhost=example.org\n",
      "",
    ];
    for (const other of others) assert.equal((await ask(other)).out, "");
    const stored = await ask(`protocol=http\nhost=${host}\n`, "store");
    assert.deepEqual([stored.status, stored.out], [0, ""]);
  }));

Deno.test("builds: listed, followed to the end, read again, run again", () =>
  withPlace(async (place) => {
    assert.match((await place.run("builds")).out, /^no build yet/);
    const nothing = await place.run("builds", "log");
    assert.equal(nothing.status, 1);
    assert.match(nothing.err, /push a commit/);
    await pushShop(place);
    const jobs = async (): Promise<JobView[]> => {
      const { out } = await place.run("builds", "--json");
      return JobList.shape.jobs.parse(JSON.parse(out));
    };
    const { id } = await until(
      "the evaluation",
      async () => (await jobs()).find((job) => job.stage === "eval"),
      { timeoutMs: WAIT_MS },
    );
    const early = await place.run("builds", "retry", String(id));
    assert.deepEqual(early.status, 3);
    const following = place.run("builds", "log", "-f");
    place.release();
    const followed = await following;
    assert.equal(followed.status, 1, "a failed build is a failure");
    // What a build prints does not steer the reader's terminal.
    assert.match(followed.out, /^eval \| thinking {2}\[2Jhard$/m);
    assert.match(followed.err, /it does not evaluate[^]*Try: mend it/);
    const list = await place.run("builds", "--repository", "shop");
    assert.match(list.out, /^1 +failed +shop +main +[0-9a-f]{8} +-/m);
    const lines = await place.run("builds", "log", "1", "-f", "--json");
    const parsed = lines.out.trim().split("\n").map((line) =>
      LogLine.parse(JSON.parse(line))
    );
    assert.ok(parsed.some((line) => line.text.includes("hard")));
    assert.equal(lines.err, "");
    const read = await place.run("builds", "log", "1", "--json");
    assert.match(JSON.parse(read.out).text, /eval \| thinking/);
    assert.equal((await place.run("builds", "retry", "1")).status, 0);
    assert.equal((await place.run("builds", "log", "77")).status, 1);
  }));
