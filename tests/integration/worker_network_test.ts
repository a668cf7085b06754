import assert from "node:assert/strict";
import {
  createGuestWorld,
  networkPlan,
  pageIs,
  plugIn,
  SITES,
  type TestGuest,
  type TestWorker,
  WAIT,
} from "../support/guest_network.ts";
import { until } from "../support/wait.ts";

const SUBNET = "10.201.3.0/24";

/** Guests on one worker, plugged in, with their leases. */
async function guestsOn(
  worker: TestWorker,
  guests: (TestGuest & Parameters<typeof networkPlan>[1][number])[],
) {
  await worker.network.adopt([]);
  await worker.network.configure(networkPlan(SUBNET, guests));
  for (const guest of guests) {
    await plugIn(worker.network, guest);
    assert.equal(await guest.lease(), guest.address);
  }
}

async function droppedOf(worker: TestWorker, key: string): Promise<number> {
  const counters = await worker.network.counters();
  return counters.get(key)?.droppedPackets ?? 0;
}

Deno.test("guests reach what their domains name, and nothing else outside", async () => {
  await using world = await createGuestWorld(["w1"]);
  const worker = world.worker("w1");
  const web = await worker.guest("web", {
    address: "10.201.3.2",
    domains: ["allowed.example"],
  });
  const other = await worker.guest("other", { address: "10.201.3.3" });
  const deep = await worker.guest("deep", {
    address: "10.201.3.4",
    domains: ["deep.allowed.example"],
  });
  await guestsOn(worker, [web, other, deep]);

  // Content networks answer with a name of their own, which need not be allowed.
  await pageIs(web, "http://alias.allowed.example/", "outside");
  assert.equal(await web.page("http://content.example/"), null);
  // Another guest's domain below its own takes nothing from it.
  await pageIs(web, "http://deep.allowed.example/", "outside");
  assert.equal(await deep.page("http://allowed.example/"), null);
  await pageIs(deep, "http://deep.allowed.example/", "outside");
});

Deno.test("an address is open by its name only, and to those who may ask for it", async () => {
  await using world = await createGuestWorld(["w1"]);
  const worker = world.worker("w1");
  const web = await worker.guest("web", {
    address: "10.201.3.2",
    domains: ["allowed.example"],
  });
  const other = await worker.guest("other", { address: "10.201.3.3" });
  await guestsOn(worker, [web, other]);

  // Before its name was asked for an address is one like any other.
  const direct = `http://${SITES["allowed.example"]}/`;
  assert.equal(await web.page(direct), null);
  await pageIs(web, "http://allowed.example/", "outside");
  assert.equal(await web.page(direct), "outside");
  assert.equal(await web.page("http://blocked.example/"), null);
  assert.equal(await web.page(`http://${SITES["blocked.example"]}/`), null);
  // What one guest has asked for opens nothing to another.
  assert.equal(await other.page(direct), null);
  assert.equal(await other.page("http://allowed.example/"), null);
  // Another resolver than the host's is the outside too.
  const lookup = await web.run(
    "busybox",
    "nslookup",
    "blocked.example",
    world.outside.address,
  );
  assert.notEqual(lookup.code, 0);
});

Deno.test("a guest that may go everywhere goes neither to peers of others nor to secrets of the host", async () => {
  await using world = await createGuestWorld(["w1"]);
  const worker = world.worker("w1");
  const web = await worker.guest("web", {
    address: "10.201.3.2",
    domains: ["*"],
  });
  const other = await worker.guest("other", { address: "10.201.3.3" });
  await guestsOn(worker, [web, other]);
  await other.serve();
  await pageIs(web, `http://${SITES["blocked.example"]}/`, "outside");
  assert.equal(await web.page("http://blocked.example/"), "outside");
  assert.equal(await web.page(`http://${other.address}/`), null);
  const found = await web.run("busybox", "nslookup", "metadata.example");
  assert.match(found.stdout, /169\.254\.169\.254/);
  assert.equal(await web.page("http://metadata.example/"), null);
});

Deno.test("a guest that floods its resolver does not silence it for others", async () => {
  await using world = await createGuestWorld(["w1"]);
  const worker = world.worker("w1");
  const evil = await worker.guest("evil", { address: "10.201.3.2" });
  const web = await worker.guest("web", {
    address: "10.201.3.3",
    domains: ["allowed.example"],
  });
  await guestsOn(worker, [evil, web]);
  const flood = "head -c 3000000 /dev/zero | socat -u -b 60 - ";
  const flooding = evil.run("sh", "-c", `${flood} UDP4-SENDTO:10.201.3.1:53`);
  await pageIs(web, "http://allowed.example/", "outside");
  await flooding;
  assert.ok(await droppedOf(worker, "shop/evil-0#1") > 1000);
  await pageIs(web, "http://allowed.example/", "outside");
});

Deno.test("guests reach neither each other nor their host but for leases and names", async () => {
  await using world = await createGuestWorld(["w1"]);
  const worker = world.worker("w1");
  const web = await worker.guest("web", { address: "10.201.3.2" });
  const other = await worker.guest("other", { address: "10.201.3.3" });
  await guestsOn(worker, [web, other]);
  await other.serve();
  const www = await Deno.makeTempDir({ dir: worker.dir });
  await worker.run("busybox", "httpd", "-p", "8000", "-h", www);

  assert.equal(await web.ping("10.201.3.1"), true);
  assert.equal(await web.ping("10.201.3.3"), false);
  assert.equal(await web.page("http://10.201.3.3/"), null);
  assert.equal(await web.page("http://10.201.3.1:8000/"), null);
  assert.equal(await web.page(`http://${worker.host.address}:8000/`), null);
  // The host itself reaches its guests: health checks do.
  const probe = await worker.run("curl", "-sS", "http://10.201.3.3/");
  assert.equal(probe.stdout.trim(), "other");
  // By any other protocol the bridge is shut: neighbours, routers, all of IPv6.
  const before = await droppedOf(worker, "shop/web-0#1");
  for (const guest of [web, other]) {
    const address = `fd00::${guest === web ? 2 : 3}/64`;
    const args = ["-6", "addr", "add", address, "dev", "eth0", "nodad"];
    await guest.run("ip", ...args);
  }
  assert.equal(await web.ping("fd00::3"), false);
  assert.ok(await droppedOf(worker, "shop/web-0#1") > before);
});

Deno.test("a guest that pretends to be another one is not heard", async () => {
  await using world = await createGuestWorld(["w1"]);
  const worker = world.worker("w1");
  const evil = await worker.guest("evil", {
    address: "10.201.3.2",
    domains: ["allowed.example"],
  });
  const victim = await worker.guest("victim", {
    address: "10.201.3.3",
    domains: ["allowed.example"],
  });
  await guestsOn(worker, [evil, victim]);
  await pageIs(victim, "http://allowed.example/", "outside");
  await pageIs(evil, "http://allowed.example/", "outside");
  const dropped = () => droppedOf(worker, "shop/evil-0#1");

  // Its neighbour's address, as a packet's source and as an answer to who has it.
  let before = await dropped();
  await evil.run("ip", "addr", "add", "10.201.3.3/32", "dev", "eth0");
  const site = SITES["allowed.example"];
  const asVictim = await evil.run(
    ...["curl", "-sS", "--max-time", "2", "--interface", "10.201.3.3"] as const,
    `http://${site}/`,
  );
  assert.notEqual(asVictim.code, 0);
  assert.ok(await dropped() > before);
  before = await dropped();
  const arping = ["arping", "-U", "-c", "2", "-w", "3", "-I", "eth0"];
  await evil.run("busybox", ...arping, "-s", "10.201.3.3", "10.201.3.1");
  assert.ok(await dropped() > before);
  const neighbours = await worker.run("ip", "neigh", "show", "10.201.3.3");
  assert.match(neighbours.stdout, /02:70:0a:c9:03:03/);
  assert.equal(await victim.page("http://allowed.example/"), "outside");

  // A DHCP message about its neighbour's card: that lease would be given back.
  before = await dropped();
  const release = new Uint8Array(300);
  release.set([1, 1, 6, 0, 1, 2, 3, 4]);
  release.set([10, 201, 3, 3], 12);
  release.set([2, 0x70, 10, 201, 3, 3], 28);
  release.set([0x63, 0x82, 0x53, 0x63, 53, 1, 7, 54, 4, 10, 201, 3, 1], 236);
  release[249] = 255;
  await evil.run("ip", "addr", "del", "10.201.3.3/32", "dev", "eth0");
  await evil.host.run(
    "socat",
    ["-u", "-", "UDP4-SENDTO:10.201.3.1:67,sourceport=68"],
    { stdin: release },
  );
  assert.ok(await dropped() > before);
  const leases = await Deno.readTextFile(`${worker.dir}/leases`);
  assert.match(leases, /02:70:0a:c9:03:03 10\.201\.3\.3 /);

  // Another hardware address.
  before = await dropped();
  await evil.run("ip", "link", "set", "eth0", "address", "02:70:0a:c9:03:03");
  assert.equal(await evil.ping("10.201.3.1"), false);
  assert.ok(await dropped() > before);
  assert.equal(await victim.page("http://allowed.example/"), "outside");
});

Deno.test("frames that bridges keep to themselves are no way round the rules", async () => {
  await using world = await createGuestWorld(["w1"]);
  const worker = world.worker("w1");
  const evil = await worker.guest("evil", { address: "10.201.3.2" });
  await guestsOn(worker, [evil]);
  const heard = `${worker.dir}/heard`;
  await Deno.writeTextFile(heard, "");
  const listen = ["-u", "UDP4-RECV:9999", `OPEN:${heard},append`];
  const [first = "", ...rest] = [...worker.host.inside, "socat", ...listen];
  const listener = new Deno.Command(first, { args: rest }).spawn();
  await until("the listener", async () => {
    const { stdout } = await worker.run("ss", "-Hlun");
    return stdout.includes(":9999");
  }, WAIT);
  const say = async (host: typeof worker.host, word: string) => {
    const stdin = new TextEncoder().encode(`${word}\n`);
    const to = "UDP4-SENDTO:10.201.3.1:9999";
    await host.run("socat", ["-u", "-", to], { stdin });
  };
  // LLDP, LACP and the group that bridges speak to each other by.
  for (const last of ["0e", "02", "03", "00"]) {
    const mac = `01:80:c2:00:00:${last}`;
    const neighbour = ["neigh", "replace", "10.201.3.1", "lladdr", mac];
    await evil.run("ip", ...neighbour, "dev", "eth0", "nud", "permanent");
    await say(evil.host, last);
  }
  await say(worker.host, "host");
  await until(
    "the host's own word",
    async () => (await Deno.readTextFile(heard)).includes("host"),
    WAIT,
  );
  assert.equal(await Deno.readTextFile(heard), "host\n");
  listener.kill();
  await listener.status;
});

Deno.test("a lease outlives dnsmasq and the worker", async () => {
  await using world = await createGuestWorld(["w1"]);
  const worker = world.worker("w1");
  const web = await worker.guest("web", {
    address: "10.201.3.2",
    domains: ["allowed.example"],
  });
  await guestsOn(worker, [web]);
  await pageIs(web, "http://allowed.example/", "outside");
  const pid = Number(await Deno.readTextFile(`${worker.dir}/pid`));

  // A worker that was killed: the next one touches neither guest nor server.
  const second = await worker.reopen();
  await second.adopt([web.copy]);
  await second.configure(networkPlan(SUBNET, [web]));
  assert.equal(Number(await Deno.readTextFile(`${worker.dir}/pid`)), pid);
  const direct = `http://${SITES["allowed.example"]}/`;
  assert.equal(await web.page(direct), "outside");
  assert.equal(await web.lease(), web.address);

  // dnsmasq dies, and everything else with it that the rules do not hold.
  Deno.kill(pid, "SIGKILL");
  await until("another dnsmasq", async () => {
    const other = await Deno.readTextFile(`${worker.dir}/pid`);
    return Number(other) !== pid;
  }, WAIT);
  assert.equal(await web.lease("-x", "hostname:bad;name.evil"), web.address);
  const leases = await Deno.readTextFile(`${worker.dir}/leases`);
  assert.doesNotMatch(leases, /bad|evil/);
  await pageIs(web, "http://allowed.example/", "outside");

  // Somebody flushes the host's rules.
  await worker.run("nft", "flush", "ruleset");
  await until(
    "rules again",
    async () =>
      (await worker.run("nft", "list", "tables")).stdout.includes("pcr0"),
    WAIT,
  );
  assert.equal(await web.page("http://blocked.example/"), null);
  await pageIs(web, "http://allowed.example/", "outside");

  // Somebody takes the bridge's address, or all of the bridge.
  await worker.run("ip", "addr", "flush", "dev", "pcr0");
  await pageIs(web, "http://allowed.example/", "outside");
  await worker.run("ip", "link", "del", "pcr0");
  await pageIs(web, "http://allowed.example/", "outside");
  assert.equal(await web.lease(), web.address);
});

Deno.test("published ports lead to their guest, from the host itself too, and are taken once", async () => {
  await using world = await createGuestWorld(["w1"]);
  const worker = world.worker("w1");
  const ports = [{ name: "http", guest: 80, publish: 8080 }];
  const web = await worker.guest("web", { address: "10.201.3.2", ports });
  const other = await worker.guest("other", { address: "10.201.3.3", ports });
  await guestsOn(worker, [web, other]);
  await web.serve();
  await other.serve();
  const outside = async (port: number) => {
    const url = `http://${worker.host.address}:${port}/`;
    const args = ["-sS", "--max-time", "2", "--noproxy", "*", url];
    return (await world.outside.run("curl", args)).stdout.trim();
  };
  assert.equal(await outside(8080), "");
  await worker.network.publish(web.copy, ports);
  assert.equal(await outside(8080), "web");
  for (const host of ["127.0.0.1", worker.host.address]) {
    const own = await worker.run("curl", "-sS", `http://${host}:8080/`);
    assert.equal(own.stdout.trim(), "web");
  }
  // To other guests it is no way round their peers.
  const url = `http://${worker.host.address}:8080/`;
  assert.equal(await other.page(url), null);

  const taken = { code: "overloaded", message: /shop\/web-0#1 has it/ };
  await assert.rejects(worker.network.publish(other.copy, ports), taken);
  const www = await Deno.makeTempDir({ dir: worker.dir });
  await worker.run("busybox", "httpd", "-p", "8081", "-h", www);
  await assert.rejects(
    worker.network.publish(other.copy, [
      { name: "http", guest: 80, publish: 8081 },
    ]),
    { code: "overloaded", message: /a program has it/ },
  );

  // The next worker knows them, and gives them on when their guest has gone.
  const second = await worker.reopen();
  await second.adopt([web.copy, other.copy]);
  await second.configure(networkPlan(SUBNET, [web, other]));
  assert.deepEqual(second.published(web.copy), ports);
  await assert.rejects(second.publish(other.copy, ports), taken);
  await second.withdraw(web.copy);
  await second.publish(other.copy, ports);
  assert.equal(await outside(8080), "other");
});
