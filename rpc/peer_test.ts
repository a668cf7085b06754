import assert from "node:assert/strict";
import {
  failure,
  Flood,
  IDLE,
  raw,
  RawPeer,
  rest,
  service,
} from "../tests/support/rpc.ts";
import { MESSAGE, RETURN } from "./core/protocol.ts";
import { Service } from "./generated/interop.ts";
import { memoryPair, Session } from "./mod.ts";

Deno.test("unknown messages come back as unimplemented, and the connection lives", async () => {
  const { session, peer } = raw({});
  await peer.send(10, (writer, at) => writer.struct(at, 1, 2));
  await peer.send(99, () => {});
  assert.deepEqual(peer.tags, [MESSAGE.unimplemented, MESSAGE.unimplemented]);
  await peer.bootstrap(0);
  assert.deepEqual(peer.returns, [RETURN.results]);
  await peer.finish(0);
  assert.deepEqual(session.sizes(), IDLE);
});

Deno.test("what breaks the protocol gets an Abort that says why", async () => {
  const cases: [string, RegExp, (peer: RawPeer) => Promise<void>][] = [
    [
      "a return for no question",
      /question 7/,
      (peer) =>
        peer.send(MESSAGE.return, (writer, at) => {
          writer.view.setUint32(writer.struct(at, 2, 1), 7, true);
        }),
    ],
    ["a finish of no question", /question 3/, (peer) => peer.finish(3)],
    ["a question asked twice", /asked twice/, async (peer) => {
      await peer.bootstrap(1);
      await peer.bootstrap(1);
    }],
    [
      "a release of nothing",
      /export 9/,
      (peer) =>
        peer.send(MESSAGE.release, (writer, at) => {
          const place = writer.struct(at, 1, 0);
          writer.view.setUint32(place, 9, true);
          writer.view.setUint32(place + 4, 1, true);
        }),
    ],
    ["a release of too much", /export 0/, async (peer) => {
      await peer.bootstrap(1);
      await peer.send(MESSAGE.release, (writer, at) => {
        writer.view.setUint32(writer.struct(at, 1, 0) + 4, 1000, true);
      });
    }],
    [
      "a call without a target",
      /target/,
      (peer) =>
        peer.send(MESSAGE.call, (writer, at) => {
          writer.struct(at, 3, 3);
        }),
    ],
    [
      "a disembargo nobody waits for",
      /disembargo/,
      (peer) =>
        peer.send(MESSAGE.disembargo, (writer, at) => {
          writer.view.setUint16(writer.struct(at, 1, 1) + 4, 1, true);
        }),
    ],
    ["a null call", /call/, (peer) => peer.send(MESSAGE.call, () => {})],
  ];
  for (const [what, why, act] of cases) {
    const { session, peer } = raw({});
    await act(peer);
    assert.match((await session.closed).message, why, what);
    assert.equal(peer.tags.at(-1), MESSAGE.abort, what);
    assert.ok(peer.ended, what);
    assert.deepEqual(session.sizes(), IDLE, what);
  }
});

Deno.test("a call on a released capability fails, and the connection lives", async () => {
  const { session, peer } = raw({});
  await peer.send(MESSAGE.call, (writer, at) => {
    const call = writer.struct(at, 3, 3);
    writer.view.setUint32(call, 4, true);
    writer.view.setUint32(writer.struct(call + 24, 1, 1), 55, true);
  });
  assert.deepEqual(peer.returns, [RETURN.exception]);
  await peer.finish(4);
  assert.deepEqual(session.sizes(), IDLE);
});

Deno.test("a finish before the return cancels, and is answered", async () => {
  let aborted = false;
  const { session, peer } = raw({
    wait: (_params, { signal }) =>
      new Promise<void>(() =>
        signal.addEventListener("abort", () => aborted = true)
      ),
  });
  await peer.bootstrap(0);
  const method = Service.methods.find(({ name }) => name === "wait")!;
  await peer.send(MESSAGE.call, (writer, at) => {
    const call = writer.struct(at, 3, 3);
    writer.view.setUint32(call, 1, true);
    writer.view.setUint16(call + 4, method.ordinal, true);
    writer.view.setUint32(call + 8, method.interfaceLow, true);
    writer.view.setUint32(call + 12, method.interfaceHigh, true);
    const target = writer.struct(call + 24, 1, 1);
    writer.view.setUint16(target + 4, 1, true);
    writer.struct(target + 8, 1, 1);
  });
  assert.equal(session.sizes().answers, 2);
  await peer.finish(1);
  assert.ok(aborted);
  assert.deepEqual(peer.returns, [RETURN.results, RETURN.canceled]);
  await peer.finish(0);
  assert.deepEqual(session.sizes(), IDLE);
});

Deno.test("an abort of the peer is the reason of the end", async () => {
  const { session, peer } = raw({});
  await peer.send(MESSAGE.abort, (writer, at) => {
    writer.text(writer.struct(at, 1, 2) + 8, "enough");
  });
  assert.match((await session.closed).message, /ended the connection: enough/);
});

Deno.test("a side that offers nothing says so", async () => {
  const [left, right] = memoryPair();
  new Session(left);
  const stub = new Session(right).bootstrap(Service);
  assert.equal((await failure(stub.read())).code, "unimplemented");
});

Deno.test("a peer that does not take its replies is not read any more", async () => {
  const flood = new Flood();
  const session = new Session(flood, {
    bootstrap: () => service({ echo: ({ data }) => ({ data }) }),
    limits: { pauseReadingBytes: 500_000, maxAnswers: 100 },
  });
  for (let i = 0; i < 20; i++) await rest();
  assert.ok(flood.reads < 10, `${flood.reads} calls were read`);
  flood.release();
  // It never finishes its calls, so in the end it is thrown out.
  assert.match((await session.closed).message, /200 calls without a finish/);
});

Deno.test("results that a peer takes from its own call arrive, also late or never", async () => {
  // The peer answers our call with what we answer to its call to us (a tail call).
  const [left, right] = memoryPair();
  const gate = Promise.withResolvers<void>();
  const session = new Session(left, {
    bootstrap: () =>
      service({
        sleep: async ({ ms }) => {
          await gate.promise;
          return { ms };
        },
      }),
  });
  const peer = new RawPeer(right);
  const stub = session.bootstrap(Service);
  await peer.bootstrap(0);
  const method = Service.methods.find(({ name }) => name === "sleep")!;
  const tailCall = (question: number) =>
    peer.send(MESSAGE.call, (writer, at) => {
      const call = writer.struct(at, 3, 3);
      writer.view.setUint32(call, question, true);
      writer.view.setUint16(call + 4, method.ordinal, true);
      // sendResultsTo.yourself
      writer.view.setUint16(call + 6, 1, true);
      writer.view.setUint32(call + 8, method.interfaceLow, true);
      writer.view.setUint32(call + 12, method.interfaceHigh, true);
      const target = writer.struct(call + 24, 1, 1);
      writer.view.setUint16(target + 4, 1, true);
      writer.struct(target + 8, 1, 1);
      const payload = writer.struct(call + 32, 0, 2);
      writer.view.setUint32(writer.struct(payload, 1, 0), 7, true);
    });
  const takeFrom = (answer: number, question: number) =>
    peer.send(MESSAGE.return, (writer, at) => {
      const place = writer.struct(at, 2, 1);
      writer.view.setUint32(place, answer, true);
      writer.view.setUint16(place + 6, RETURN.takeFromOtherQuestion, true);
      writer.view.setUint32(place + 8, question, true);
    });
  // Question 0 is our bootstrap.
  const first = stub.sleep({});
  await rest();
  await tailCall(1);
  await takeFrom(1, 1);
  gate.resolve();
  assert.deepEqual(await first, { ms: 7 });
  assert.ok(peer.returns.includes(RETURN.resultsSentElsewhere));
  await peer.finish(1);
  const second = failure(stub.sleep({}));
  await rest();
  await takeFrom(1, 99);
  assert.match((await second).message, /question 99/);
  session.close();
  assert.deepEqual(session.sizes(), IDLE);
});
