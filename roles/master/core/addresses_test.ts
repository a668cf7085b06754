import assert from "node:assert/strict";
import fc from "fast-check";
import {
  AddressGiver,
  addressingOf,
  DEFAULT_POOL,
  parsePool,
  planNetworks,
  poolProblem,
} from "./addresses.ts";
import {
  ADDRESSES_PER_WORKER,
  type WorkerDoc,
  type WorkerNetwork,
} from "./documents.ts";

const pool = parsePool(DEFAULT_POOL);

function workerDoc(
  name: string,
  attributes: Record<string, string> = {},
  network?: WorkerNetwork,
): WorkerDoc {
  return {
    name,
    term: 0,
    revision: 1,
    capacity: { cpuMilli: 1000, memoryMib: 1000 },
    attributes,
    versions: {},
    cordon: null,
    ...(network === undefined ? {} : { network }),
  };
}

function bridged(name: string, underlay = "", network?: WorkerNetwork) {
  return workerDoc(name, {
    network: "bridge",
    ...(underlay === "" ? {} : { "network.underlay": underlay }),
  }, network);
}

function networkOn(subnet: string, over: Partial<WorkerNetwork> = {}) {
  return { subnet, via: null, isOn: true, given: 1, returned: [], ...over };
}

Deno.test("a pool is a range of addresses that hosts can have, a /8 to a /24", () => {
  const problems: [pool: string, problem: RegExp | null][] = [
    ["10.201.0.0/16", null],
    ["10.0.0.0/8", null],
    ["192.168.7.0/24", null],
    ["10.201.0.0", /range of IPv4/],
    ["10.201.0.300/16", /range of IPv4/],
    ["fd00::/64", /range of IPv4/],
    ["10.201.0.0/25", /\/8 to a \/24/],
    ["0.0.0.0/0", /\/8 to a \/24/],
    ["10.201.3.0/16", /begin where the range does: 10\.201\.0\.0\/16/],
    ["127.0.0.0/8", /that hosts can have/],
    ["224.0.0.0/8", /that hosts can have/],
    ["169.254.0.0/16", /that hosts can have/],
  ];
  for (const [text, problem] of problems) {
    if (problem === null) assert.equal(poolProblem(text), null, text);
    else assert.match(poolProblem(text) ?? "", problem, text);
  }
});

Deno.test("each worker that bridges gets a subnet of its own, the others none", () => {
  const { changed, lastSubnet } = planNetworks(
    [workerDoc("w3"), bridged("w2", "192.0.2.2"), bridged("w1")],
    pool,
    undefined,
  );
  assert.deepEqual(
    [...changed].map(([name, { subnet, via, isOn }]) => ({
      name,
      subnet,
      via,
      isOn,
    })),
    [
      { name: "w1", subnet: "10.201.0.0/24", via: null, isOn: true },
      { name: "w2", subnet: "10.201.1.0/24", via: "192.0.2.2", isOn: true },
    ],
  );
  assert.equal(lastSubnet, "10.201.1.0/24");
});

Deno.test("a subnet is kept while its worker bridges nothing, and where it is follows what it says", () => {
  const known = networkOn("10.201.4.0/24", { via: "192.0.2.2" });
  const of = (doc: WorkerDoc) =>
    planNetworks([doc], pool, "10.201.4.0/24").changed.get("w1");
  assert.equal(of(bridged("w1", "192.0.2.2", known)), undefined);
  assert.deepEqual(of(workerDoc("w1", {}, known)), { ...known, isOn: false });
  assert.deepEqual(of(bridged("w1", "192.0.2.9", known)), {
    ...known,
    via: "192.0.2.9",
  });
  const told = planNetworks([workerDoc("w1", {}, known)], pool, undefined);
  assert.equal(told.lastSubnet, undefined, "none was given");
  const off = { ...known, isOn: false };
  assert.equal(of(workerDoc("w1", {}, off)), undefined);
  assert.deepEqual(of(bridged("w1", "192.0.2.2", off)), known);
});

Deno.test("a subnet that was given back rests until the others were given", () => {
  const small = parsePool("10.9.0.0/22");
  const given: string[] = [];
  let last: string | undefined;
  for (let turn = 0; turn < 6; turn++) {
    const plan = planNetworks([bridged("w1")], small, last);
    given.push(plan.changed.get("w1")?.subnet ?? "");
    last = plan.lastSubnet;
  }
  const inTurn = ["10.9.0.0/24", "10.9.1.0/24", "10.9.2.0/24", "10.9.3.0/24"];
  assert.deepEqual(given, [...inTurn, ...inTurn.slice(0, 2)]);
});

Deno.test("where the pool is used up, or a worker lies in it, none is given, and the reason says so", () => {
  const small = parsePool("10.9.0.0/24");
  const first = bridged("w1", "", networkOn("10.9.0.0/24"));
  const late = bridged("w2");
  assert.equal(planNetworks([first, late], small, undefined).changed.size, 0);
  assert.deepEqual(addressingOf(late, small), {
    count: 0,
    hindrance: "has no subnet yet: the pool 10.9.0.0/24 gives 1",
  });
  const inside = bridged("w3", "10.201.0.5");
  assert.equal(planNetworks([inside], pool, undefined).changed.size, 0);
  assert.match(addressingOf(inside, pool)?.hindrance ?? "", /inside the pool/);
  assert.equal(addressingOf(workerDoc("w4"), pool), null);
  assert.deepEqual(addressingOf(first, small), { count: 253, hindrance: null });
});

Deno.test("an address that is no address leads nowhere", () => {
  const { changed } = planNetworks(
    [bridged("w1", "example.org")],
    pool,
    undefined,
  );
  assert.equal(changed.get("w1")?.via, null);
});

Deno.test("addresses come in turn, and one that was given back comes last", () => {
  const giver = new AddressGiver(networkOn("10.201.3.0/24"), []);
  assert.equal(giver.give(), "10.201.3.2");
  assert.equal(giver.give(), "10.201.3.3");
  giver.take("10.201.3.2");
  assert.equal(giver.give(), "10.201.3.4", "what was never used comes first");
  while (giver.network.given < 254) giver.give();
  giver.take("10.201.3.100");
  giver.take("10.201.3.7");
  assert.equal(giver.give(), "10.201.3.2", "the longest ago");
  assert.equal(giver.give(), "10.201.3.100");
  assert.equal(giver.give(), "10.201.3.7");
  assert.equal(giver.give(), null);
});

Deno.test("what a copy has is not given again, whatever is remembered", () => {
  const network = networkOn("10.201.3.0/24", { given: 4, returned: [2, 3] });
  const giver = new AddressGiver(network, ["10.201.3.2", "10.201.3.5"]);
  assert.equal(giver.give(), "10.201.3.6");
  const full = Array.from(
    { length: ADDRESSES_PER_WORKER },
    (_, index) => `10.201.3.${index + 2}`,
  );
  const [free = "", ...others] = full;
  assert.equal(new AddressGiver(network, others).give(), free);
  assert.equal(new AddressGiver(network, full).give(), null);
});

Deno.test("no two hold an address at a time, and none is lost, whatever comes and goes", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 400 }), { maxLength: 600 }),
      (steps) => {
        let network: WorkerNetwork = networkOn("10.201.3.0/24");
        const held: string[] = [];
        for (const step of steps) {
          // Each plan begins with what is stored.
          const giver = new AddressGiver(network, held);
          if (step > 150) {
            const address = giver.give();
            assert.equal(
              address === null,
              held.length === ADDRESSES_PER_WORKER,
            );
            if (address !== null) held.push(address);
          } else if (held.length > 0) {
            const [gone] = held.splice(step % held.length, 1);
            giver.take(gone ?? "");
          }
          network = giver.network;
          assert.equal(new Set(held).size, held.length);
        }
      },
    ),
    { numRuns: 30 },
  );
});
