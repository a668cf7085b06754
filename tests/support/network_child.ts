/**
 * A worker's network that changes without end, to be killed: configures,
 * provides and withdraws what the numbers say. Prints a line for each round.
 *
 * `deno run -A network_child.ts NAMESPACE DIR BRIDGE`
 *
 * @module
 */
import { systemClock } from "../../roles/clock/mod.ts";
import { BridgeNetwork } from "../../roles/worker/network/bridge_network.ts";
import { Commands } from "../../roles/worker/network/commands.ts";
import { changingPlan } from "./guest_network.ts";

const [namespace = "", dir = "", bridge = ""] = Deno.args;
const network = new BridgeNetwork({
  settings: {
    bridge,
    underlay: "route",
    underlayAddress: null,
    nat: true,
    publishAddress: null,
  },
  commands: new Commands(["ip", "netns", "exec", namespace]),
  clock: systemClock,
  dir,
  dnsServers: ["192.0.2.53"],
  onWarning: (message) => console.error(message),
});
await network.adopt([]);
for (let round = 0;; round++) {
  const plan = changingPlan(round);
  await network.configure(plan);
  await Promise.all(plan.guests.map(({ copy }) => network.provide(copy)));
  const [first] = plan.guests;
  if (first !== undefined) {
    const publish = 8000 + round % 10;
    await network.publish(first.copy, [{ name: "http", guest: 80, publish }]);
    if (round % 2 === 0) await network.withdraw(first.copy);
  }
  console.log(`round ${round}`);
}
