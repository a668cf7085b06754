import assert from "node:assert/strict";
import { AppError } from "../roles/model/errors.ts";
import {
  beginMessage,
  endMessage,
  MESSAGE,
  RETURN,
  uint16At,
} from "./core/protocol.ts";
import { Framer } from "./core/framing.ts";
import { Reader } from "./core/reader.ts";
import { Writer } from "./core/writer.ts";
import {
  Counter,
  type CounterClient,
  type CounterServer,
  NamedCounter,
  Service,
  type ServiceServer,
} from "./generated/interop.ts";
import { DEFAULT_LIMITS, type RpcLimits } from "./limits.ts";
import {
  castTo,
  type Client,
  implementationOf,
  memoryPair,
  promiseOf,
  sameCapability,
  serverOf,
  Session,
  type Transport,
} from "./mod.ts";

const IDLE = { questions: 0, answers: 0, exports: 0, imports: 0, embargoes: 0 };

class CounterObject implements CounterServer {
  value = 0;
  releases = 0;
  next({ expect }: { expect: number }) {
    this.value++;
    if (expect !== 0) assert.equal(this.value, expect);
    return { value: this.value };
  }
  total() {
    return { value: this.value };
  }
  released() {
    this.releases++;
  }
}

/** A service of which a test gives what it uses. */
function service(methods: Partial<ServiceServer>): Client {
  return serverOf(Service, methods as ServiceServer);
}

function connected(
  methods: Partial<ServiceServer>,
  limits: Partial<RpcLimits> = {},
) {
  const [left, right] = memoryPair();
  const server = new Session(left, {
    bootstrap: () => service(methods),
    limits,
  });
  const client = new Session(right, { limits });
  return { server, client, service: client.bootstrap(Service) };
}

async function failure(promise: PromiseLike<unknown>): Promise<AppError> {
  const error = await promise.then(() => undefined, (error) => error);
  assert.ok(error instanceof AppError, `an AppError, not ${error}`);
  return error;
}

/** Lets everything in memory come to rest. */
async function rest(): Promise<void> {
  for (let i = 0; i < 100; i++) await Promise.resolve();
}

Deno.test("stubs are given back once, and the server's object learns of it", async () => {
  const object = new CounterObject();
  const { server, client, service } = connected({
    counter: () => ({ counter: serverOf(Counter, object) }),
  });
  const first = (await service.counter({})).counter;
  const second = (await service.counter({})).counter;
  assert.equal(server.sizes().exports, 2, "the service and one counter");
  assert.ok(sameCapability(first, second));
  first.dispose();
  first.dispose();
  await rest();
  assert.equal(object.releases, 0);
  assert.deepEqual(await second.next({}), { value: 1 });
  second.dispose();
  service.dispose();
  await rest();
  assert.equal(object.releases, 1);
  assert.deepEqual(server.sizes(), IDLE);
  assert.deepEqual(client.sizes(), IDLE);
  const error = await failure(first.next({}));
  assert.match(error.message, /Counter that was disposed/);
});

Deno.test("a parameter is disposed when its method has returned, unless it was kept", async () => {
  let gone: CounterClient | undefined;
  let kept: CounterClient | undefined;
  const { server, client, service } = connected({
    hold({ cap }) {
      gone = cap;
      kept = cap.dup();
    },
  });
  const own = serverOf(Counter, new CounterObject());
  await service.hold({ cap: own });
  assert.match((await failure(gone!.next({}))).hint ?? "", /dup\(\)/);
  assert.deepEqual(await kept!.next({}), { value: 1 });
  kept!.dispose();
  service.dispose();
  await rest();
  assert.deepEqual(server.sizes(), IDLE);
  assert.deepEqual(client.sizes(), IDLE);
});

Deno.test("a call that is only used for its pipeline rejects nobody and leaves nothing", async () => {
  const unhandled: unknown[] = [];
  const note = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    unhandled.push(event.reason);
  };
  globalThis.addEventListener("unhandledrejection", note);
  const { server, client, service } = connected({
    counter({ start }) {
      if (start === 1) throw new AppError("refused", "not this one");
      return { counter: serverOf(Counter, new CounterObject()) };
    },
  });
  const broken = service.counter({ start: 1 }).counter;
  assert.equal((await failure(broken.next({}))).code, "refused");
  const good = service.counter({}).counter;
  assert.deepEqual(await good.next({}), { value: 1 });
  good.dispose();
  broken.dispose();
  service.dispose();
  await rest();
  assert.deepEqual(server.sizes(), IDLE);
  assert.deepEqual(client.sizes(), IDLE);
  assert.deepEqual(unhandled, []);
  globalThis.removeEventListener("unhandledrejection", note);
});

Deno.test("an aborted call ends here at once and is cancelled there", async () => {
  let cancelled = 0;
  const { server, client, service } = connected({
    wait: (_params, { signal }) =>
      new Promise<void>((_, reject) =>
        signal.addEventListener("abort", () => {
          cancelled++;
          reject(signal.reason);
        })
      ),
    read: () => ({ value: 1 }),
  });
  const controller = new AbortController();
  const call = failure(service.wait({}, { signal: controller.signal }));
  await service.read();
  controller.abort();
  assert.match((await call).message, /Service\.wait was aborted/);
  await service.read();
  assert.equal(cancelled, 1);
  const late = AbortSignal.abort(new DOMException("late", "TimeoutError"));
  assert.equal(
    (await failure(service.read({}, { signal: late }))).code,
    "timeout",
  );
  await rest();
  assert.equal(client.sizes().questions, 0);
  assert.equal(server.sizes().answers, 0);
});

Deno.test("the end of a connection fails what waits, at both sides", async () => {
  let aborted = false;
  const { server, client, service } = connected({
    wait: (_params, { signal }) =>
      new Promise<void>(() =>
        signal.addEventListener("abort", () => aborted = true)
      ),
    laterCounter: () => ({
      counter: promiseOf(Counter, new Promise<CounterClient>(() => {})),
    }),
  });
  const waiting = failure(service.wait({}));
  const promised = (await service.laterCounter({})).counter;
  const behind = failure(promised.next({}));
  await rest();
  server.close("it stops");
  assert.equal((await waiting).code, "unavailable");
  assert.equal((await behind).code, "unavailable");
  assert.match((await server.closed).message, /it stops/);
  assert.equal((await client.closed).code, "unavailable");
  assert.ok(aborted);
  assert.equal((await failure(service.read())).code, "unavailable");
  assert.deepEqual(client.sizes(), IDLE);
  assert.deepEqual(server.sizes(), IDLE);
});

Deno.test("capabilities pass through a third process, with order and pipelines", async () => {
  const far = connected({
    counter: () => ({ counter: serverOf(Counter, new CounterObject()) }),
    callBack: async ({ cap, times }) => {
      let last = 0;
      for (let i = 0; i < times; i++) last = (await cap.next({})).value;
      return { last };
    },
    wait: (_params, { signal }) =>
      new Promise<void>((_, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason))
      ),
  });
  const [left, right] = memoryPair();
  new Session(left, { bootstrap: () => far.service.dup() });
  const client = new Session(right);
  const proxied = client.bootstrap(Service);
  const counter = proxied.counter({}).counter;
  const values = await Promise.all(
    [1, 2, 3].map((expect) => counter.next({ expect })),
  );
  assert.deepEqual(values, [{ value: 1 }, { value: 2 }, { value: 3 }]);
  const object = new CounterObject();
  assert.deepEqual(
    await proxied.callBack({ cap: serverOf(Counter, object), times: 3 }),
    { last: 3 },
  );
  assert.deepEqual(await proxied.callBack({ cap: counter, times: 2 }), {
    last: 5,
  });
  const controller = new AbortController();
  const call = failure(proxied.wait({}, { signal: controller.signal }));
  await rest();
  assert.equal(far.server.sizes().answers, 1);
  controller.abort();
  await call;
  await rest();
  assert.equal(far.server.sizes().answers, 0, "cancelled all the way");
  far.server.close();
  assert.equal((await failure(counter.next({}))).code, "unavailable");
  assert.equal(client.sizes().questions, 0, "this connection lives on");
});

Deno.test("calls on local stubs behave as remote ones", async () => {
  const stub = serverOf(Service, {
    counter: ({ start }: { start: number }) => {
      assert.equal(start, 0, "defaults are filled in");
      return { counter: serverOf(Counter, new CounterObject()) };
    },
    fail() {
      throw new AppError("conflict", "stale");
    },
  } as unknown as ServiceServer);
  const counter = stub.counter({}).counter;
  assert.deepEqual(await counter.next({ expect: 1 }), { value: 1 });
  assert.equal((await failure(stub.fail({}))).code, "conflict");
  assert.equal((await failure(stub.read())).code, "unimplemented");
  const object = new CounterObject();
  assert.equal(implementationOf(serverOf(Counter, object)), object);
  const missing = castTo(NamedCounter, counter);
  assert.equal((await failure(missing.name())).code, "unimplemented");
  const inherited = serverOf(
    NamedCounter,
    Object.assign(new CounterObject(), { name: () => ({ name: "seven" }) }),
  );
  assert.deepEqual(await inherited.name(), { name: "seven" });
  assert.deepEqual(await inherited.next({}), { value: 1 });
});

Deno.test("values that do not fit fail their call only", async () => {
  const { client, service } = connected({
    sleep: () => ({ ms: -1 }),
    read: () => ({ value: 1, text: "ok" }),
  });
  const sent = await failure(service.callBack({ times: 2 ** 32 }));
  assert.equal(sent.code, "invalid");
  assert.match(sent.message, /ServiceCallBackParams\.times/);
  const returned = await failure(service.sleep({}));
  assert.equal(returned.code, "invalid");
  assert.match(returned.message, /ServiceSleepResults\.ms/);
  assert.equal((await service.read()).text, "ok");
  assert.equal(client.sizes().questions, 0);
});

Deno.test("bounds refuse what is beyond them and keep the connection", async () => {
  const { service } = connected({
    echo: ({ data }) => ({ data }),
    counter: () => ({ counter: serverOf(Counter, new CounterObject()) }),
    wait: () => new Promise<void>(() => {}),
    read: () => ({ value: 1 }),
  }, { maxMessageBytes: 100_000, maxQuestions: 20, maxCapabilities: 10 });
  const large = await failure(service.echo({ data: new Uint8Array(100_000) }));
  assert.match(large.message, /100\d{3} bytes: at most \d+ are sent/);
  const counters: CounterClient[] = [];
  const full = await (async () => {
    for (;;) counters.push((await service.counter({})).counter);
  })().catch((error: unknown) => error);
  assert.ok(full instanceof AppError);
  assert.equal(full.code, "overloaded");
  assert.ok(counters.length < 10);
  for (const counter of counters) counter.dispose();
  (await service.counter({})).counter.dispose();
  const waiting = Array.from({ length: 20 }, () => service.wait({}));
  assert.equal((await failure(service.read())).code, "overloaded");
  assert.equal(waiting.length, 20);
});

Deno.test("more calls at once than may run are answered overloaded", async () => {
  const [left, right] = memoryPair();
  new Session(left, {
    bootstrap: () =>
      service({
        wait: () => new Promise<void>(() => {}),
        read: () => ({ value: 1 }),
      }),
    limits: { maxAnswers: 5 },
  });
  const client = new Session(right);
  const stub = client.bootstrap(Service);
  await stub.read();
  const controller = new AbortController();
  const { signal } = controller;
  const waiting = Array.from(
    { length: 5 },
    () => failure(stub.wait({}, { signal })),
  );
  const error = await failure(stub.wait({}));
  assert.equal(error.code, "overloaded");
  assert.match(error.hint ?? "", /again/);
  controller.abort();
  await Promise.all(waiting);
  assert.equal((await stub.read()).value, 1);
});

/** A peer that a test writes by hand. */
class RawPeer {
  readonly #transport: Transport;
  readonly #framer = new Framer(DEFAULT_LIMITS);
  readonly tags: number[] = [];
  /** Of each Return: its tag. */
  readonly returns: number[] = [];
  ended = false;

  constructor(transport: Transport) {
    this.#transport = transport;
    this.#read();
  }

  async #read(): Promise<void> {
    for (;;) {
      const bytes = await this.#transport.read();
      if (bytes === null) break;
      this.#framer.push(bytes, (segments) => {
        const reader = new Reader(segments, []);
        reader.structure(reader.segment, 0);
        const tag = uint16At(reader, 0);
        this.tags.push(tag);
        if (tag === MESSAGE.return) {
          reader.structure(reader.segment, reader.pointers);
          this.returns.push(uint16At(reader, 6));
        }
      });
    }
    this.ended = true;
  }

  async send(
    tag: number,
    body: (writer: Writer, at: number) => void,
  ): Promise<void> {
    const writer = new Writer();
    const start = beginMessage(writer, tag);
    body(writer, start + 24);
    endMessage(writer, start);
    await this.#transport.write(writer.bytes.subarray(0, writer.end));
    await rest();
  }

  bootstrap(question: number): Promise<void> {
    return this.send(MESSAGE.bootstrap, (writer, at) => {
      writer.view.setUint32(writer.struct(at, 1, 1), question, true);
    });
  }

  finish(question: number): Promise<void> {
    return this.send(MESSAGE.finish, (writer, at) => {
      writer.view.setUint32(writer.struct(at, 1, 0), question, true);
    });
  }
}

function raw(methods: Partial<ServiceServer>) {
  const [left, right] = memoryPair();
  const session = new Session(left, { bootstrap: () => service(methods) });
  return { session, peer: new RawPeer(right) };
}

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

/** Sends one echo call after another and does not take the replies until told. */
class Flood implements Transport {
  readonly peer = "flood";
  reads = 0;
  readonly #data = new Uint8Array(100_000);
  #blocked: (() => void) | undefined;
  open = false;
  stopped = false;

  read(): Promise<Uint8Array | null> {
    if (this.stopped) return Promise.resolve(null);
    const question = this.reads++;
    const writer = new Writer();
    const start = beginMessage(
      writer,
      question === 0 ? MESSAGE.bootstrap : MESSAGE.call,
    );
    if (question === 0) {
      writer.struct(start + 24, 1, 1);
    } else {
      const method = Service.methods.find(({ name }) => name === "echo")!;
      const call = writer.struct(start + 24, 3, 3);
      writer.view.setUint32(call, question, true);
      writer.view.setUint16(call + 4, method.ordinal, true);
      writer.view.setUint32(call + 8, method.interfaceLow, true);
      writer.view.setUint32(call + 12, method.interfaceHigh, true);
      const target = writer.struct(call + 24, 1, 1);
      writer.view.setUint16(target + 4, 1, true);
      writer.struct(target + 8, 1, 1);
      const payload = writer.struct(call + 32, 0, 2);
      writer.data(writer.struct(payload, 0, 1), this.#data);
    }
    endMessage(writer, start);
    return Promise.resolve(writer.bytes.subarray(0, writer.end));
  }

  write(): Promise<void> {
    if (this.open) return Promise.resolve();
    return new Promise((resolve) => this.#blocked = resolve);
  }

  release(): void {
    this.open = true;
    this.#blocked?.();
  }

  close(): void {
    this.stopped = true;
  }
}

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

Deno.test("a promise that comes to itself fails its calls", async () => {
  const later = Promise.withResolvers<CounterClient>();
  const promised = promiseOf(Counter, later.promise);
  const before = failure(promised.next({}));
  later.resolve(promised.dup());
  assert.match((await before).message, /resolved to itself/);
  assert.match((await failure(promised.next({}))).message, /itself/);
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
