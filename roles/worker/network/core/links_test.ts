import assert from "node:assert/strict";
import {
  bridgeLines,
  cardLines,
  isCard,
  type Link,
  parseLinks,
  refuseForeign,
  routeLines,
  routesOf,
  sysctls,
  tapLines,
  tunnelLine,
} from "./links.ts";
import { parseSubnet } from "./addresses.ts";
import { tapName } from "./names.ts";
import type { NetworkSettings } from "./plan.ts";

const SETTINGS: NetworkSettings = {
  bridge: "pcr0",
  owner: "0a1b",
  underlay: "route",
  underlayAddress: "192.0.2.1",
  nat: true,
  publishAddress: null,
};
const SUBNET = parseSubnet("10.201.3.0/24");
const COPY = { id: "shop/web-0", incarnation: 3 };
const TAP = tapName("pcr0", COPY);

function link(over: Partial<Link>): Link {
  return {
    name: TAP,
    alias: "procurator pcr0 0a1b shop/web-0 3",
    master: "pcr0",
    kind: "tun",
    receivedBytes: 0,
    sentBytes: 0,
    ...over,
  };
}

Deno.test("ip's JSON is read, holes in it included", () => {
  const text = JSON.stringify([
    {},
    { ifname: "lo", stats64: { rx: { bytes: 1 }, tx: { bytes: 2 } } },
    {
      ifname: TAP,
      ifalias: "x",
      master: "pcr0",
      linkinfo: { info_kind: "tun", info_data: {} },
    },
  ]);
  assert.deepEqual(
    parseLinks(text).map(({ name, kind, sentBytes }) => [
      name,
      kind,
      sentBytes,
    ]),
    [["lo", "", 2], [TAP, "tun", 0]],
  );
  assert.deepEqual(parseLinks(""), []);
});

Deno.test("a card is ours by its name and its alias, or without one", () => {
  assert.ok(isCard(SETTINGS, link({})));
  assert.ok(isCard(SETTINGS, link({ alias: "", master: "" })));
  assert.ok(!isCard(SETTINGS, link({ alias: "somebody's" })));
  assert.ok(!isCard({ ...SETTINGS, owner: "2c3d" }, link({})));
  assert.ok(!isCard(SETTINGS, link({ kind: "dummy" })));
  assert.ok(!isCard({ ...SETTINGS, bridge: "pcr1" }, link({})));
  assert.throws(() => refuseForeign(SETTINGS, link({ alias: "somebody's" })), {
    code: "refused",
    message: /says "somebody's"/,
  });
});

Deno.test("a bridge by our name is used when it says so, or when it was never finished", () => {
  const bridge = link({
    name: "pcr0",
    alias: "procurator pcr0 0a1b bridge",
    kind: "bridge",
    master: "",
  });
  const makes = (links: Link[]) =>
    bridgeLines(SETTINGS, SUBNET, links).some((line) =>
      line.startsWith("link add")
    );
  assert.equal(makes([]), true);
  assert.equal(makes([bridge]), false);
  assert.equal(makes([{ ...bridge, alias: "" }]), false);
  const used = [{ ...bridge, alias: "" }, link({ name: "eth1" })];
  assert.throws(() => makes(used), { code: "refused" });
  assert.throws(() => makes([{ ...bridge, kind: "dummy" }]), {
    code: "refused",
  });
});

Deno.test("a card is shut to its neighbours before it is up", () => {
  const lines = cardLines(
    SETTINGS,
    COPY,
    tapLines(TAP, { uid: 970, gid: 971 }),
  );
  assert.deepEqual(lines, [
    `tuntap add dev ${TAP} mode tap user 970 group 971`,
    `link set dev ${TAP} alias "procurator pcr0 0a1b shop/web-0 3"`,
    `link set dev ${TAP} mtu 1500 master pcr0`,
    `link set dev ${TAP} type bridge_slave isolated on`,
    `link set dev ${TAP} arp off up`,
  ]);
  // A batch of ip ends a line at the first #.
  assert.ok(!lines.some((line) => line.includes("#")));
});

Deno.test("routes lead to other hosts only, and bear our mark", () => {
  const host = {
    subnet: SUBNET.cidr,
    routes: [
      { worker: "w2", subnet: "10.201.4.0/24", via: "192.0.2.2" },
      { worker: "w3", subnet: "10.201.5.0/24", via: "192.0.2.1" },
    ],
  };
  const routes = routesOf(host, new Set(["127.0.0.1", "192.0.2.1"]));
  assert.deepEqual(routes.map(({ worker }) => worker), ["w2"]);
  const [route] = routes;
  assert.ok(route !== undefined);
  assert.match(
    routeLines(SETTINGS, route).join("\n"),
    /^route replace 10\.201\.4\.0\/24 via 192\.0\.2\.2 proto 112 metric \d+$/,
  );
  const tunnelled = { ...SETTINGS, underlay: "vxlan" as const };
  assert.match(
    routeLines(tunnelled, route).join("\n"),
    /^neigh replace 10\.201\.4\.1 lladdr 02:76:0a:c9:04:00 .*\nroute replace .* via 10\.201\.4\.1 .* onlink/,
  );
  assert.match(tunnelLine(tunnelled, route), / dst 192\.0\.2\.2 self/);
});

Deno.test("the host's loopback is open to published ports only where they are taken there", () => {
  const localnet = (publishAddress: string | null) =>
    sysctls({ ...SETTINGS, publishAddress }).find((line) =>
      line.includes("route_localnet")
    )?.at(-1);
  assert.equal(localnet(null), "1");
  assert.equal(localnet("127.0.0.1"), "1");
  assert.equal(localnet("192.0.2.1"), "0");
});
