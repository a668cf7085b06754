import assert from "node:assert/strict";
import type {
  PlacementDoc,
  WorkerDoc,
  WorkerNetwork,
} from "./core/documents.ts";
import { placementKey } from "./core/documents.ts";
import { Documents, Draft, STORE_ID } from "./documents.ts";
import { restoreNetworks } from "./restore_networks.ts";
import { openStore } from "./store.ts";

function workerDoc(name: string, network?: WorkerNetwork): WorkerDoc {
  return {
    name,
    term: 0,
    revision: 1,
    capacity: { cpuMilli: 1000, memoryMib: 1000 },
    attributes: { network: "bridge" },
    versions: {},
    cordon: null,
    ...(network === undefined ? {} : { network }),
  };
}

function placed(incarnation: number, address: string): PlacementDoc {
  return {
    vm: "shop/web-0",
    incarnation,
    worker: "w1",
    generation: 1,
    startedIn: 1,
    runtimeHash: "a".repeat(64),
    policyHash: "b".repeat(64),
    orderRevision: 1,
    fallbackGeneration: 0,
    reserved: { cpuMilli: 1, memoryMib: 1 },
    ports: [],
    acknowledged: true,
    leaving: false,
    avoid: [],
    surge: false,
    decision: null,
    address,
  };
}

const network = (subnet: string, given = 3): WorkerNetwork => ({
  subnet,
  via: null,
  isOn: true,
  given,
  returned: [],
});

async function draftOf(
  workers: readonly WorkerDoc[],
  placements: readonly PlacementDoc[],
): Promise<Draft> {
  const store = openStore(":memory:");
  const draft = new Draft(await Documents.load(store));
  await store.close();
  for (const doc of workers) draft.put("worker", doc.name, doc);
  for (const doc of placements) draft.put("placement", placementKey(doc), doc);
  return draft;
}

Deno.test("a restored store keeps every address that is still right", async () => {
  const doc = workerDoc("w1", network("10.201.0.0/24"));
  const draft = await draftOf([doc], [placed(1, "10.201.0.2")]);
  restoreNetworks(draft, null);
  assert.deepEqual(draft.get("worker", "w1"), doc);
  assert.equal(draft.get("placement", "shop/web-0#1")?.address, "10.201.0.2");
});

Deno.test("what was given out after the backup is not given again first", async () => {
  const draft = await draftOf(
    [workerDoc("w1", network("10.201.0.0/24", 3)), workerDoc("w2")],
    [],
  );
  const later = network("10.201.0.0/24", 9);
  restoreNetworks(draft, {
    placements: [],
    clusters: [],
    workers: [
      workerDoc("w1", later),
      workerDoc("w2", network("10.201.1.0/24")),
    ],
    lastSubnet: "10.201.1.0/24",
  });
  assert.deepEqual(draft.get("worker", "w1")?.network, later);
  assert.equal(draft.get("worker", "w2")?.network?.subnet, "10.201.1.0/24");
  assert.equal(draft.get("store", STORE_ID)?.lastSubnet, "10.201.1.0/24");
});

Deno.test("no two workers have a subnet, and no copy an address of another's", async () => {
  const draft = await draftOf(
    [workerDoc("w1", network("10.201.0.0/24"))],
    [placed(1, "10.201.0.2"), { ...placed(2, "10.201.0.3"), leaving: true }],
  );
  restoreNetworks(draft, {
    placements: [],
    clusters: [],
    workers: [workerDoc("w2", network("10.201.0.0/24"))],
  });
  assert.equal(draft.get("worker", "w1")?.network, undefined);
  for (const key of ["shop/web-0#1", "shop/web-0#2"]) {
    const doc = draft.get("placement", key);
    assert.ok(doc !== undefined);
    assert.equal(doc.address, undefined, key);
  }
});

Deno.test("a worker that has another subnet since gives its copies addresses of that", async () => {
  const draft = await draftOf(
    [workerDoc("w1", network("10.201.0.0/24"))],
    [placed(1, "10.201.0.2")],
  );
  restoreNetworks(draft, {
    placements: [],
    clusters: [],
    workers: [workerDoc("w1", network("10.201.5.0/24"))],
  });
  assert.equal(draft.get("placement", "shop/web-0#1")?.address, "10.201.5.4");
});
