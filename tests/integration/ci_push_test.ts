/** What ci pushes: with real nix, to a real cache and to one of another make. */
import assert from "node:assert/strict";
import { nixBuilder } from "../../roles/ci/builder.ts";
import { httpCacheIndex } from "../../roles/ci/cache_index.ts";
import { httpClient } from "../../roles/http/mod.ts";
import { createNix } from "../../roles/nix/mod.ts";
import { cacheToken, startCache } from "../support/cache.ts";
import { deepClosure } from "../support/deep_closure.ts";
import { delayingProxy } from "../support/delaying_proxy.ts";
import { tempDir } from "../support/temp.ts";

const LIMITS = {
  evalTimeoutMs: 60_000,
  evalMemoryMib: 4096,
  buildTimeoutMs: 60_000,
  copyTimeoutMs: 60_000,
  secretKeyFile: undefined,
};

Deno.test("ci asks once what the cache lacks, and pushes that alone", async () => {
  await using dir = await tempDir("cp");
  await using cache = await startCache();
  await using proxy = await delayingProxy({ target: cache.url, delayMs: 0 });
  const token = cacheToken(cache.stateDir, "publisher");
  const nix = await createNix({
    stateDir: dir.path,
    store: `${dir.path}/store`,
    cache: { url: proxy.url, token },
  });
  using client = httpClient({ url: proxy.url, token });
  const cacheUrl = proxy.url;
  const cacheIndex = httpCacheIndex(client);
  const builder = nixBuilder({ nix, cacheUrl, cacheIndex, ...LIMITS });
  const flake = `${dir.path}/flake`;
  const small = { paths: 12, depth: 4, fileBytes: 64 };
  const first = await deepClosure(nix, flake, small);
  const lines: string[] = [];
  const { signal } = new AbortController();
  const call = { signal, onLog: (line: string) => void lines.push(line) };
  await builder.upload([first], call);
  assert.equal(lines[0], "the cache lacks 12 of 12 paths");

  const before = proxy.requests.length;
  await builder.upload([first], call);
  assert.deepEqual(proxy.requests.slice(before), ["POST /api/v1/paths"]);
  assert.equal(lines.at(-1), "the cache lacks 0 of 12 paths");

  await Deno.writeTextFile(
    `${flake}/flake.nix`,
    `{ outputs = { self }: { top = builtins.toFile "more" "on \${${
      // The same expression as before, so that its paths are referred to.
      (await Deno.readTextFile(`${flake}/flake.nix`))
        .replace("{ outputs = { self }: { top = ", "(").replace(
          /; }; }$/,
          ")",
        )}}"; }; }`,
  );
  const more = await nix.evalRaw(`path:${flake}`, "top");
  const asked = proxy.requests.length;
  await builder.upload([more], call);
  assert.ok(lines.some((line) => line === "the cache lacks 1 of 13 paths"));
  const narinfos = proxy.requests.slice(asked)
    .filter((line) => line.startsWith("GET") && line.endsWith(".narinfo"));
  assert.ok(narinfos.length < 12, narinfos.join("\n"));
  const { missing } = await (await fetch(
    `${cache.url}/api/v1/paths?hashes=${more.slice(11, 43)}`,
  )).json();
  assert.deepEqual(missing, []);
});

Deno.test("a cache that cannot be asked is pushed to by nix alone; one that forgot a path gets it again", async () => {
  await using dir = await tempDir("cp");
  await using cache = await startCache();
  const token = cacheToken(cache.stateDir, "publisher");
  const nix = await createNix({
    stateDir: dir.path,
    store: `${dir.path}/store`,
    cache: { url: cache.url, token },
  });
  const cacheUrl = cache.url;
  const top = await deepClosure(nix, `${dir.path}/flake`, {
    paths: 4,
    depth: 4,
    fileBytes: 64,
  });
  const { signal } = new AbortController();
  const call = { signal, onLog: () => undefined };
  // It says that only the top is missing: its references are not there.
  const wrong = { missing: () => Promise.resolve([top]) };
  const misled = nixBuilder({ nix, cacheUrl, cacheIndex: wrong, ...LIMITS });
  await misled.upload([top], call);
  using client = httpClient({ url: cache.url, token });
  const index = httpCacheIndex(client);
  const closure = await nix.closure([top]);
  assert.deepEqual(await index.missing(closure, signal), []);

  using elsewhere = httpClient({ url: `${cache.url}/nothing`, token });
  const other = httpCacheIndex(elsewhere);
  assert.equal(await other.missing(closure, signal), null);
});
