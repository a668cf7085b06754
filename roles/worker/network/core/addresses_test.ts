import assert from "node:assert/strict";
import { guestAddresses, isGuestAddress, parseSubnet } from "./addresses.ts";

Deno.test("a subnet has its gateway first and its broadcast last", () => {
  assert.deepEqual(parseSubnet("10.201.3.77/24"), {
    cidr: "10.201.3.0/24",
    network: "10.201.3.0",
    bits: 24,
    mask: "255.255.255.0",
    gateway: "10.201.3.1",
    broadcast: "10.201.3.255",
  });
  assert.equal(parseSubnet("192.168.255.8/29").broadcast, "192.168.255.15");
  assert.equal(parseSubnet("10.0.0.0/22").mask, "255.255.252.0");
});

Deno.test("guests have every address between the gateway's and the last", () => {
  const subnet = parseSubnet("10.201.3.0/24");
  const addresses = guestAddresses(subnet);
  assert.equal(addresses.length, 253);
  assert.deepEqual([addresses[0], addresses.at(-1)], [
    "10.201.3.2",
    "10.201.3.254",
  ]);
  assert.ok(addresses.every((address) => isGuestAddress(subnet, address)));
  const others = ["10.201.3.0", "10.201.3.1", "10.201.3.255", "10.201.4.2"];
  assert.ok(!others.some((address) => isGuestAddress(subnet, address)));
});

Deno.test("a subnet without room, or too large for a host, is refused", () => {
  for (const cidr of ["10.0.0.0/31", "10.0.0.0/32", "10.0.0.0/8"]) {
    assert.throws(() => parseSubnet(cidr), { code: "invalid" });
  }
});
