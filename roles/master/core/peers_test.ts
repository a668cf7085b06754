import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type AddressedCopy,
  EMPTY_BOOK,
  guestNetworkOf,
  peerBookOf,
  workersTold,
} from "./peers.ts";

function copy(over: Partial<AddressedCopy>): AddressedCopy {
  return {
    name: "web",
    worker: "w1",
    address: "10.201.0.2",
    surge: false,
    leaving: false,
    allows: [],
    ...over,
  };
}

const web = copy({ allows: ["db"] });
const db = copy({ name: "db", worker: "w2", address: "10.201.1.2" });
const mail = copy({ name: "mail", worker: "w3", address: "10.201.2.2" });

Deno.test("a name stands for the main copies, and only those whom allowedPeers names are sources", () => {
  const book = peerBookOf([web, db, mail]);
  assert.deepEqual(guestNetworkOf(book, web), {
    address: "10.201.0.2",
    peers: [{ name: "db", addresses: ["10.201.1.2"] }],
    sources: [],
  });
  assert.deepEqual(guestNetworkOf(book, db), {
    address: "10.201.1.2",
    peers: [],
    sources: ["10.201.0.2"],
  });
  assert.deepEqual(guestNetworkOf(book, mail).sources, []);
});

Deno.test("a surge copy reaches its peers, has the sources of its VM, and takes the name when it is promoted", () => {
  const surge = copy({
    ...db,
    worker: "w3",
    address: "10.201.2.9",
    surge: true,
  });
  const before = [web, db, surge];
  const book = peerBookOf(before);
  assert.deepEqual(book.names.get("db"), ["10.201.1.2"]);
  assert.deepEqual(guestNetworkOf(book, surge).sources, ["10.201.0.2"]);
  const tried = copy({ ...web, address: "10.201.0.3", surge: true });
  assert.deepEqual(
    peerBookOf([web, db, tried]).sources.get("db"),
    ["10.201.0.2", "10.201.0.3"],
  );
  const after = [web, { ...db, leaving: true }, { ...surge, surge: false }];
  assert.deepEqual(peerBookOf(after).names.get("db"), ["10.201.2.9"]);
  assert.deepEqual(
    [...workersTold(book, peerBookOf(after), after)],
    ["w1"],
    "those that use the name",
  );
});

Deno.test("a copy that leaves has no name any more, and is a source until it is gone", () => {
  const leaving = { ...web, leaving: true };
  const book = peerBookOf([leaving, db]);
  assert.deepEqual(book.names.get("web"), undefined);
  assert.deepEqual(book.sources.get("db"), ["10.201.0.2"]);
  const after = peerBookOf([db]);
  assert.deepEqual([...workersTold(book, after, [db])], ["w2"]);
});

Deno.test("a name that nobody has is told as one without addresses", () => {
  const book = peerBookOf([web]);
  assert.deepEqual(guestNetworkOf(book, web).peers, [{
    name: "db",
    addresses: [],
  }]);
});

Deno.test("who is not concerned is not told", () => {
  const before = peerBookOf([web, db, mail]);
  const another = copy({ name: "mail", worker: "w4", address: "10.201.3.2" });
  const copies = [web, db, mail, another];
  assert.deepEqual([...workersTold(before, peerBookOf(copies), copies)], []);
  assert.deepEqual(
    [...workersTold(EMPTY_BOOK, peerBookOf([web, db]), [web, db])].sort(),
    ["w1", "w2"],
  );
});

Deno.test("a worker is told exactly when one of its orders says something else", () => {
  const AnyCopy = fc.record({
    name: fc.constantFrom("a", "b", "c"),
    surge: fc.boolean(),
    leaving: fc.boolean(),
    allows: fc.subarray(["a", "b", "c"]),
    worker: fc.constantFrom("w1", "w2", "w3"),
  });
  const toldTo = (copies: readonly AddressedCopy[]) => {
    const book = peerBookOf(copies);
    return new Map(
      copies.filter(({ leaving }) => !leaving).map((each) => [
        each.address,
        JSON.stringify(guestNetworkOf(book, each)),
      ]),
    );
  };
  fc.assert(fc.property(
    fc.array(AnyCopy, { maxLength: 6 }),
    fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
    fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
    (drawn, inBefore, inAfter) => {
      const all = drawn.map((each, index) => ({
        ...each,
        address: `10.0.0.${index + 2}`,
      }));
      const before = all.filter((_, index) => inBefore[index]);
      const after = all.filter((_, index) => inAfter[index]);
      const told = workersTold(peerBookOf(before), peerBookOf(after), after);
      const [was, is] = [toldTo(before), toldTo(after)];
      for (const { address, worker, leaving } of after) {
        // New ones are told by their own order.
        if (leaving || !was.has(address)) continue;
        if (was.get(address) !== is.get(address)) {
          assert.ok(told.has(worker), `${worker} has to know of ${address}`);
        }
      }
    },
  ));
});
