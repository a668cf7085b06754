import assert from "node:assert/strict";
import { systemClock } from "../../roles/clock/mod.ts";
import { ensureDebian } from "../../roles/debian/mod.ts";
import { logger } from "../../roles/log/mod.ts";
import { WorkerConfig } from "../../roles/worker/config.ts";
import { Commands } from "../../roles/worker/network/commands.ts";
import { openNetwork } from "../../roles/worker/network/open_network.ts";
import { createNetwork } from "../support/netns.ts";
import { tempDir } from "../support/temp.ts";

/** Opens it as configured; nothing is made before an assignment comes. */
async function opened(
  commands: Commands,
  network: Record<string, unknown>,
  masterUrl = "tcp://127.0.0.1:6440",
) {
  await using dir = await tempDir("net");
  await using stack = new AsyncDisposableStack();
  const config = WorkerConfig.parse({
    name: "w1",
    stateDir: dir.path,
    runDir: dir.path,
    masterUrl,
    network,
  });
  const { network: { kind }, attributes } = await openNetwork({
    config,
    network: undefined,
    user: undefined,
    commands,
    clock: systemClock,
    log: logger("worker"),
    stack,
    onWarning: (message) => assert.fail(message),
  });
  return { kind, attributes };
}

Deno.test("a worker tells its master that it bridges, and where it is reached as its master reaches it", async () => {
  await ensureDebian(["iproute2", "network"]);
  await using hosts = await createNetwork(["w1", "master"]);
  const { address, inside } = hosts.host("w1");
  const commands = new Commands(inside);
  const master = `tls://${hosts.host("master").address}:6440`;
  const bridge = { network: "bridge" };
  assert.deepEqual(await opened(commands, { mode: "auto" }, master), {
    kind: "bridge",
    attributes: { ...bridge, "network.underlay": address },
  });
  const underlayAddress = "192.0.2.7";
  const configured = { mode: "bridge", underlayAddress };
  assert.deepEqual(await opened(commands, configured, master), {
    kind: "bridge",
    attributes: { ...bridge, "network.underlay": underlayAddress },
  });
  // On the master's own host nothing tells where others are.
  for (const url of [master, "tcp://127.0.0.1:6440", "unix:/run/m.sock"]) {
    const here = new Commands(hosts.host("master").inside);
    const { attributes } = await opened(here, { mode: "bridge" }, url);
    assert.deepEqual(attributes, bridge, url);
  }
});

Deno.test("without what a bridge needs auto gives guests user networking, and bridge does not", async () => {
  await ensureDebian(["iproute2", "network"]);
  // A namespace's network is its owner's: nobody else may change it.
  const powerless = new Commands(["setpriv", "--bounding-set=-all", "--"]);
  assert.deepEqual(await opened(powerless, { mode: "auto" }), {
    kind: "user",
    attributes: {},
  });
  const { kind } = await opened(powerless, { mode: "bridge" });
  assert.equal(kind, "bridge", "asked for, it fails where it can be seen");
  assert.equal((await opened(powerless, {})).kind, "user", "by default");
});
