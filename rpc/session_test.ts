import assert from "node:assert/strict";
import { AppError } from "../roles/model/errors.ts";
import {
  connected,
  CounterObject,
  failure,
  IDLE,
  rest,
  service,
} from "../tests/support/rpc.ts";
import {
  Counter,
  type CounterClient,
  NamedCounter,
  Service,
  type ServiceServer,
} from "./generated/interop.ts";
import {
  castTo,
  implementationOf,
  memoryPair,
  promiseOf,
  sameCapability,
  serverOf,
  Session,
} from "./mod.ts";

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

Deno.test("a promise that comes to itself fails its calls", async () => {
  const later = Promise.withResolvers<CounterClient>();
  const promised = promiseOf(Counter, later.promise);
  const before = failure(promised.next({}));
  later.resolve(promised.dup());
  assert.match((await before).message, /resolved to itself/);
  assert.match((await failure(promised.next({}))).message, /itself/);
});
