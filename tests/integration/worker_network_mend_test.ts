import assert from "node:assert/strict";
import { domainSet } from "../../roles/worker/network/core/names.ts";
import {
  createGuestWorld,
  networkPlan,
  pageIs,
  plugIn,
  type TestGuest,
  type TestWorker,
  WAIT,
} from "../support/guest_network.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";

const SUBNET = "10.201.3.0/24";
const GATEWAY = "10.201.3.1";

async function shown(worker: TestWorker, command: string): Promise<string> {
  return (await worker.run("sh", "-c", command)).stdout.trim();
}

async function answers(guest: TestGuest): Promise<void> {
  await until(
    `${guest.host.name} on the network`,
    () => guest.ping(GATEWAY),
    WAIT,
  );
}

Deno.test("a bridge that was taken away while no worker looked has its guests again", async () => {
  await using world = await createGuestWorld(["w1"]);
  const worker = world.worker("w1");
  const web = await worker.guest("web", { address: "10.201.3.2" });
  const plan = networkPlan(SUBNET, [web]);
  await worker.network.adopt([]);
  await worker.network.configure(plan);
  await plugIn(worker.network, web);
  assert.equal(await web.lease(), web.address);
  await worker.network.close();
  await worker.run("ip", "link", "del", "pcr0");
  const second = await worker.reopen();
  await second.adopt([web.copy]);
  await second.configure(plan);
  await answers(web);
});

Deno.test("a card that is gone keeps no other from its new bridge", async () => {
  await using world = await createGuestWorld(["w1"]);
  const worker = world.worker("w1");
  const names = ["a", "b", "c"];
  const guests = await Promise.all(
    names.map((name, index) =>
      worker.guest(name, { address: `10.201.3.${index + 2}` })
    ),
  );
  await worker.network.adopt([]);
  await worker.network.configure(networkPlan(SUBNET, guests));
  for (const guest of guests) {
    await plugIn(worker.network, guest);
    assert.equal(await guest.lease(), guest.address);
  }
  const [gone, ...others] = guests;
  assert.ok(gone !== undefined);
  const { nic } = await worker.network.provide(gone.copy);
  await worker.run("ip", "link", "del", nic.tap);
  await worker.run("ip", "link", "del", "pcr0");
  for (const guest of others) await answers(guest);
});

Deno.test("a card that was half made is made whole by the next try", async () => {
  await using world = await createGuestWorld(["w1"]);
  const worker = world.worker("w1");
  const web = await worker.guest("web", { address: "10.201.3.2" });
  await worker.network.adopt([]);
  await worker.network.configure(networkPlan(SUBNET, [web]));
  await worker.run("ip", "link", "del", "pcr0");
  await assert.rejects(worker.network.provide(web.copy), { code: "failed" });
  await until("a card", async () => {
    await plugIn(worker.network, web);
    return true;
  }, WAIT);
  assert.equal(await web.lease(), web.address);
  // And one that is not tried again is taken away.
  await worker.network.withdraw(web.copy);
  await worker.run("ip", "link", "del", "pcr0");
  await assert.rejects(worker.network.provide(web.copy), { code: "failed" });
  await worker.network.withdraw(web.copy);
  assert.doesNotMatch(await shown(worker, "ip -o link"), /: p[0-9a-f]{4}-/);
});

Deno.test("a route that cannot be made is made once it can be", async () => {
  await using world = await createGuestWorld(["w1"]);
  const worker = world.worker("w1");
  await worker.network.adopt([]);
  const far = { worker: "w2", subnet: "10.201.4.0/24", via: "192.0.2.2" };
  await worker.run("ip", "route", "add", "unreachable", "192.0.2.0/24");
  await worker.network.configure(networkPlan(SUBNET, [], [far]));
  assert.match(worker.warnings.join("\n"), /worker "w2" cannot be reached/);
  // Its own address comes late, as at the start of a host.
  await worker.run("ip", "route", "del", "unreachable", "192.0.2.0/24");
  await worker.run("ip", "addr", "add", "192.0.2.1/24", "dev", "eth0");
  await until("the route", async () => {
    const text = await shown(worker, "ip route show 10.201.4.0/24");
    return text.includes("via 192.0.2.2");
  }, WAIT);
  assert.equal(worker.warnings.length, 1);
});

Deno.test("a port that two ask for at once is one's, and nobody keeps what has left", async () => {
  await using world = await createGuestWorld(["w1"]);
  const worker = world.worker("w1");
  const ports = [{ name: "http", guest: 80, publish: 8080 }];
  const web = await worker.guest("web", { address: "10.201.3.2", ports });
  const other = await worker.guest("other", { address: "10.201.3.3", ports });
  const { network } = worker;
  await network.adopt([]);
  await network.configure(networkPlan(SUBNET, [web, other]));
  const both = await Promise.allSettled(
    [web, other].map(({ copy }) => network.publish(copy, ports)),
  );
  assert.deepEqual(both.map(({ status }) => status).sort(), [
    "fulfilled",
    "rejected",
  ]);
  const told = [web, other].map(({ copy }) => network.published(copy).length);
  assert.deepEqual(told.sort(), [0, 1]);
  for (const { copy } of [web, other]) await network.withdraw(copy);

  // It leaves while the host is asked what is free.
  await network.configure(networkPlan(SUBNET, [web, other]));
  await plugIn(network, web);
  await network.configure(networkPlan(SUBNET, [other]));
  // Whichever is first: it has left in the end.
  const publishing = network.publish(web.copy, ports).catch(() => undefined);
  await network.withdraw(web.copy);
  await publishing;
  await network.publish(other.copy, ports);
});

Deno.test("who comes to an address while no worker runs inherits no port of it", async () => {
  await using world = await createGuestWorld(["w1"]);
  const worker = world.worker("w1");
  const ports = [{ name: "http", guest: 80, publish: 8080 }];
  const web = await worker.guest("web", { address: "10.201.3.2", ports });
  await worker.network.adopt([]);
  await worker.network.configure(networkPlan(SUBNET, [web]));
  await plugIn(worker.network, web);
  await worker.network.publish(web.copy, ports);
  const second = await worker.reopen();
  const heir = await worker.guest("heir", { address: "10.201.3.2" });
  await second.adopt([]);
  await second.configure(networkPlan(SUBNET, [heir]));
  assert.deepEqual(second.published(heir.copy), []);
  const rules = await shown(
    worker,
    "nft list map inet procurator-pcr0 forwarded",
  );
  assert.doesNotMatch(rules, /8080/);
});

Deno.test("a tunnel goes with its host's address, and with its configuration", async () => {
  await using world = await createGuestWorld(["w1"], { underlay: "vxlan" });
  const worker = world.worker("w1");
  const far = { worker: "w2", subnet: "10.201.4.0/24", via: "192.0.2.2" };
  const plan = networkPlan(SUBNET, [], [far]);
  await worker.network.adopt([]);
  await worker.network.configure(plan);
  await worker.run("ip", "addr", "add", "192.0.2.1/24", "dev", "eth0");
  const tunnel = () => shown(worker, "ip -d -o link show type vxlan");
  assert.match(await tunnel(), new RegExp(`local ${worker.host.address} `));
  const moved = await worker.reopen({ underlayAddress: "192.0.2.1" });
  await moved.adopt([]);
  await moved.configure(plan);
  assert.match(await tunnel(), /local 192\.0\.2\.1 /);
  const routed = await worker.reopen({ underlay: "route" });
  await routed.adopt([]);
  await routed.configure(plan);
  assert.equal(await tunnel(), "");
  const route = await shown(worker, "ip route show 10.201.4.0/24");
  assert.match(route, /via 192\.0\.2\.2 dev eth0/);
});

Deno.test("guests are not given addresses that this host uses for something else", async () => {
  await using world = await createGuestWorld(["w1"]);
  const worker = world.worker("w1");
  await worker.network.adopt([]);
  await worker.run("ip", "addr", "add", "10.201.3.77/25", "dev", "eth0");
  const plan = networkPlan(SUBNET, []);
  await assert.rejects(worker.network.configure(plan), {
    code: "refused",
    message:
      "Cannot give guests the addresses 10.201.3.0/24: this host has 10.201.3.77 of them at eth0",
    hint: /network\.pool/,
  });
  assert.equal(await shown(worker, "ip -o link show type bridge"), "");
  // The way out of the host leads through one of them.
  await worker.run("ip", "addr", "add", "10.201.2.77/23", "dev", "eth0");
  const gateway = ["default", "via", "10.201.3.254", "metric", "50"];
  await worker.run("ip", "route", "add", ...gateway);
  await worker.run("ip", "addr", "del", "10.201.3.77/25", "dev", "eth0");
  await assert.rejects(worker.network.configure(plan), {
    code: "refused",
    message: /this host's way out leads through 10\.201\.3\.254/,
  });
  // Part of a larger network is somebody's choice, and said.
  await worker.run("ip", "route", "del", ...gateway);
  await worker.network.configure(plan);
  assert.match(
    worker.warnings.join("\n"),
    /10\.201\.3\.0\/24 is part of 10\.201\.2\.0\/23 at eth0/,
  );
});

Deno.test("names are asked for where the host asks, also when that changes", async () => {
  await using temp = await tempDir("resolv");
  const resolvConf = `${temp.path}/resolv.conf`;
  await Deno.writeTextFile(resolvConf, "nameserver fe80::1\n");
  await using world = await createGuestWorld(["w1"], {}, resolvConf);
  const worker = world.worker("w1");
  const web = await worker.guest("web", {
    address: "10.201.3.2",
    domains: ["allowed.example"],
  });
  await worker.network.adopt([]);
  await worker.network.configure(networkPlan(SUBNET, [web]));
  assert.match(worker.warnings.join(), /no server with an IPv4 address/);
  await plugIn(worker.network, web);
  assert.equal(await web.lease(), web.address);
  const named = `nameserver ${world.outside.address}\n`;
  await Deno.writeTextFile(resolvConf, named);
  await pageIs(web, "http://allowed.example/", "outside");
});

Deno.test("what a worker reads at its start does not grow with what guests have looked up", async () => {
  await using world = await createGuestWorld(["w1"]);
  const worker = world.worker("w1");
  const ports = [{ name: "http", guest: 80, publish: 8080 }];
  const web = await worker.guest("web", {
    address: "10.201.3.2",
    domains: ["many.example"],
    ports,
  });
  const plan = networkPlan(SUBNET, [web]);
  await worker.network.adopt([]);
  await worker.network.configure(plan);
  await plugIn(worker.network, web);
  await worker.network.publish(web.copy, ports);
  const set = domainSet("many.example");
  const many = Array.from(
    { length: 8000 },
    (_, index) => `198.18.${index >> 8}.${index & 255}`,
  );
  await worker.commands.nft(
    `add element inet procurator-pcr0 ${set} { ${many.join(", ")} }\n`,
  );
  let read = 0;
  const run = worker.commands.run.bind(worker.commands);
  worker.commands.run = async (program, args, stdin) => {
    const result = await run(program, args, stdin);
    read += result.stdout.length;
    return result;
  };
  const second = await worker.reopen();
  await second.adopt([web.copy]);
  await second.configure(plan);
  assert.deepEqual(second.published(web.copy), ports);
  assert.ok(read < 100_000, `${read} bytes`);
});
