import assert from "node:assert/strict";
import { parseSubnet } from "./addresses.ts";
import {
  dnsmasqFiles,
  leaseText,
  parseNameServers,
  taughtDomains,
} from "./dnsmasq_files.ts";
import { type Guest, guestsOf } from "./guests.ts";
import { domainSet, searchDomain } from "./names.ts";
import type { NetworkSettings } from "./plan.ts";

const SETTINGS: NetworkSettings = {
  bridge: "pcr0",
  underlay: "vxlan",
  underlayAddress: "192.0.2.1",
  nat: true,
  publishAddress: null,
};
const HOST = { subnet: "10.201.3.0/24", routes: [] };

function guest(
  address: string,
  peers: { name: string; addresses: string[] }[],
): Guest {
  const { good } = guestsOf([{
    copy: { id: "shop/web-0", incarnation: 1 },
    spec: { allowedDomains: [], allowedPeers: [], ports: [] },
    network: { address, peers, sources: [] },
  }], { settings: SETTINGS, subnet: parseSubnet(HOST.subnet), secret: "s" });
  const [only] = good;
  assert.ok(only !== undefined);
  return only;
}

function files(guests: Guest[], domains: string[] = []) {
  return dnsmasqFiles({
    dir: "/run/network",
    table: "procurator-pcr0",
    settings: SETTINGS,
    host: HOST,
    guests,
    domains,
    leases: leaseText(HOST.subnet, "s"),
    upstream: ["192.0.2.53", "192.0.2.54"],
    user: "dnsmasq",
  });
}

Deno.test("every address of the subnet has its lease from the start", () => {
  const { conf } = files([]);
  const leases = conf.split("\n").filter((line) =>
    line.startsWith("dhcp-host=")
  );
  assert.equal(leases.length, 253);
  assert.equal(
    leases[0],
    "dhcp-host=02:70:0a:c9:03:02,id:*,set:a10-201-3-2,10.201.3.2",
  );
  const search = searchDomain("s", "10.201.3.2");
  assert.ok(
    conf.includes(
      `dhcp-option=tag:a10-201-3-2,option:domain-search,${search}\n`,
    ),
  );
  assert.ok(conf.includes("dhcp-option=26,1450\n"));
});

Deno.test("names are asked upstream for allowed domains, and only for them", () => {
  const { conf } = files([], ["a.example"]);
  assert.deepEqual(conf.match(/^(server|nftset)=.*$/gm), [
    "server=/a.example/192.0.2.53",
    "server=/a.example/192.0.2.54",
    `nftset=/a.example/4#inet#procurator-pcr0#${domainSet("a.example")}`,
  ]);
  assert.deepEqual(taughtDomains(conf), ["a.example"]);
});

Deno.test("an address is put into the set of every domain above its name", () => {
  const { conf } = files([], ["a.example", "b.a.example", "ba.example"]);
  const set = (domain: string) => `4#inet#procurator-pcr0#${domainSet(domain)}`;
  assert.deepEqual(conf.match(/^nftset=.*$/gm), [
    `nftset=/a.example/${set("a.example")}`,
    `nftset=/b.a.example/${set("b.a.example")},${set("a.example")}`,
    `nftset=/ba.example/${set("ba.example")}`,
  ]);
});

Deno.test("a guest that may go everywhere may ask for every name", () => {
  const { conf } = files([], ["*", "a.example"]);
  assert.match(conf, /^server=192\.0\.2\.53$/m);
  assert.deepEqual(taughtDomains(conf), ["*", "a.example"]);
  // What is read back makes the same file again.
  assert.equal(files([], taughtDomains(conf)).conf, conf);
});

Deno.test("a guest's peers are known in its own domain, and by address under no secret", () => {
  const web = guest("10.201.3.2", [
    { name: "db", addresses: ["10.201.4.2", "10.201.4.3"] },
  ]);
  const api = guest("10.201.3.3", [{ name: "db", addresses: ["10.201.4.2"] }]);
  const lines = files([web, api]).hosts.split("\n");
  assert.deepEqual(lines, [
    "10.201.4.2 10-201-4-2.peers.internal",
    "10.201.4.3 10-201-4-3.peers.internal",
    `10.201.4.2 db.${web.search}`,
    `10.201.4.3 db.${web.search}`,
    `10.201.4.2 db.${api.search}`,
    "",
  ]);
  assert.notEqual(web.search, api.search);
});

Deno.test("this host's name servers are read, those of IPv6 left out", () => {
  const text =
    "# x\nnameserver 192.0.2.53\nnameserver ::1\n search a\nnameserver 127.0.0.53 \n";
  assert.deepEqual(parseNameServers(text), ["192.0.2.53", "127.0.0.53"]);
});
