/**
 * What commits of a hub are: by its API and on its pages, with real git and a
 * process for each commit.
 *
 * @module
 */
import assert from "node:assert/strict";
import { childExaminer, type Examiner } from "../../autonix/examiner.ts";
import { analyzePath } from "../../autonix/mod.ts";
import { Analysis } from "../../roles/model/analysis.ts";
import { AppError } from "../../roles/model/errors.ts";
import { examinerFromSources } from "../support/examiner.ts";
import { commit, created, git, startHub, workTree } from "../support/hub.ts";
import { until } from "../support/wait.ts";

const PATIENCE_MS = 60_000;

/** The real one, counted. */
function counted(): { examiner: Examiner; asked: string[] } {
  const real = examinerFromSources();
  const asked: string[] = [];
  return {
    asked,
    examiner: {
      examine: (request) => {
        asked.push(request.commit);
        return real.examine(request);
      },
    },
  };
}

const PAGE = { headers: { accept: "text/html" } };

Deno.test("hub: what a commit is, as analyze tells of its clone, examined once", async () => {
  const { examiner, asked } = counted();
  await using hub = await startHub({}, { examiner });
  const token = hub.token("publisher");
  await created(hub, "shop", token);
  const path = "/api/v1/repositories/shop/analysis";
  const nothing = await hub.api("GET", path);
  assert.equal(nothing.status, 404);
  assert.match(await nothing.text(), /Nothing was pushed to \\"shop\\" yet/);
  const empty = await (await fetch(`${hub.url}/repositories/shop`, PAGE))
    .text();
  assert.match(empty, /shown here once one was pushed/);

  const work = await workTree(hub.dir);
  const plain = (await git(work, "rev-parse", "HEAD")).trim();
  await Deno.writeTextFile(
    `${work}/go.mod`,
    "module example.org/a\n\ngo 1.22\n",
  );
  await Deno.writeTextFile(
    `${work}/main.go`,
    "package main\n\nfunc main() {}\n",
  );
  await Deno.mkdir(`${work}/<i>`);
  await Deno.writeTextFile(
    `${work}/<i>/package.json`,
    '{"name":"x","scripts":{"start":"node ."}}',
  );
  const tip = await commit(work, "two");
  await git(work, "push", "-q", hub.remote("shop", token), "main");

  const answers = await Promise.all(
    [path, `${path}?commit=${tip}`, `${path}?branch=main`].map((one) =>
      hub.api("GET", one)
    ),
  );
  const texts = await Promise.all(answers.map((one) => one.text()));
  assert.equal(answers[0]?.status, 200, texts[0]);
  assert.equal(answers[0]?.headers.get("procurator-commit"), tip);
  assert.equal(new Set(texts).size, 1);
  const told = Analysis.parse(JSON.parse(texts[0] ?? ""));
  assert.deepEqual(told, await analyzePath(work, { repository: "shop" }));
  assert.deepEqual(told.applications.map(({ name }) => name).sort(), [
    "a",
    "x",
  ]);

  const page =
    await (await fetch(`${hub.url}/repositories/shop/analysis`, PAGE))
      .text();
  assert.match(page, /What is in shop/);
  assert.match(page, /&lt;i&gt;/);
  assert.doesNotMatch(page, /<i>/);
  const drawing = await fetch(
    `${hub.url}/repositories/shop/analysis/graph.svg?commit=${tip}`,
  );
  assert.match(await drawing.text(), /^<svg /);
  assert.deepEqual(asked, [tip], "all of them shared one look");

  const older = await hub.api("GET", `${path}?commit=${plain}`);
  const { applications, unknown } = Analysis.parse(await older.json());
  assert.deepEqual(applications, []);
  assert.match(unknown[0]?.why ?? "", /none of 1 files/);
  for (
    const [query, status, words] of [
      ["branch=none", 404, /has no branch/],
      [`commit=${"d".repeat(40)}`, 404, /no such commit/],
      ["commit=HEAD", 400, /whole id/],
      ["commit=--output=x", 400, /whole id/],
      [`branch=main&commit=${tip}`, 400, /not both/],
      ["other=1", 400, /other/],
    ] as const
  ) {
    const answer = await hub.api("GET", `${path}?${query}`);
    const text = await answer.text();
    assert.equal(answer.status, status, `${query}: ${text}`);
    assert.match(text, words);
  }
});

Deno.test("hub: a commit that takes long holds nothing up, and one that fails is not tried at each look", async () => {
  const gate = Promise.withResolvers<never>();
  let asked = 0;
  await using hub = await startHub({}, {
    examiner: {
      examine: () => {
        asked += 1;
        return gate.promise;
      },
    },
  });
  const token = hub.token("publisher");
  await created(hub, "shop", token);
  const work = await workTree(hub.dir);
  await git(work, "push", "-q", hub.remote("shop", token), "main");
  const look = async (path: string) =>
    await (await fetch(`${hub.url}/repositories/shop${path}`, PAGE)).text();
  assert.match(await look(""), /This commit is being read/);
  assert.match(await look("/analysis"), /This commit is being read/);
  gate.reject(new AppError("timeout", "it took too long", { hint: "a clone" }));
  await until(
    "the failure is told",
    async () => /it took too long/.test(await look("")),
    { timeoutMs: PATIENCE_MS },
  );
  assert.match(await look("/analysis"), /Try: a clone/);
  assert.equal(asked, 1);
});

Deno.test("hub: a process that ends badly, prints too much, or stays is told of", async () => {
  const request = {
    gitDirectory: "/nowhere",
    commit: "c".repeat(40),
    repository: "shop",
    signal: new AbortController().signal,
  };
  const shell = (script: string) =>
    childExaminer(["bash", "-c", script]).examine(request);
  await assert.rejects(shell("exit 7"), /its process ended with 7/);
  await assert.rejects(shell("yes"), /takes more than \d+ bytes/);
  await assert.rejects(shell("echo '{}'"), { code: "invalid" });
  await assert.rejects(
    shell('echo \'{"error":{"code":"not_found","message":"gone"}}\''),
    { code: "not_found", message: "gone" },
  );
  const stopped = AbortSignal.timeout(300);
  await assert.rejects(
    childExaminer(["bash", "-c", "sleep 600"]).examine({
      ...request,
      signal: stopped,
    }),
    /was stopped/,
  );
});
