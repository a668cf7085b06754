import assert from "node:assert/strict";
import type { NetworkPlan } from "../../roles/worker/network/core/plan.ts";
import {
  createGuestWorld,
  type GuestWorld,
  networkPlan,
  pageIs,
  plugIn,
  type TestGuest,
  type TestWorker,
  WAIT,
} from "../support/guest_network.ts";
import { until } from "../support/wait.ts";

type Planned = TestGuest & Parameters<typeof networkPlan>[1][number];

const SUBNETS = { w1: "10.201.1.0/24", w2: "10.201.2.0/24" };
const WEB = "10.201.1.2";
const OTHER = "10.201.1.3";
const DB = "10.201.2.2";

async function start(
  worker: TestWorker,
  plan: NetworkPlan,
  guests: readonly Planned[],
): Promise<void> {
  await worker.network.adopt([]);
  await worker.network.configure(plan);
  for (const guest of guests) {
    await plugIn(worker.network, guest);
    assert.equal(await guest.lease(), guest.address);
    await guest.serve();
  }
}

/** `web` and `other` on one worker, `db` on another; only web may reach db. */
async function acrossWorkers(world: GuestWorld): Promise<void> {
  const [w1, w2] = [world.worker("w1"), world.worker("w2")];
  const route = (worker: "w1" | "w2") => ({
    worker,
    subnet: SUBNETS[worker],
    via: world.worker(worker).host.address,
  });
  const web = await w1.guest("web", { address: WEB, peers: { db: [DB] } });
  const other = await w1.guest("other", { address: OTHER });
  const db = await w2.guest("db", { address: DB, sources: [WEB] });
  await start(w1, networkPlan(SUBNETS.w1, [web, other], [route("w2")]), [
    web,
    other,
  ]);
  await start(w2, networkPlan(SUBNETS.w2, [db], [route("w1")]), [db]);
  assert.deepEqual([...w1.warnings, ...w2.warnings], []);

  await pageIs(web, "http://db/", "db");
  // Nobody else: not by name, not by address, not the other way round.
  assert.equal(await other.page("http://db/"), null);
  assert.equal(await other.page(`http://${DB}/`), null);
  assert.equal(await db.page(`http://${WEB}/`), null);
  assert.equal(await web.page(`http://${OTHER}/`), null);
  // Nor the hosts and whoever else is on their wire.
  for (const host of [w1.host, world.outside]) {
    const via = ["replace", SUBNETS.w2, "via", w2.host.address];
    if (host !== w1.host) await host.run("ip", ["route", ...via]);
    const args = ["-sS", "--max-time", "2", `http://${DB}/`];
    const { code } = await host.run("curl", args);
    assert.notEqual(code, 0);
  }
  // A neighbour on the wire that takes web's address.
  await world.outside.run("ip", ["addr", "add", `${WEB}/32`, "dev", "eth0"]);
  const args = ["-sS", "--max-time", "2", "--interface", WEB, `http://${DB}/`];
  assert.notEqual((await world.outside.run("curl", args)).code, 0);

  // What is taken away is shut for connections that are open, too.
  const pinger = ["ping", "-c", "1", "-W", "2", "db"];
  assert.equal((await web.run("busybox", ...pinger)).code, 0);
  const alone = {
    ...db,
    plan: { ...db.plan, network: { address: DB, peers: [], sources: [] } },
  };
  await w2.network.configure(networkPlan(SUBNETS.w2, [alone], [route("w1")]));
  assert.equal(await web.page("http://db/"), null);
  const apart = {
    ...web,
    plan: { ...web.plan, network: { address: WEB, peers: [], sources: [] } },
  };
  await w1.network.configure(networkPlan(SUBNETS.w1, [apart, other]));
  await until("db without a name", async () => {
    const { code } = await web.run("busybox", "nslookup", "db");
    return code !== 0;
  }, WAIT);
  // Looked at many times by now, and found whole each time.
  assert.deepEqual([...w1.warnings, ...w2.warnings], []);
  const routes = await w1.run("ip", "route", "show", SUBNETS.w2);
  assert.equal(routes.stdout, "");
}

Deno.test("web reaches db on another worker by name, over routes, and nothing else does", async () => {
  await using world = await createGuestWorld(["w1", "w2"]);
  await acrossWorkers(world);
});

Deno.test("web reaches db on another worker by name, through VXLAN, and nothing else does", async () => {
  await using world = await createGuestWorld(["w1", "w2"], {
    underlay: "vxlan",
  });
  await acrossWorkers(world);
});

Deno.test("peers on one worker reach each other in the one direction that is allowed", async () => {
  await using world = await createGuestWorld(["w1"]);
  const w1 = world.worker("w1");
  const web = await w1.guest("web", { address: WEB, peers: { db: [OTHER] } });
  const db = await w1.guest("db", { address: OTHER, sources: [WEB] });
  // Only one half of the permission: it takes both.
  const half = await w1.guest("half", {
    address: "10.201.1.4",
    peers: { db: [OTHER] },
  });
  await start(w1, networkPlan(SUBNETS.w1, [web, db, half]), [web, db, half]);
  await pageIs(web, "http://db/", "db");
  assert.equal(await db.page(`http://${WEB}/`), null);
  assert.equal(await half.page(`http://${OTHER}/`), null);
  // Nobody finds the peers of others by looking an address up.
  const reverse = await db.run("busybox", "nslookup", OTHER);
  assert.match(reverse.stdout, /10-201-1-3\.peers\.internal/);
  const search = (await web.run("cat", "/etc/resolv.conf")).stdout;
  const token = /search (\S+)/.exec(search)?.[1] ?? "";
  assert.ok(token.length > 0 && !reverse.stdout.includes(token));
});
