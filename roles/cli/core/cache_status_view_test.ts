import assert from "node:assert/strict";
import type { CacheStatus } from "../../model/cache_status.ts";
import { formatCacheStatus } from "./cache_status_view.ts";
import { painter } from "./table.ts";

const HOUR_MS = 3_600_000;
const NOW_MS = 1000 * HOUR_MS;
const PATH = "/nix/store/abc-shop";

const STATUS: CacheStatus = {
  url: "https://cache.example",
  publicKeys: ["cache-1:AAAA"],
  storeDir: "/nix/store",
  priority: 40,
  anonymous: "none",
  startedAtMs: NOW_MS - 5 * HOUR_MS,
  content: {
    paths: 1200,
    narBytes: 3 * 1024 ** 3,
    nars: 1190,
    fileBytes: 1024 ** 3,
    objects: 2,
  },
  disk: { freeBytes: 2 * 1024 ** 3, totalBytes: 8 * 1024 ** 3 },
  traffic: {
    narInfos: { hits: 999, misses: 1 },
    nars: { hits: 5, misses: 0 },
    sentBytes: 4096,
    receivedBytes: 2048,
    refusedUploads: 3,
    openRequests: 1,
  },
  sources: [{
    name: "https://up.example",
    kind: "upstream",
    trouble: "Cannot reach it",
    hits: 0,
    misses: 0,
    failures: 7,
    bytes: 0,
  }],
  collection: {
    running: null,
    nextAtMs: NOW_MS + HOUR_MS,
    problem: null,
    sources: [],
    last: [],
  },
  largest: {
    atMs: NOW_MS,
    complete: true,
    closures: [{ path: PATH, paths: 40, bytes: 1024 ** 2 }],
  },
  pushes: [{
    by: "lap\u001b[2Jtop",
    path: PATH,
    paths: 40,
    bytes: 1024 ** 2,
    firstAtMs: NOW_MS - HOUR_MS,
    lastAtMs: NOW_MS - HOUR_MS,
    whole: false,
  }],
};

Deno.test("cache status says what the page says", () => {
  const text = formatCacheStatus(STATUS, NOW_MS, painter(false));
  for (
    const part of [
      /^url {9}https:\/\/cache\.example$/m,
      /^public key {2}cache-1:AAAA$/m,
      /^read by {5}who has a token$/m,
      /^paths {7}1200, 3\.0 GiB unpacked$/m,
      /^on disk {5}1\.0 GiB; 2\.0 GiB of 8\.0 GiB free$/m,
      /^hit rate {4}99\.9 % of 1000 look-ups$/m,
      /, 3 uploads refused$/m,
      /^60 min ago .* 40\+ .* \/nix\/store\/abc-shop$/m,
      /^40 {5}1\.0 MiB {2}\/nix\/store\/abc-shop$/m,
      /passed over: Cannot reach it$/m,
      /^the next collection comes in 60 min$/m,
    ]
  ) assert.match(text, part);
  assert.ok(!text.includes("\u001b"), "a token's name steers no terminal");
});

Deno.test("cache status of an empty cache says what to do", () => {
  const empty = { ...STATUS, pushes: [], sources: [], largest: null };
  const text = formatCacheStatus(empty, NOW_MS, painter(false));
  assert.match(text, /nothing was pushed yet: nix copy --to/);
  assert.match(text, /being looked for/);
});
