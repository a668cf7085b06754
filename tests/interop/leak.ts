/**
 * Takes 60,000 capabilities of a server in the same process and drops them;
 * prints the tables' sizes and the heap's growth as JSON. Run it with
 * `--v8-flags=--expose-gc`.
 *
 * @module
 */
import { Counter, Service } from "../../rpc/generated/interop.ts";
import { connectRpc, serverOf, serveRpc } from "../../rpc/mod.ts";
import { CounterObject, ServiceObject } from "./service.ts";

const COUNT = 60_000;
/** Taken at once, as a client that lists and drops would. */
const BATCH = 2000;

declare const gc: () => void;

async function heapBytes(): Promise<number> {
  // Finalizers run between the collections.
  for (let i = 0; i < 3; i++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return Deno.memoryUsage().heapUsed;
}

const listener = await serveRpc({
  transport: { hostname: "127.0.0.1", port: 0 },
  bootstrap: () => serverOf(Service, new ServiceObject()),
});
const session = await connectRpc({ url: listener.address });
const service = session.bootstrap(Service);

async function take(count: number): Promise<void> {
  for (let done = 0; done < count; done += BATCH) {
    const taken = await Promise.all(
      Array.from({ length: BATCH }, (_, start) => service.counter({ start })),
    );
    for (const { counter } of taken) counter.dispose();
    // And as many of ours to the peer.
    using own = serverOf(Counter, new CounterObject());
    await service.callBack({ cap: own, times: 1 });
  }
  await service.read();
}

await take(BATCH);
const [peer] = listener.sessions;
const heapBefore = await heapBytes();
const sizesBefore = { client: session.sizes(), server: peer?.sizes() };
await take(COUNT);
const heapGrowthBytes = await heapBytes() - heapBefore;
const sizesAfter = { client: session.sizes(), server: peer?.sizes() };
session.close();
listener.close();
console.log(JSON.stringify({ sizesBefore, sizesAfter, heapGrowthBytes }));
