/** `POST /closure` as a client of any kind may send it, and as the worker's configuration says. */
import assert from "node:assert/strict";
import { CONTENT_TYPE } from "../../roles/closure/core/frames.ts";
import { encodeHave, MAX_HAVE } from "../../roles/closure/core/have.ts";
import {
  type ClosureEvent,
  ClosureReader,
} from "../../roles/closure/core/reader.ts";
import {
  type ClosureStore,
  parsePublicKey,
  receiveClosure,
} from "../../roles/closure/mod.ts";
import { systemClock } from "../../roles/clock/mod.ts";
import { openClosures } from "../../roles/worker/closures/open_closures.ts";
import { MemoryHost, SimulatedVmm } from "../../vmm/mod.ts";
import {
  type FakePath,
  fakePath,
  startCache,
  type TestCache,
} from "../support/cache.ts";
import { delayingProxy } from "../support/delaying_proxy.ts";
import { scriptedUpstream } from "../support/scripted_upstream.ts";
import { tempDir } from "../support/temp.ts";
import { pushClosure } from "../support/transferred.ts";
import { until } from "../support/wait.ts";
import { workerConfig } from "../support/worker.ts";

async function push(cache: TestCache, path: FakePath): Promise<void> {
  const headers = { authorization: `Bearer ${cache.token("publisher")}` };
  for (
    const [name, body] of [
      [path.url, path.packed],
      [`${path.hash}.narinfo`, path.narInfo],
    ] as const
  ) {
    const answer = await fetch(`${cache.url}/${name}`, {
      method: "PUT",
      body: body as BodyInit,
      headers,
    });
    assert.equal(answer.status, 200, await answer.text());
  }
}

function ask(
  cache: TestCache,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${cache.url}/closure`, {
    method: "POST",
    body: typeof body === "string" ? body : JSON.stringify(body),
    headers,
  });
}

async function events(
  response: Response,
  headOnly = false,
): Promise<ClosureEvent[]> {
  assert.equal(response.status, 200);
  const reader = new ClosureReader({ headOnly });
  const all = [
    ...reader.push(new Uint8Array(await response.arrayBuffer())),
  ];
  reader.close();
  return all;
}

Deno.test("what is no request is refused, and says why; without a token nothing is said", async () => {
  await using cache = await startCache();
  const base = fakePath("x").base;
  for (
    const body of [
      "not JSON",
      {},
      { want: [] },
      { want: ["../../etc/passwd"] },
      { want: [base], more: 1 },
      { want: [base], have: { window: 4, prefixes: "" } },
      { want: [base], have: { window: 0, prefixes: "AAAA" } },
      { want: Array.from({ length: 1001 }, () => base) },
    ]
  ) {
    const answer = await ask(cache, body);
    assert.equal(answer.status, 400, JSON.stringify(body));
    assert.match(await answer.text(), /Cannot read/);
  }
  const large = await ask(cache, "x".repeat(2 * 1024 * 1024));
  assert.equal(large.status, 413);
  await large.body?.cancel();

  await using closed = await startCache({ anonymousRole: "none" });
  const nobody = await ask(closed, { want: [base] });
  assert.equal(nobody.status, 401);
  await nobody.body?.cancel();
  const authorization = `Bearer ${closed.token("worker")}`;
  const [head] = await events(
    await ask(closed, { want: [base] }, { authorization }),
  );
  assert.deepEqual(head, { kind: "head", head: { paths: [], elsewhere: 1 } });
});

/** A chain of paths in a cache: each refers to the one before it. */
async function chain(cache: TestCache, length: number): Promise<FakePath[]> {
  const paths: FakePath[] = [];
  for (let index = 0; index < length; index++) {
    const below = paths.at(-1);
    const references = below === undefined ? [] : [below.base];
    const path = fakePath(`p${index}`, `p${index}`, references);
    await push(cache, path);
    paths.push(path);
  }
  return paths;
}

/** A store that takes everything down. */
function fakeStore(valid: readonly string[]) {
  const added: string[] = [];
  const store: ClosureStore = {
    allValidPaths: () => Promise.resolve([...valid]),
    validPaths(paths) {
      const known = new Set(valid);
      return Promise.resolve(paths.filter((path) => known.has(path)));
    },
    async add({ path }, archive) {
      await archive(() => Promise.resolve());
      added.push(path);
      return { accepted: Promise.resolve() };
    },
  };
  return { store, added };
}

function receive(cache: TestCache, store: ClosureStore, want: string) {
  const requests: string[] = [];
  const received = receiveClosure({
    async ask(request) {
      requests.push(request.headOnly ? "head" : "all");
      const response = await ask(cache, request);
      assert.equal(response.headers.get("content-type"), CONTENT_TYPE);
      return response.body ?? assert.fail("no body");
    },
    store,
    keys: [parsePublicKey(cache.publicKey)],
    want: [want],
    window: 0,
    signal: new AbortController().signal,
    onHead: () => Promise.resolve(),
    onBytes: () => undefined,
    onPath: () => undefined,
  });
  return { received, requests };
}

Deno.test("a store with more paths than can be named asks for the list first, and gets what it lacks", async () => {
  await using cache = await startCache();
  const paths = await chain(cache, 5);
  const inStore = ({ base }: FakePath) => `/nix/store/${base}`;
  const others = Array.from(
    { length: MAX_HAVE },
    (_, at) => `/nix/store/${String(at).padStart(32, "0")}-n`,
  );
  const here = paths.slice(0, 3).map(inStore);
  const { store, added } = fakeStore([...others, ...here]);
  const top = inStore(paths[4] ?? assert.fail());
  const { received, requests } = receive(cache, store, top);
  await received;
  assert.deepEqual(requests, ["head", "all"]);
  assert.deepEqual(added, paths.slice(3).map(inStore));
});

Deno.test("a path that the cache takes to be there by mistake is missed, not passed over", async () => {
  await using cache = await startCache();
  const [low, top] = await chain(cache, 2);
  if (low === undefined || top === undefined) assert.fail();
  // Another path, whose hash is the same where this window looks.
  const alike = `/nix/store/${low.hash.slice(0, 8)}${"0".repeat(24)}-alike`;
  const alikeTop = `/nix/store/${top.hash.slice(0, 8)}${"0".repeat(24)}-top`;
  for (const mistaken of [alike, alikeTop]) {
    const { store, added } = fakeStore([mistaken]);
    const { received } = receive(cache, store, `/nix/store/${top.base}`);
    await assert.rejects(received, { code: "conflict" });
    assert.deepEqual(added, []);
  }
  const have = encodeHave([alike.slice(11, 43)], 1);
  const other = await events(await ask(cache, { want: [top.base], have }));
  assert.equal(other.filter(({ kind }) => kind === "path").length, 2);
});

Deno.test("a closure of which upstreams have a part comes whole, references first, and is stored", async () => {
  await using up = await startCache({ keyName: "up-1" });
  const [low, middle, top] = await chain(up, 3);
  if (low === undefined || middle === undefined || top === undefined) {
    return assert.fail();
  }
  await using down = scriptedUpstream();
  down.answers.set("nix-cache-info", () => new Response(null, { status: 500 }));
  await using cache = await startCache({
    upstreams: [
      down.config,
      { url: up.url, publicKeys: [up.publicKey] },
    ],
  });
  // Built here upon what is there, and there is something built upon that again.
  const ours = fakePath("ours", "ours", [top.base]);
  await push(cache, ours);
  await using front = await startCache({
    upstreams: [{ url: cache.url, publicKeys: [cache.publicKey] }],
  });
  const last = fakePath("last", "last", [ours.base, low.base]);
  await push(front, last);
  const closure = [low, middle, top, ours, last];
  for (const round of ["pulled", "stored"]) {
    const { store, added } = fakeStore([`/nix/store/${low.base}`]);
    const { received, requests } = receive(
      front,
      store,
      `/nix/store/${last.base}`,
    );
    await received;
    assert.deepEqual(requests, ["all"]);
    const lacking = closure.slice(1).map(({ base }) => `/nix/store/${base}`);
    assert.deepEqual(added, lacking, round);
    await until("all are stored", async () => {
      const stats = await fetch(`${front.url}/api/v1/stats`);
      return (await stats.json()).paths === 4;
    }, { timeoutMs: 60_000 });
    await cache.running.stop();
  }
});

Deno.test("an upstream that cannot give what it told of ends a closure with an error, what came before stays", async () => {
  await using up = scriptedUpstream();
  await using cache = await startCache({ upstreams: [up.config] });
  const low = fakePath("low");
  const top = fakePath("top", "top", [low.base]);
  up.has(low);
  up.has(top);
  up.answers.set(top.url, () => new Response(low.packed as BodyInit));
  const all = await events(await ask(cache, { want: [top.base] }));
  const kinds = all.map(({ kind }) => kind);
  assert.deepEqual(kinds.slice(0, 2), ["head", "path"]);
  const error = all.at(-1);
  assert.ok(error?.kind === "error");
  assert.equal(error.error.path, top.base);
  assert.equal(kinds.filter((kind) => kind === "pathEnd").length, 1);
  // Nobody has it: as before, it is named as elsewhere.
  const absent = fakePath("absent");
  const above = fakePath("above", "above", [absent.base]);
  up.has(above);
  const [head] = await events(await ask(cache, { want: [above.base] }));
  assert.deepEqual(head, { kind: "head", head: { paths: [], elsewhere: 2 } });
});

Deno.test("a worker fetches in one request with its token; with transfer nix by nix alone", async () => {
  await using cache = await startCache({ anonymousRole: "none" });
  await using dir = await tempDir("wc");
  const small = { paths: 3, depth: 3, fileBytes: 64 };
  const { top } = await pushClosure(dir.path, cache, small);
  await using proxy = await delayingProxy({ target: cache.url, delayMs: 0 });
  const token = cache.token("worker");
  for (const transfer of ["auto", "nix"]) {
    await using stack = new AsyncDisposableStack();
    const warnings: string[] = [];
    const before = proxy.requests.length;
    const { closures } = await openClosures({
      config: workerConfig(`${dir.path}/${transfer}`, {
        closures: "nix",
        nixStore: `${dir.path}/${transfer}/store`,
        cacheUrl: proxy.url,
        cachePublicKeys: [cache.publicKey],
        gc: { minFreeMib: 1 },
        transfer,
      }),
      closures: undefined,
      tokenOf: () => token,
      caCert: undefined,
      vmm: new SimulatedVmm({ host: new MemoryHost(), clock: systemClock }),
      clock: systemClock,
      stack,
      onWarning: (message, error) => void warnings.push(`${message} ${error}`),
    });
    await closures.ensure([top], new AbortController().signal);
    assert.deepEqual(warnings, []);
    const requests = proxy.requests.slice(before);
    if (transfer === "auto") assert.deepEqual(requests, ["POST /closure"]);
    else assert.ok(!requests.includes("POST /closure"), requests.join());
  }
});
