/**
 * `git push -o check-index=N` with the git that people have: kept with the
 * commit before the ref moves, and refused in words when it is nonsense.
 *
 * @module
 */
import assert from "node:assert/strict";
import { openTokenTable } from "../../roles/auth/mod.ts";
import { systemRandom } from "../../roles/clock/mod.ts";
import { HubConfig, run } from "../../roles/hub/mod.ts";
import { RepositoryView } from "../../roles/model/mod.ts";
import { runProcess, type RunResult } from "../../roles/process/mod.ts";
import { gitEnv } from "../support/git_env.ts";
import { tempDir } from "../support/temp.ts";

/** A hub with a repository `shop`, and a work tree to push from. */
interface Fixture extends AsyncDisposable {
  repository: string;
  git(...args: string[]): Promise<string>;
  tryGit(...args: string[]): Promise<RunResult>;
  commit(text: string): Promise<string>;
  push(...args: string[]): Promise<RunResult>;
  /** Branch to what it was pushed with; branches without a number are null. */
  indexes(): Promise<Record<string, [string, number | null]>>;
}

async function fixture(): Promise<Fixture> {
  const temp = await tempDir("hub-check-index");
  const stateDir = `${temp.path}/state`;
  const hub = await run(HubConfig.parse({ stateDir, listen: "127.0.0.1:0" }));
  const url = hub.endpoints["http"] ?? "";
  const table = openTokenTable(stateDir);
  const { token } = table.create({ role: "publisher", name: "test" }, {
    now: Date.now(),
    random: systemRandom,
  });
  table.close();
  const made = await fetch(`${url}/api/v1/repositories`, {
    method: "POST",
    body: '{"name":"shop"}',
    headers: { authorization: `Bearer ${token}` },
  });
  await made.body?.cancel();
  const work = `${temp.path}/work`;
  await Deno.mkdir(work);
  const env = gitEnv(temp.path);
  const tryGit = (...args: string[]) =>
    runProcess("git", args, {
      cwd: work,
      env,
      clearEnv: true,
      timeoutMs: 60_000,
    });
  const git = async (...args: string[]) => {
    const result = await tryGit(...args);
    assert.equal(result.code, 0, result.stderrTail);
    return result.stdout.trim();
  };
  await git("init", "-q", "-b", "main");
  await git(
    "remote",
    "add",
    "hub",
    `${url.replace("//", `//x:${token}@`)}/shop.git`,
  );
  return {
    repository: `${stateDir}/repositories/shop.git`,
    git,
    tryGit,
    async commit(text) {
      await Deno.writeTextFile(`${work}/file`, text);
      await git("add", ".");
      await git("commit", "-q", "-m", text);
      return await git("rev-parse", "HEAD");
    },
    push: (...args) => tryGit("push", ...args),
    async indexes() {
      const answer = await fetch(`${url}/api/v1/repositories/shop`);
      const { branches } = RepositoryView.parse(await answer.json());
      return Object.fromEntries(
        branches.map((
          { name, commit, checkIndex },
        ) => [name, [commit, checkIndex ?? null]]),
      );
    },
    async [Symbol.asyncDispose]() {
      await hub.stop();
      await temp[Symbol.asyncDispose]();
    },
  };
}

Deno.test("check-index: the number is kept with the tip that the push made", async () => {
  await using hub = await fixture();
  const one = await hub.commit("one");
  const first = await hub.push("-o", "check-index=7", "hub", "main");
  assert.equal(first.code, 0, first.stderrTail);
  assert.deepEqual(await hub.indexes(), { main: [one, 7] });

  const two = await hub.commit("two");
  const plain = await hub.push("hub", "main");
  assert.equal(plain.code, 0, plain.stderrTail);
  assert.deepEqual(await hub.indexes(), { main: [two, null] });

  const three = await hub.commit("three");
  const several = await hub.push(
    ...["-o", "check-index=9007199254740991", "hub"],
    ...[
      "main",
      "main:refs/heads/next/one",
      "main:refs/tags/v1",
      `${one}:refs/heads/old`,
    ],
  );
  assert.equal(several.code, 0, several.stderrTail);
  assert.match(
    several.stderrTail,
    /remote: procurator: published only if the plan is still at revision 9007199254740991/,
  );
  assert.deepEqual(await hub.indexes(), {
    main: [three, Number.MAX_SAFE_INTEGER],
    "next/one": [three, Number.MAX_SAFE_INTEGER],
    old: [one, Number.MAX_SAFE_INTEGER],
  });
  // Of one branch only: what another was pushed with stays.
  const gone = await hub.push("hub", "--delete", "old");
  assert.equal(gone.code, 0, gone.stderrTail);
  const again = await hub.push("hub", "-f", `${two}:refs/heads/next/one`);
  assert.equal(again.code, 0, again.stderrTail);
  const back = await hub.push("hub", `${three}:refs/heads/next/one`);
  assert.equal(back.code, 0, back.stderrTail);
  assert.deepEqual(await hub.indexes(), {
    main: [three, Number.MAX_SAFE_INTEGER],
    "next/one": [three, null],
  });
});

Deno.test("check-index: nonsense is refused in words and moves nothing", async () => {
  await using hub = await fixture();
  await hub.commit("one");
  for (
    const [options, says] of [
      [["check-index="], /check-index must be a whole number; give the number/],
      [["check-index=-1"], /must be a whole number/],
      [["check-index=1e3"], /must be a whole number/],
      [["check-index=$(id)"], /must be a whole number/],
      [["check-index"], /check-index needs a number/],
      [["check-index=007"], /is no plan revision/],
      [["check-index=9007199254740992"], /is no plan revision/],
      [[`check-index=${"9".repeat(400)}`], /is no plan revision/],
      [["check-index=1", "check-index=2"], /is given twice/],
      [["checkindex=1"], /knows no such push option, only check-index=N/],
    ] as const
  ) {
    const options_ = options.flatMap((option) => ["-o", option]);
    const pushed = await hub.push(...options_, "hub", "main");
    assert.notEqual(pushed.code, 0, options.join(" "));
    assert.match(pushed.stderrTail, says);
    assert.match(pushed.stderrTail, /pre-receive hook declined/);
  }
  assert.deepEqual(await hub.indexes(), {});
});

Deno.test("check-index: a push that ends between the number and the ref leaves nothing that counts", async () => {
  await using hub = await fixture();
  const one = await hub.commit("one");
  assert.equal((await hub.push("hub", "main")).code, 0);
  const two = await hub.commit("two");
  // The ref cannot be moved: what kill -9 behind the hook comes to.
  const lock = `${hub.repository}/refs/heads/main.lock`;
  await Deno.writeTextFile(lock, "");
  const cut = await hub.push("-o", "check-index=3", "hub", "main");
  assert.notEqual(cut.code, 0);
  assert.deepEqual(await hub.indexes(), { main: [one, null] });
  const kept = [...Deno.readDirSync(`${hub.repository}/procurator/check-index`)]
    .map(({ name }) => name);
  assert.deepEqual(kept.length, 1);
  assert.ok(kept[0]?.startsWith(two));
  await Deno.remove(lock);

  // The commit is pushed again, and says nothing any more.
  assert.equal((await hub.push("hub", "main")).code, 0);
  assert.deepEqual(await hub.indexes(), { main: [two, null] });
});

Deno.test("check-index: a number that cannot be read refuses its commit, not the list", async () => {
  await using hub = await fixture();
  const one = await hub.commit("one");
  assert.equal((await hub.push("-o", "check-index=3", "hub", "main")).code, 0);
  const directory = `${hub.repository}/procurator/check-index`;
  for (const { name } of Deno.readDirSync(directory)) {
    await Deno.writeTextFile(`${directory}/${name}`, "garbage");
  }
  assert.deepEqual(await hub.indexes(), {
    main: [one, Number.MAX_SAFE_INTEGER],
  });
});
