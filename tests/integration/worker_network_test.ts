import assert from "node:assert/strict";
import {
  createGuestWorld,
  networkPlan,
  pageIs,
  plugIn,
  SITES,
  type TestGuest,
  type TestWorker,
} from "../support/guest_network.ts";

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

Deno.test("guests reach what their domains name, and nothing else outside", async () => {
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
