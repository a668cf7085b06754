import assert from "node:assert/strict";
import { systemClock } from "../../roles/clock/mod.ts";
import { bridgeRuleset } from "../../roles/worker/network/bench.ts";
import { BridgeNetwork } from "../../roles/worker/network/bridge_network.ts";
import {
  changingPlan,
  createGuestWorld,
  networkPlan,
  pageIs,
  plugIn,
  type TestWorker,
  WAIT,
} from "../support/guest_network.ts";
import { until } from "../support/wait.ts";

const SUBNET = "10.201.3.0/24";

async function shown(worker: TestWorker, command: string): Promise<string> {
  return (await worker.run("sh", "-c", command)).stdout.trim();
}

/** Interfaces of the worker, its tables and its processes. */
async function footprint(worker: TestWorker) {
  const links = await shown(worker, "ip -o link show");
  return {
    links: links.split("\n").map((line) => line.split(/[:@]\s*/)[1]).sort(),
    tables: await shown(worker, "nft list tables"),
    pids: (await worker.host.pids()).length,
  };
}

async function sortedRules(worker: TestWorker): Promise<string[]> {
  const text = await shown(worker, "nft -s list ruleset");
  return text.split("\n").sort();
}

Deno.test("a network that is taken down leaves nothing of it", async () => {
  await using world = await createGuestWorld(["w1"], { underlay: "vxlan" });
  const worker = world.worker("w1");
  const before = await footprint(worker);
  const web = await worker.guest("web", {
    address: "10.201.3.2",
    domains: ["allowed.example"],
  });
  const route = {
    worker: "w2",
    subnet: "10.201.4.0/24",
    via: world.outside.address,
  };
  await worker.network.adopt([]);
  await worker.network.configure(networkPlan(SUBNET, [web], [route]));
  await plugIn(worker.network, web);
  const during = await footprint(worker);
  assert.equal(during.links.length, before.links.length + 3);
  assert.notEqual(during.tables, "");
  await worker.network.remove();
  assert.deepEqual(await footprint(worker), before);
  assert.equal(await shown(worker, "ip route show proto 112"), "");
  await assert.rejects(Deno.stat(worker.dir), Deno.errors.NotFound);
});

Deno.test("whatever was left is found: cards of copies that run stay, others go", async () => {
  await using world = await createGuestWorld(["w1"]);
  const worker = world.worker("w1");
  const web = await worker.guest("web", {
    address: "10.201.3.2",
    domains: ["allowed.example"],
  });
  const gone = await worker.guest("gone", { address: "10.201.3.3" });
  const plan = networkPlan(SUBNET, [web, gone]);
  await worker.network.adopt([]);
  await worker.network.configure(plan);
  await plugIn(worker.network, web);
  await plugIn(worker.network, gone);
  // All of it once more changes nothing.
  const rules = await shown(worker, "nft -s list ruleset");
  await worker.network.configure(plan);
  await worker.network.provide(web.copy);
  assert.equal(await shown(worker, "nft -s list ruleset"), rules);

  const { nic } = await worker.network.provide(gone.copy);
  // Made, but the process died before it was named.
  await worker.run("ip", "link", "set", "dev", nic.tap, "alias", "");
  const second = await worker.reopen();
  await second.adopt([web.copy]);
  const { links } = await footprint(worker);
  assert.ok(!links.includes(nic.tap));
  await second.configure(networkPlan(SUBNET, [web]));
  assert.equal(await web.lease(), web.address);
  // It left the plan before it was stopped: it keeps its network until then.
  await second.configure(networkPlan(SUBNET, []));
  assert.equal(await web.ping("10.201.3.1"), true);
  await second.withdraw(web.copy);
  await second.withdraw(web.copy);
  const left = await shown(worker, "nft list ruleset");
  assert.doesNotMatch(left, /10\.201\.3\.2\b|d_[0-9a-f]{12}/);
});

Deno.test("interfaces of somebody else are refused, and stay", async () => {
  await using world = await createGuestWorld(["w1"]);
  const worker = world.worker("w1");
  const web = await worker.guest("web", { address: "10.201.3.2" });
  const plan = networkPlan(SUBNET, [web]);
  const foreign = ["link", "add", "pcr0", "type", "bridge"];
  await worker.run("ip", ...foreign);
  await worker.run("ip", "link", "set", "pcr0", "alias", "virtual machines");
  await worker.network.adopt([]);
  await assert.rejects(worker.network.configure(plan), {
    code: "refused",
    message:
      'Cannot use the interface pcr0: it is not ours, it is of kind "bridge" and says "virtual machines"',
  });
  await worker.network.remove();
  assert.match(await shown(worker, "ip link show pcr0"), /virtual machines/);
  await worker.run("ip", "link", "del", "pcr0");

  // Another worker of this host that is configured alike.
  const mine = await worker.reopen();
  await mine.configure(plan);
  await mine.provide(web.copy);
  const rules = await sortedRules(worker);
  const stranger = new BridgeNetwork({
    settings: worker.settings,
    commands: worker.commands,
    clock: systemClock,
    dir: `${worker.dir}-of-another`,
    onWarning: () => undefined,
  });
  await stranger.adopt([]);
  await assert.rejects(stranger.configure(networkPlan(SUBNET, [])), {
    code: "refused",
    message: /^Cannot use the interface pcr0: it is not ours/,
  });
  await stranger.remove();
  assert.deepEqual(await sortedRules(worker), rules);
  assert.ok((await footprint(worker)).links.includes("pcr0"));
  assert.equal(
    await web.host.run("ip", ["link", "show", "eth0"]).then(({ code }) => code),
    0,
  );

  // The name of a card, which is a hash: only on purpose.
  const second = await worker.reopen();
  await second.configure(plan);
  const { nic } = await second.provide(web.copy);
  await second.withdraw(web.copy);
  await worker.run("ip", "tuntap", "add", "dev", nic.tap, "mode", "tap");
  await worker.run("ip", "link", "set", "dev", nic.tap, "alias", "not yours");
  const third = await worker.reopen();
  await third.adopt([]);
  await third.configure(plan);
  await assert.rejects(third.provide(web.copy), {
    code: "refused",
    message: /says "not yours"/,
  });
  await third.withdraw(web.copy);
  assert.match(await shown(worker, `ip link show ${nic.tap}`), /not yours/);
});

Deno.test("a name server in the way is named, and the network stands up once it has gone", async () => {
  await using world = await createGuestWorld(["w1"]);
  const worker = world.worker("w1");
  const web = await worker.guest("web", { address: "10.201.3.2" });
  const pidPath = `${worker.dir}-other.pid`;
  const args = ["--conf-file=/dev/null", "--no-hosts", "--no-resolv"];
  await Deno.mkdir(worker.dir, { recursive: true });
  await worker.run("dnsmasq", ...args, "--user=root", `--pid-file=${pidPath}`);
  await worker.network.adopt([]);
  await assert.rejects(worker.network.configure(networkPlan(SUBNET, [web])), {
    code: "failed",
    message: /^Cannot serve names and addresses: .*already in use/s,
    hint: /^another name server of this host/,
  });
  Deno.kill(Number(await Deno.readTextFile(pidPath)), "SIGKILL");
  await until("a card", async () => {
    await plugIn(worker.network, web);
    return true;
  }, WAIT);
  assert.equal(await web.lease(), web.address);
});

Deno.test("a guest with a domain that is none is refused alone", async () => {
  await using world = await createGuestWorld(["w1"]);
  const worker = world.worker("w1");
  const web = await worker.guest("web", {
    address: "10.201.3.2",
    domains: ["allowed.example"],
  });
  const evil = await worker.guest("evil", {
    address: "10.201.3.3",
    domains: ["x/4#inet#t#s\nserver=/#/6.6.6.6"],
  });
  await worker.network.adopt([]);
  await worker.network.configure(networkPlan(SUBNET, [evil, web]));
  await assert.rejects(worker.network.provide(evil.copy), {
    code: "invalid",
    message: /Cannot allow the domain/,
  });
  await plugIn(worker.network, web);
  await web.lease();
  await pageIs(web, "http://allowed.example/", "outside");
});

Deno.test("a guest's rate is limited both ways, and its neighbour's is not", async () => {
  await using world = await createGuestWorld(["w1"]);
  const worker = world.worker("w1");
  const ADDRESSES = { slow: "10.201.3.2", fast: "10.201.3.3" };
  const slow = await worker.guest("slow", {
    address: ADDRESSES.slow,
    rateLimitMbit: 8,
  });
  const fast = await worker.guest("fast", { address: ADDRESSES.fast });
  await worker.network.adopt([]);
  await worker.network.configure(networkPlan(SUBNET, [slow, fast]));
  const cards: string[] = [];
  for (const guest of [slow, fast]) {
    const { nic } = await worker.network.provide(guest.copy);
    cards.push(nic.tap);
    await plugIn(worker.network, guest);
    assert.equal(await guest.lease(), guest.address);
    await guest.serve();
  }
  const [slowCard, fastCard] = cards;
  assert.match(
    await shown(worker, `tc qdisc show dev ${slowCard}`),
    /tbf .*rate 8Mbit/,
  );
  assert.doesNotMatch(
    await shown(worker, `tc qdisc show dev ${fastCard}`),
    /tbf/,
  );
  // A flood of 4 MB at 1 MB/s is cut; what is beyond the rate is counted.
  const flood =
    "head -c 4000000 /dev/zero | socat -u - UDP4-SENDTO:10.201.3.1:9";
  await slow.run("sh", "-c", flood);
  await fast.run("sh", "-c", flood);
  await until("a flood that was cut", async () => {
    const counters = await worker.network.counters();
    const [cut, whole] = ["slow", "fast"].map((name) =>
      counters.get(`shop/${name}-0#1`)
    );
    return cut !== undefined && whole !== undefined &&
      cut.sentBytes > 1_000_000 && cut.droppedPackets > 100 &&
      whole.sentBytes > 1_000_000;
  }, WAIT);
  // Its neighbours are served meanwhile.
  const body = await worker.run("curl", "-sS", `http://${ADDRESSES.fast}/`);
  assert.equal(body.stdout.trim(), "fast");
});

Deno.test("many changes one by one come to what one load makes of them", async () => {
  await using world = await createGuestWorld(["w1"]);
  const worker = world.worker("w1");
  await worker.network.adopt([]);
  for (let round = 0; round < 8; round++) {
    await worker.network.configure(changingPlan(round));
  }
  const changed = await sortedRules(worker);
  const second = await worker.reopen();
  await second.adopt([]);
  await second.configure(changingPlan(7));
  assert.deepEqual(await sortedRules(worker), changed);
  assert.deepEqual(worker.warnings, []);
});

/** How often the process that changes the network is killed, each time a bit later. */
const KILLS = 5;

Deno.test("a worker that is killed anywhere leaves nothing that the next one does not find", async () => {
  await using world = await createGuestWorld(["w1"]);
  const worker = world.worker("w1");
  const web = await worker.guest("web", {
    address: "10.201.3.9",
    // Sets of domains stay for as long as dnsmasq knows of them.
    domains: ["a.example", "b.example"],
  });
  const plan = networkPlan(SUBNET, [web]);
  await worker.network.adopt([]);
  await worker.network.configure(plan);
  await plugIn(worker.network, web);
  const rules = await sortedRules(worker);
  const before = await footprint(worker);
  let network = worker.network;
  for (let kill = 0; kill < KILLS; kill++) {
    await network.close();
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--no-check"],
        new URL("../support/network_child.ts", import.meta.url).pathname,
        ...[worker.host.namespace, worker.dir, worker.settings.bridge],
      ],
      stdout: "piped",
      stderr: "null",
    }).spawn();
    // It has found its feet: from here on anything may be half done.
    const reader = child.stdout.getReader();
    for (let round = 0; round <= kill; round++) await reader.read();
    child.kill("SIGKILL");
    await child.status;
    await reader.cancel();
    network = await worker.reopen();
    await network.adopt([]);
    await until("the network as planned", async () => {
      await network.configure(plan);
      return true;
    }, WAIT);
    await plugIn(network, web);
    await until("nothing but what was there before", async () => {
      const [now, nowRules] = [
        await footprint(worker),
        await sortedRules(worker),
      ];
      return JSON.stringify(now) === JSON.stringify(before) &&
        JSON.stringify(nowRules) === JSON.stringify(rules);
    }, WAIT);
    assert.equal(await web.lease(), web.address);
  }
});

Deno.test("the rules of 50 VMs are loaded at once, and one more is a small change", async () => {
  await using world = await createGuestWorld(["w1"]);
  const worker = world.worker("w1");
  const { wholeMs, changeMs } = await bridgeRuleset(worker.commands, 50);
  console.log(
    `rules50VmsMs ${wholeMs.toFixed(0)}, one more ${changeMs.toFixed(0)}`,
  );
  assert.equal(await shown(worker, "nft list tables"), "");
});
