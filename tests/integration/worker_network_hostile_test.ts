import assert from "node:assert/strict";
import { guestMac, vxlanMac } from "../../roles/worker/network/core/names.ts";
import { VXLAN_ID } from "../../roles/worker/network/core/ruleset_base.ts";
import {
  createGuestWorld,
  networkPlan,
  plugIn,
  type TestGuest,
  type TestWorker,
  WAIT,
} from "../support/guest_network.ts";
import type { Host } from "../support/netns.ts";
import { until } from "../support/wait.ts";

const SUBNETS = { w1: "10.201.1.0/24", w2: "10.201.2.0/24" };
const WEB = "10.201.1.2";
const EVIL = "10.201.1.3";
const DB = "10.201.2.2";

type Planned = TestGuest & Parameters<typeof networkPlan>[1][number];

async function start(
  worker: TestWorker,
  plan: ReturnType<typeof networkPlan>,
  guests: readonly Planned[],
): Promise<void> {
  await worker.network.adopt([]);
  await worker.network.configure(plan);
  for (const guest of guests) {
    await plugIn(worker.network, guest);
    assert.equal(await guest.lease(), guest.address);
  }
}

/** What comes in at a UDP port of a host, as text. */
async function listen(host: Host, port: number): Promise<
  { heard(): Promise<string> } & AsyncDisposable
> {
  const path = await Deno.makeTempFile({ prefix: "heard-" });
  const from = `UDP4-RECVFROM:${port},fork,reuseaddr`;
  const [first = "", ...rest] = [...host.inside, "socat", "-u", from];
  const process = new Deno.Command(first, {
    args: [...rest, `OPEN:${path},append`],
  }).spawn();
  await until("a listener", async () => {
    const { stdout } = await host.run("ss", ["-Hlun"]);
    return stdout.includes(`:${port} `);
  }, WAIT);
  return {
    heard: () => Deno.readTextFile(path),
    async [Symbol.asyncDispose]() {
      process.kill();
      await process.status;
      await Deno.remove(path);
    },
  };
}

async function send(host: Host, to: string, bytes: Uint8Array, options = "") {
  await host.run("socat", ["-u", "-", `UDP4-SENDTO:${to}${options}`], {
    stdin: bytes,
  });
}

function octets(text: string, radix = 10): number[] {
  return text.split(radix === 16 ? ":" : ".").map((each) =>
    parseInt(each, radix)
  );
}

function sixteen(value: number): number[] {
  return [value >> 8, value & 255];
}

/** An IPv4 packet with a datagram, as it is on a wire. */
function packet(
  { from, to, port, text }: {
    from: string;
    to: string;
    port: number;
    text: string;
  },
): number[] {
  const body = [...new TextEncoder().encode(text)];
  const udp = [...sixteen(port), ...sixteen(port), ...sixteen(8 + body.length)];
  const addresses = [...octets(from), ...octets(to)];
  const length = sixteen(28 + body.length);
  const head = (
    sum: number,
  ) => [0x45, 0, ...length, 0, 0, 0, 0, 64, 17, ...sixteen(sum), ...addresses];
  const plain = head(0);
  let sum = 0;
  for (let at = 0; at < plain.length; at += 2) {
    sum += ((plain[at] ?? 0) << 8) + (plain[at + 1] ?? 0);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return [...head(~sum & 0xffff), ...udp, 0, 0, ...body];
}

Deno.test("a guest that may go anywhere cannot speak through the tunnel as another", async () => {
  await using world = await createGuestWorld(["w1", "w2"], {
    underlay: "vxlan",
  });
  const [w1, w2] = [world.worker("w1"), world.worker("w2")];
  const route = (worker: "w1" | "w2") => ({
    worker,
    subnet: SUBNETS[worker],
    via: world.worker(worker).host.address,
  });
  const web = await w1.guest("web", { address: WEB, peers: { db: [DB] } });
  const evil = await w1.guest("evil", { address: EVIL, domains: ["*"] });
  const db = await w2.guest("db", { address: DB, sources: [WEB] });
  await start(w1, networkPlan(SUBNETS.w1, [web, evil], [route("w2")]), [
    web,
    evil,
  ]);
  await start(w2, networkPlan(SUBNETS.w2, [db], [route("w1")]), [db]);
  await using inbox = await listen(db.host, 9999);
  const forged = new Uint8Array([
    ...[8, 0, 0, 0, VXLAN_ID >> 16, (VXLAN_ID >> 8) & 255, VXLAN_ID & 255, 0],
    ...octets(vxlanMac("10.201.2.0"), 16),
    ...octets(vxlanMac("10.201.1.0"), 16),
    ...[8, 0],
    ...packet({ from: WEB, to: DB, port: 9999, text: "forged\n" }),
  ]);
  await send(evil.host, `${w2.host.address}:4789`, forged);
  const word = new TextEncoder().encode("web\n");
  await until("web's own word", async () => {
    await send(web.host, `${DB}:9999`, word);
    return (await inbox.heard()).includes("web");
  }, WAIT);
  assert.doesNotMatch(await inbox.heard(), /forged/);
});

/** A DHCP message of the guest at `address`; its options begin with the kind. */
function dhcp(
  address: string,
  kind: number,
  { client = "0.0.0.0", relay = "0.0.0.0" },
): Uint8Array {
  const message = new Uint8Array(300);
  message.set([1, 1, 6, 0, 1, 2, 3, 4]);
  message.set(octets(client), 12);
  message.set(octets(relay), 24);
  message.set([2, 0x70, ...octets(address)], 28);
  message.set([0x63, 0x82, 0x53, 0x63, 53, 1, kind, 255], 236);
  return message;
}

const DISCOVER = 1;
const INFORM = 8;

Deno.test("the DHCP server answers a guest at its own address and at no other", async () => {
  await using world = await createGuestWorld(["w1"]);
  const w1 = world.worker("w1");
  const evil = await w1.guest("evil", { address: EVIL });
  const web = await w1.guest("web", { address: WEB });
  await start(w1, networkPlan(SUBNETS.w1, [evil, web]), [evil, web]);
  const outside = world.outside;
  await using own = await listen(evil.host, 68);
  await using beyond = await listen(outside, 68);
  await using neighbour = await listen(web.host, 67);
  const say = (message: Uint8Array) =>
    send(evil.host, "10.201.1.1:67", message, ",sourceport=68,reuseaddr");
  // Its own address last: by then the others would have been answered.
  await say(dhcp(EVIL, INFORM, { client: outside.address }));
  await say(dhcp(EVIL, DISCOVER, { relay: WEB }));
  await until("an answer to an honest question", async () => {
    await say(dhcp(EVIL, INFORM, { client: EVIL }));
    return (await own.heard()).length > 0;
  }, WAIT);
  assert.equal((await beyond.heard()).length, 0);
  assert.equal((await neighbour.heard()).length, 0);
});

Deno.test("a peer that is taken away hears nothing more of it, whoever asked first", async () => {
  await using world = await createGuestWorld(["w1"]);
  const w1 = world.worker("w1");
  const web = await w1.guest("web", { address: WEB, peers: { db: [EVIL] } });
  const db = await w1.guest("db", { address: EVIL, sources: [WEB] });
  await start(w1, networkPlan(SUBNETS.w1, [web, db]), [web, db]);
  await using asked = await listen(db.host, 9000);
  await using answers = await listen(web.host, 9001);
  const text = (word: string) => new TextEncoder().encode(`${word}\n`);
  const ask = () =>
    send(
      web.host,
      `${EVIL}:9000`,
      text("question"),
      ",sourceport=9001,reuseaddr",
    );
  const answer = (word: string) =>
    send(db.host, `${WEB}:9001`, text(word), ",sourceport=9000,reuseaddr");
  await until("an answer", async () => {
    await ask();
    await answer("answer");
    return (await answers.heard()).includes("answer") &&
      (await asked.heard()).includes("question");
  }, WAIT);
  const apart = (guest: Planned) => ({
    ...guest,
    plan: {
      ...guest.plan,
      network: { address: guest.address, peers: [], sources: [] },
    },
  });
  await w1.network.configure(
    networkPlan(SUBNETS.w1, [apart(web), apart(db)]),
  );
  await answer("late");
  await answer("later");
  // What comes to a guest from its host comes in order.
  const said = text("host");
  await until("the host's own word", async () => {
    await send(w1.host, `${WEB}:9001`, said);
    return (await answers.heard()).includes("host");
  }, WAIT);
  assert.doesNotMatch(await answers.heard(), /late/);
});

Deno.test("guests are apart also while their ports on the bridge are not", async () => {
  await using world = await createGuestWorld(["w1"]);
  const w1 = world.worker("w1");
  const web = await w1.guest("web", { address: WEB });
  const evil = await w1.guest("evil", { address: EVIL });
  await start(w1, networkPlan(SUBNETS.w1, [web, evil]), [web, evil]);
  for (const guest of [web, evil]) {
    const { nic } = await w1.network.provide(guest.copy);
    const open = ["type", "bridge_slave", "isolated", "off"];
    await w1.run("ip", "link", "set", "dev", nic.tap, ...open);
    const other = guest === web ? EVIL : WEB;
    const known = ["neigh", "replace", other, "lladdr", guestMac(other)];
    await guest.run("ip", ...known, "dev", "eth0");
  }
  // Where frames between ports pass the rules for packets too, those would hold them.
  await w1.run("sysctl", "-e", "-w", "net.bridge.bridge-nf-call-iptables=0");
  assert.equal(await evil.ping("10.201.1.1"), true);
  assert.equal(await evil.ping(WEB), false);
});

Deno.test("a port that is published to the host itself is nobody's on its wire", async () => {
  await using world = await createGuestWorld(["w1"], {
    publishAddress: "127.0.0.1",
  });
  const w1 = world.worker("w1");
  const ports = [{ name: "http", guest: 80, publish: 8080 }];
  const web = await w1.guest("web", { address: WEB, ports });
  await start(w1, networkPlan(SUBNETS.w1, [web]), [web]);
  await web.serve();
  await w1.network.publish(web.copy, ports);
  const ask = ["-sS", "--max-time", "2", "http://127.0.0.1:8080/"];
  assert.equal((await w1.run("curl", ...ask)).stdout.trim(), "web");
  // A neighbour for whom 127.0.0.1 is an address like any other.
  const { outside } = world;
  const steps = [
    ["sysctl", "-w", "net.ipv4.conf.all.route_localnet=1"],
    ["ip", "addr", "del", "127.0.0.1/8", "dev", "lo"],
    ["ip", "route", "add", "127.0.0.1/32", "via", w1.host.address],
  ];
  for (const [program = "", ...args] of steps) {
    assert.equal((await outside.run(program, args)).code, 0);
  }
  assert.equal((await outside.run("curl", ask)).stdout, "");
});

Deno.test("names are told to this host's guests, and to nobody on its wire", async () => {
  await using world = await createGuestWorld(["w1"]);
  const w1 = world.worker("w1");
  const web = await w1.guest("web", {
    address: WEB,
    domains: ["allowed.example"],
  });
  await start(w1, networkPlan(SUBNETS.w1, [web]), [web]);
  const ask = ["nslookup", "allowed.example", "10.201.1.1"];
  for (const run of [web.run, w1.run]) {
    assert.match((await run("busybox", ...ask)).stdout, /198\.51\.100\.10/);
  }
  const { outside } = world;
  const way = ["route", "add", SUBNETS.w1, "via", w1.host.address];
  assert.equal((await outside.run("ip", way)).code, 0);
  const { stdout } = await outside.run("timeout", ["2", "busybox", ...ask]);
  assert.doesNotMatch(stdout, /198\.51\.100\.10/);
});

Deno.test("a way outside that was open is shut with the spec that named it", async () => {
  await using world = await createGuestWorld(["w1"]);
  const w1 = world.worker("w1");
  const { outside } = world;
  const web = await w1.guest("web", { address: WEB, domains: ["*"] });
  await start(w1, networkPlan(SUBNETS.w1, [web]), [web]);
  await using inbox = await listen(outside, 9000);
  const say = (word: string) =>
    send(
      web.host,
      `${outside.address}:9000`,
      new TextEncoder().encode(`${word}\n`),
      ",sourceport=9001,reuseaddr",
    );
  const heard = (word: string) =>
    until(word, async () => {
      await say(word);
      return (await inbox.heard()).includes(word);
    }, WAIT);
  await heard("open");
  // It is open once the other side has answered.
  const answer = new TextEncoder().encode("answer\n");
  const back = `${w1.host.address}:9001`;
  await send(outside, back, answer, ",sourceport=9000,reuseaddr");
  // The same way goes on for as long as the spec does, whoever looks after it.
  const second = await w1.reopen();
  await second.adopt([web.copy]);
  await second.configure(networkPlan(SUBNETS.w1, [web]));
  await heard("again");
  // The next one at this address may go nowhere; it asks by the very way that was open.
  const next = await w1.guest("next", { address: WEB });
  const shut = { ...next.plan, copy: { id: web.copy.id, incarnation: 1 } };
  await second.configure(networkPlan(SUBNETS.w1, [{ plan: shut }]));
  await say("late");
  await second.configure(networkPlan(SUBNETS.w1, [web]));
  await heard("allowed");
  assert.doesNotMatch(await inbox.heard(), /late/);
});
