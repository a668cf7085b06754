import assert from "node:assert/strict";
import fc from "fast-check";
import { openStore, type Store, type StoreOperation } from "./store.ts";

async function listAll(store: Store): Promise<Record<string, string>> {
  const all = await store.list("kind");
  return Object.fromEntries(all.map(({ id, json }) => [id, json]));
}

Deno.test("the store agrees with a map, all or nothing, and tells its watchers the same", async () => {
  const Operation = fc.record({
    id: fc.constantFrom("a", "a/1", "a/2", "b%", "c_"),
    isStale: fc.constantFrom(false, false, false, true),
    json: fc.option(fc.string()),
  });
  const Transaction = fc.uniqueArray(Operation, {
    selector: ({ id }) => id,
    minLength: 1,
    maxLength: 4,
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(Transaction, { maxLength: 20 }),
      async (transactions) => {
        const store = openStore(":memory:");
        const watched = new Map<string, string>();
        store.watch("kind", 0, ({ id, json }) => {
          if (json === null) watched.delete(id);
          else watched.set(id, json);
        });
        const model = new Map<string, { json: string; revision: number }>();
        for (const transaction of transactions) {
          const operations: StoreOperation[] = transaction.map((one) => ({
            kind: "kind",
            id: one.id,
            expectedRevision: (model.get(one.id)?.revision ?? 0) +
              (one.isStale ? 1 : 0),
            json: one.json,
          }));
          const isStale = transaction.some((one) => one.isStale);
          const revision = await store.transact(operations).catch(() => null);
          assert.equal(revision === null, isStale);
          if (revision === null) continue;
          for (const { id, json } of transaction) {
            if (json === null) model.delete(id);
            else model.set(id, { json, revision });
          }
        }
        const expected = Object.fromEntries(
          [...model].map(([id, { json }]) => [id, json]),
        );
        assert.deepEqual(await listAll(store), expected);
        assert.deepEqual(Object.fromEntries(watched), expected);
        const under = (await store.list("kind", "a/")).map(({ id }) => id);
        assert.deepEqual(
          under,
          Object.keys(expected).filter((id) => id.startsWith("a/")).sort(),
        );
        store.close();
      },
    ),
    { numRuns: 100 },
  );
});

Deno.test("transactions of one turn share a commit, and a stale one fails alone", async () => {
  const store = openStore(":memory:");
  const put = (id: string, expectedRevision: number) =>
    store.transact([{ kind: "k", id, expectedRevision, json: "{}" }]);
  const settled = await Promise.allSettled([
    put("a", 0),
    put("b", 7),
    put("c", 0),
  ]);
  assert.deepEqual(
    settled.map(({ status }) => status),
    ["fulfilled", "rejected", "fulfilled"],
  );
  assert.equal((await store.list("k")).length, 2);
  store.close();
});
