import assert from "node:assert/strict";
import fc from "fast-check";
import {
  domainSet,
  guestMac,
  searchDomain,
  tableName,
  tapName,
  tapPrefix,
  vxlanName,
} from "./names.ts";

const bridges = fc.stringMatching(/^[a-z][a-z0-9-]{0,14}$/);
const copies = fc.record({
  id: fc.stringMatching(/^[a-z]{1,20}\/[a-z]{1,20}-[0-9]$/),
  incarnation: fc.nat(),
});

Deno.test("every interface's name fits into Linux's 15 bytes and says whose it is", () => {
  fc.assert(fc.property(bridges, copies, (bridge, copy) => {
    const tap = tapName(bridge, copy);
    assert.ok(tap.length <= 15 && vxlanName(bridge).length <= 15);
    assert.ok(tap.startsWith(tapPrefix(bridge)));
    assert.equal(tap, tapName(bridge, { ...copy }));
    assert.match(tableName(bridge), /^[a-z-][a-z0-9-]*$/);
  }));
});

Deno.test("copies of one VM have cards of their own, on each bridge", () => {
  const copy = { id: "shop/web-0", incarnation: 1 };
  const taps = [
    tapName("pcr0", copy),
    tapName("pcr1", copy),
    tapName("pcr0", { ...copy, incarnation: 2 }),
  ];
  assert.equal(new Set(taps).size, 3);
});

Deno.test("a hardware address is local, for one host, and the address's own", () => {
  assert.equal(guestMac("10.201.3.2"), "02:70:0a:c9:03:02");
  assert.notEqual(guestMac("10.201.3.2"), guestMac("10.201.3.3"));
});

Deno.test("search domains cannot be told without the secret", () => {
  const domain = searchDomain("secret", "10.201.3.2");
  assert.match(domain, /^[0-9a-f]{16}\.peers\.internal$/);
  assert.notEqual(domain, searchDomain("other", "10.201.3.2"));
  assert.notEqual(domain, searchDomain("secret", "10.201.3.3"));
});

Deno.test("a domain's set is a word of nft whatever the domain", () => {
  assert.match(domainSet("a_b.xn--c.example"), /^d_[0-9a-f]{12}$/);
});
