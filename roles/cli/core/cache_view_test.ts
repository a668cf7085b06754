import assert from "node:assert/strict";
import type { CollectionReport, KeptWhy } from "../../model/collection.ts";
import { painter } from "./table.ts";
import {
  describePin,
  formatCollection,
  formatCollectionStatus,
  formatKept,
  formatPins,
} from "./cache_view.ts";

const paint = painter(false);
const DAY_MS = 86_400_000;
const NOW_MS = 100 * DAY_MS;
const NONE = { paths: 0, bytes: 0 };
const PATH = "/nix/store/abc-leaf";

const REPORT: CollectionReport = {
  dryRun: false,
  state: "done",
  message: "",
  by: "ops",
  startedAtMs: NOW_MS,
  endedAtMs: NOW_MS,
  sources: [{
    name: "master",
    roots: 12,
    missing: 2,
    readAtMs: NOW_MS,
    problem: "Cannot reach it",
  }],
  without: [],
  shares: {
    rooted: { paths: 3, bytes: 2048 },
    recent: NONE,
    young: NONE,
    circular: NONE,
    old: { paths: 1, bytes: 5 * 1024 * 1024 },
    over: NONE,
  },
  largest: [{ path: "abc-old", bytes: 5 * 1024 * 1024, why: "old" }],
  removed: { paths: 1, nars: 1, objects: 0, bytes: 5 * 1024 * 1024 },
  spared: 2,
};

const WHY: KeptWhy = {
  path: PATH,
  storedBy: "ci",
  storedAtMs: 0,
  keepers: [{
    source: "master",
    label: "generation 41 of shop",
    chain: ["/nix/store/abc-top", PATH],
  }],
  complete: true,
  lastUse: { path: PATH, atMs: NOW_MS - DAY_MS * 3, keptUntilMs: NOW_MS },
  sources: [],
};

Deno.test("formatCollection() says what stays and goes and why, and whom it could not ask", () => {
  const text = formatCollection(REPORT, paint);
  assert.match(text, /^3 +2\.0 KiB +stays: a generation, a branch or a pin/m);
  assert.match(text, /^1 +5\.0 MiB +goes: nobody asked/m);
  assert.match(text, /^the master could not be asked.*: Cannot reach it$/m);
  assert.match(text, /^2 paths that the master keeps are not in the cache$/m);
  assert.match(
    text,
    /^1 path gone, 5\.0 MiB freed; 2 paths spared, in use since$/m,
  );
  const dry = formatCollection({ ...REPORT, dryRun: true }, paint);
  assert.match(dry, /^5\.0 MiB +abc-old$/m);
  assert.match(dry, /^nothing was touched/m);
});

Deno.test("formatKept() shows each keeper with its way to the path, or until when it stays", () => {
  assert.equal(
    formatKept(WHY, NOW_MS, paint),
    [
      PATH,
      "  generation 41 of shop",
      "    /nix/store/abc-top",
      `    -> ${PATH}`,
      "last used 3 d ago",
      "",
    ].join("\n"),
  );
  const free = { ...WHY, keepers: [] };
  assert.match(
    formatKept(free, NOW_MS, paint),
    /goes with the next collection/,
  );
  const keptUntilMs = NOW_MS + 27 * DAY_MS;
  const young = { ...free, lastUse: { ...WHY.lastUse, keptUntilMs } };
  assert.match(formatKept(young, NOW_MS, paint), /it stays for 27 d more/);
});

Deno.test("pins and the state of collections are told in words", () => {
  const pin = {
    name: "demo\x1b[2J",
    path: PATH,
    pinnedBy: "ops",
    pinnedAtMs: 0,
    expiresAtMs: NOW_MS + 30 * DAY_MS,
  };
  assert.equal(describePin(pin, NOW_MS), `demo [2J: ${PATH}, for 30 d more`);
  assert.match(formatPins([pin], NOW_MS, paint), /30 d more +ops/);
  assert.match(formatPins([], NOW_MS, paint), /no pin yet/);
  const status = formatCollectionStatus(
    {
      running: null,
      nextAtMs: NOW_MS + 2 * DAY_MS,
      problem: null,
      sources: REPORT.sources,
      last: [REPORT],
    },
    NOW_MS,
    paint,
  );
  assert.match(status, /^the next collection comes in 2 d$/m);
  assert.match(status, /^master +12 +0 s ago +Cannot reach it$/m);
  assert.match(status, /^0 s ago +ops +done +1 +5\.0 MiB$/m);
});
