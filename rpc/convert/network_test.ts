import assert from "node:assert/strict";
import type { GuestNetwork } from "../../roles/model/assignment.ts";
import type * as common from "../generated/common.ts";
import {
  AddressLists,
  guestNetworkPlain,
  guestNetworkToWire,
} from "./network.ts";

const many = Array.from({ length: 250 }, (_, index) => `10.201.0.${index}`);

/** What a reader gives of what was written. */
function overTheWire(networks: readonly GuestNetwork[]) {
  const lists = new AddressLists();
  const sent = networks.map((one) => guestNetworkToWire(one, lists));
  const text = JSON.stringify({ sent, lists: lists.toWire() });
  const { sent: got, lists: shared } = JSON.parse(text) as {
    sent: common.GuestNetwork[];
    lists: common.AddressList[];
  };
  const read = shared.map(({ addresses }) => addresses);
  return {
    bytes: text.length,
    networks: got.map((one) => guestNetworkPlain(one, read)) as GuestNetwork[],
  };
}

Deno.test("what a hundred replicas say alike crosses the wire once", () => {
  const sources = [...many];
  const replicas = many.slice(0, 100).map((address) => ({
    address,
    peers: [{ name: "db", addresses: many }, { name: "none", addresses: [] }],
    sources,
  }));
  const { bytes, networks } = overTheWire(replicas);
  assert.deepEqual(networks, replicas);
  const once = JSON.stringify([many, sources]).length;
  assert.ok(bytes < once + 100 * 200, `${bytes} bytes`);
  assert.equal(
    networks[0]?.sources,
    networks[99]?.sources,
    "nor is it kept twice",
  );
});

Deno.test("a list that is not there is refused, by the address that names it", () => {
  const wire = {
    address: "10.201.0.2",
    peers: [],
    sources: [],
    sourcesList: 3,
  };
  assert.throws(() => guestNetworkPlain(wire, [many]), {
    code: "invalid",
    message: /10\.201\.0\.2: there is no list 3/,
  });
});
