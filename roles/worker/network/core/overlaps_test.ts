import assert from "node:assert/strict";
import { parseSubnet } from "./addresses.ts";
import { overlapsOf } from "./overlaps.ts";

const SUBNET = parseSubnet("10.201.3.0/24");

function at(address: string, bits: number, gateway = "192.0.2.1") {
  return overlapsOf(SUBNET, {
    addresses: [{ dev: "eth0", address, bits }],
    gateways: [gateway],
  });
}

Deno.test("a host keeps its addresses and its ways", () => {
  const refused = { code: "refused", hint: /network\.pool/ };
  for (const bits of [8, 24, 25, 32]) {
    assert.throws(() => at("10.201.3.7", bits), refused);
  }
  assert.throws(() => at("10.201.2.7", 23, "10.201.3.1"), refused);
});

Deno.test("a larger network around the guests' is told, another one is not", () => {
  assert.deepEqual(at("10.201.2.7", 24), []);
  assert.deepEqual(at("10.201.2.7", 32), []);
  assert.match(at("10.9.0.1", 8).join(), /is part of 10\.0\.0\.0\/8 at eth0/);
  assert.match(at("10.201.2.7", 23).join(), /part of 10\.201\.2\.0\/23/);
  assert.deepEqual(at("10.201.4.7", 23), []);
});
