/**
 * How long the rules of many VMs take to load: for `deno task bench worker`.
 * Needs root, and a network namespace to itself.
 *
 * @module
 */
import { vmId } from "../../model/ids.ts";
import type { Commands } from "./commands.ts";
import { parseSubnet } from "./core/addresses.ts";
import { guestsOf } from "./core/guests.ts";
import { tableName } from "./core/names.ts";
import type { GuestPlan, NetworkSettings } from "./core/plan.ts";
import { type Ruleset, rulesetOf } from "./core/ruleset.ts";
import { Rules } from "./rules.ts";

const SETTINGS: NetworkSettings = {
  bridge: "pcrbench",
  underlay: "route",
  underlayAddress: null,
  nat: true,
  publishAddress: null,
};
const HOST = { subnet: "10.201.3.0/24", routes: [] };
/** Of each VM: what a web server of some size names. */
const DOMAINS = 8;
const PEERS = 8;

function planOf(index: number): GuestPlan {
  const peers = Array.from(
    { length: PEERS },
    (_, peer) => `10.201.4.${peer + 2}`,
  );
  return {
    copy: { id: vmId("bench", "vm", index), incarnation: 1 },
    spec: {
      allowedDomains: Array.from(
        { length: DOMAINS },
        (_, domain) => `d${domain}.vm${index % 10}.example`,
      ),
      allowedPeers: ["db"],
      ports: [],
      rateLimitMbit: 100,
    },
    network: {
      address: `10.201.3.${index + 2}`,
      peers: [{ name: "db", addresses: peers }],
      sources: peers,
    },
  };
}

function rulesetFor(count: number): Ruleset {
  const plans = Array.from({ length: count }, (_, index) => planOf(index));
  const { good } = guestsOf(plans, {
    settings: SETTINGS,
    subnet: parseSubnet(HOST.subnet),
    secret: "bench",
  });
  return rulesetOf({
    name: tableName(SETTINGS.bridge),
    settings: SETTINGS,
    host: HOST,
    guests: good,
    published: new Map(),
    taught: [],
  });
}

/** Loads the rules of `count` VMs (at most 252), then of one more, and takes them away. Milliseconds. */
export async function bridgeRuleset(
  commands: Commands,
  count: number,
): Promise<{ wholeMs: number; changeMs: number }> {
  const rules = new Rules(commands, tableName(SETTINGS.bridge));
  const time = async (ruleset: Ruleset) => {
    const begin = performance.now();
    await rules.load(ruleset);
    return performance.now() - begin;
  };
  try {
    const wholeMs = await time(rulesetFor(count));
    const changeMs = await time(rulesetFor(count + 1));
    return { wholeMs, changeMs };
  } finally {
    await rules.remove();
  }
}
