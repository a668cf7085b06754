/**
 * `procurator plan`: where the blueprint comes from, what is asked of ci and
 * master, exit codes.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Plan, PlanRequest } from "../../roles/model/mod.ts";
import { cli } from "../support/cli.ts";
import { clusterStatus } from "../support/specs.ts";
import { tempDir } from "../support/temp.ts";

const IMAGE = `/nix/store/${"a".repeat(32)}-image`;
const COMMIT = "c".repeat(40);

const BLUEPRINT = JSON.stringify({
  version: 1,
  cluster: "shop",
  placement: "pack",
  vms: {
    web: {
      cpu: 0.5,
      memoryMib: 128,
      image: { toplevel: IMAGE, kernelPath: IMAGE, initrdPath: IMAGE },
    },
  },
});

const PLAN: Plan = {
  cluster: "shop",
  planRevision: 12,
  activeGeneration: 3,
  nextGeneration: 4,
  commit: "",
  intentHash: "a".repeat(64),
  refused: null,
  held: null,
  changes: [{
    vm: "shop/web-0",
    kind: "create",
    fromWorker: "",
    toWorker: "w1",
    reason: "generation 4 asks for it",
  }],
  closures: [],
};

/** A master that keeps what it was asked. */
function planning(answer: Partial<Plan> = {}) {
  const asked: PlanRequest[] = [];
  const master = {
    plan: (request: PlanRequest) => {
      asked.push(request);
      return Promise.resolve({ ...PLAN, ...answer });
    },
  };
  return { asked, master };
}

/** A ci that evaluates everything to the same blueprint. */
function serveCi() {
  const asked: { body: unknown; authorization: string | null }[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => undefined },
    async (request) => {
      const body = await request.json();
      asked.push({ body, authorization: request.headers.get("authorization") });
      if (body.ref === "gone") {
        const error = { code: "not_found", message: "no such branch" };
        return Response.json({ error }, { status: 404 });
      }
      return Response.json({
        repository: body.repository,
        commit: COMMIT,
        cluster: "shop",
        blueprint: BLUEPRINT,
      });
    },
  );
  return {
    asked,
    url: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

Deno.test("plan --blueprint reads a file or standard input, and exits 5 only when asked to", async () => {
  await using dir = await tempDir("cli-plan");
  const file = `${dir.path}/blueprint.json`;
  await Deno.writeTextFile(file, BLUEPRINT);
  const { asked, master } = planning();
  const shown = await cli(["plan", "--blueprint", file], { master });
  assert.equal(shown.status, 0, shown.err);
  assert.match(shown.out, /^\+ create +shop\/web-0 +w1 +generation 4/m);
  assert.match(shown.out, /git push -o check-index=12/);
  const [request] = asked;
  assert.deepEqual(
    [request?.cluster, request?.placement, request?.vmSpecs.length],
    ["shop", "pack", 1],
  );
  assert.deepEqual([request?.repository, request?.commit], [
    undefined,
    undefined,
  ]);

  const piped = await cli(
    [
      "plan",
      "--blueprint",
      "-",
      "--repo",
      "shop",
      "--json",
      "--detailed-exitcode",
    ],
    { master, input: BLUEPRINT },
  );
  assert.equal(piped.status, 5);
  assert.deepEqual(JSON.parse(piped.out), PLAN);
  assert.equal(asked[1]?.repository, "shop");

  const quiet = planning({ changes: [] });
  const none = await cli(
    ["plan", "--blueprint", file, "--detailed-exitcode"],
    { master: quiet.master },
  );
  assert.equal(none.status, 0);
});

Deno.test("plan exits 3 when it would be refused, also as JSON", async () => {
  const { master } = planning({ refused: "Cannot publish: no", changes: [] });
  for (const more of [[], ["--json"], ["--detailed-exitcode"]]) {
    const refused = await cli(["plan", "--blueprint", "-", ...more], {
      master,
      input: BLUEPRINT,
    });
    assert.equal(refused.status, 3);
    assert.match(refused.out, /Cannot publish: no/);
  }
});

Deno.test("plan has ci evaluate a branch or commit, by default of the cluster's own repository", async () => {
  await using ci = serveCi();
  const { asked, master } = planning();
  const status = clusterStatus({
    activeGeneration: 0,
    commit: "",
    highestGeneration: 3,
    planRevision: 12,
  });
  const seconds = { copy: null, place: null, boot: null, healthy: null };
  const full = {
    ...master,
    status: () => Promise.resolve(status),
    generations: () =>
      Promise.resolve([{
        cluster: "shop",
        generation: 3,
        commit: COMMIT,
        repository: "shop-repo",
        intentHash: "a".repeat(64),
        parent: 2,
        state: "active" as const,
        reason: "",
        publishedAtMs: 1,
        endedAtMs: null,
        vms: 1,
        seconds,
        traceparent: null,
      }]),
  };
  const env = { PROCURATOR_TOKEN: "secret" };
  const own = await cli(["plan", "--ci", ci.url], { master: full, env });
  assert.equal(own.status, 0, own.err);
  const named = await cli(
    ["plan", "topic", "--repo", "other", "--ci", ci.url],
    { master: full, env },
  );
  assert.equal(named.status, 0, named.err);
  assert.deepEqual(ci.asked, [
    { body: { repository: "shop-repo" }, authorization: "Bearer secret" },
    {
      body: { repository: "other", ref: "topic" },
      authorization: "Bearer secret",
    },
  ]);
  assert.deepEqual(
    asked.map(({ repository, commit }) => [repository, commit]),
    [["shop-repo", COMMIT], ["other", COMMIT]],
  );
  const gone = await cli(
    ["plan", "gone", "--repo", "other", "--ci", ci.url],
    { master: full, env },
  );
  assert.equal(gone.status, 1);
  assert.match(gone.err, /no such branch/);
});

Deno.test("plan says what is wrong with what it was given", async () => {
  const { master, asked } = planning();
  const table: [string[], string, number, RegExp][] = [
    [["plan", "main", "--blueprint", "-"], BLUEPRINT, 2, /two plans/],
    [
      ["plan", "--blueprint", "/nonexistent"],
      "",
      1,
      /Cannot read the blueprint \/nonexistent[^]*nix eval --raw/,
    ],
    [["plan", "--blueprint", "-"], "{", 2, /the blueprint/],
    [
      ["plan", "--blueprint", "-"],
      BLUEPRINT.replace("memoryMib", "memoryMiB"),
      2,
      /vms\.web/,
    ],
    [["plan", "--repo", "Bad_Name"], "", 2, /repository's name/],
  ];
  for (const [args, input, status, says] of table) {
    const wrong = await cli(args, { master, input });
    assert.deepEqual([args, wrong.status], [args, status], wrong.err);
    assert.match(wrong.err, says);
  }
  assert.deepEqual(asked, []);
});
