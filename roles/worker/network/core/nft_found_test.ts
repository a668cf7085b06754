import assert from "node:assert/strict";
import {
  parseCounters,
  parseForwards,
  parseListeners,
  parseTable,
} from "./nft_found.ts";

const LISTING = JSON.stringify({
  nftables: [
    { metainfo: { version: "1.0.6", json_schema_version: 1 } },
    { table: { family: "inet", name: "procurator-pcr0", handle: 1 } },
    { chain: { family: "inet", name: "o_abc", table: "procurator-pcr0" } },
    {
      set: {
        family: "inet",
        name: "d_1",
        elem: [{ elem: { val: "1.2.3.4" } }],
      },
    },
    {
      map: {
        family: "inet",
        name: "forwarded",
        elem: [
          [8080, { concat: ["10.201.3.2", 80] }],
          ["odd", null],
        ],
      },
    },
    { map: { family: "inet", name: "outside" } },
    { counter: { family: "inet", name: "c_abc", packets: 3, bytes: 180 } },
    { counter: { family: "bridge", name: "c_abc", packets: 4 } },
    { rule: { family: "inet", chain: "o_abc", expr: [] } },
    { surprise: 1 },
  ],
});

Deno.test("a listing tells what there is of a family, and the forwarded ports", () => {
  assert.deepEqual(parseTable(LISTING, "inet"), {
    chains: ["o_abc"],
    counters: ["c_abc"],
    sets: ["d_1"],
    maps: ["forwarded", "outside"],
  });
  assert.equal(parseTable(LISTING, "bridge"), null);
  assert.deepEqual(parseForwards(LISTING), [
    { publish: 8080, address: "10.201.3.2", guest: 80 },
  ]);
});

Deno.test("packets of both families count as one guest's", () => {
  assert.deepEqual(parseCounters(LISTING), new Map([["c_abc", 7]]));
});

Deno.test("a port is taken by who listens at any address, or at the one that counts", () => {
  const text = [
    "LISTEN 0 128 0.0.0.0:22 0.0.0.0:*",
    "LISTEN 0 128 127.0.0.1:8080 0.0.0.0:*",
    "LISTEN 0 128 [::]:80 [::]:*",
    "LISTEN 0 128 192.168.1.5%eth0:443 0.0.0.0:*",
    "",
  ].join("\n");
  assert.deepEqual(parseListeners(text, null), new Set([22, 8080, 80, 443]));
  assert.deepEqual(
    parseListeners(text, "192.168.1.5"),
    new Set([22, 80, 443]),
  );
});
