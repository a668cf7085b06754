/**
 * Our RPC with C++ at the other end, both ways round.
 *
 * @module
 */
import assert from "node:assert/strict";
import { AppError } from "../../roles/model/errors.ts";
import {
  type AllTypesInput,
  Counter,
  type CounterClient,
  NamedCounter,
  Service,
  type ServiceClient,
  Unknown,
} from "../../rpc/generated/interop.ts";
import {
  castTo,
  connectRpc,
  implementationOf,
  promiseOf,
  serverOf,
  serveRpc,
  type Session,
} from "../../rpc/mod.ts";
import { buildCpp } from "../interop/build.ts";
import {
  runCppClient,
  startCppServer,
  startOurServer,
} from "../interop/processes.ts";
import { CounterObject, ServiceObject } from "../interop/service.ts";
import { until } from "../support/wait.ts";

const IDLE = { questions: 0, answers: 0, exports: 0, imports: 0, embargoes: 0 };

async function appError(promise: PromiseLike<unknown>): Promise<AppError> {
  const outcome = await promise.then(() => undefined, (error) => error);
  assert.ok(outcome instanceof AppError, `an AppError, not ${outcome}`);
  return outcome;
}

async function inOrder(
  calls: readonly PromiseLike<{ value: number }>[],
  from: number,
): Promise<void> {
  const values = (await Promise.all(calls)).map(({ value }) => value);
  assert.deepEqual(values, values.map((_, index) => from + index));
}

function nexts(counter: CounterClient, from: number, to: number) {
  const calls: PromiseLike<{ value: number }>[] = [];
  for (let expect = from; expect <= to; expect++) {
    calls.push(counter.next({ expect }));
  }
  return calls;
}

/** Every kind of field, none at its default. */
const VALUES = {
  void: undefined,
  bool: false,
  int8: -100,
  int16: -30_000,
  int32: -2_000_000_000,
  int64: -9007199254740993n,
  uint8: 200,
  uint16: 60_000,
  uint32: 4_000_000_001,
  uint64: 18446744073709551614n,
  float32: 1.25,
  float64: -1e300,
  text: "grüß dich, 😀, a text that is longer than the short ones",
  data: new Uint8Array([0, 1, 255]),
  color: "red",
  nested: undefined,
  bools: [true, false, true, true, false, false, false, true, true],
  int8s: [-1, 2, -3],
  uint16s: [1, 65_535],
  int32s: [-1, 2_147_483_647],
  int64s: [-1, 9007199254740993n],
  uint64s: [1, 18446744073709551615n],
  float32s: [0.5],
  float64s: [0.25, -0.125],
  texts: ["a", "", "c"],
  datas: [new Uint8Array(0), new Uint8Array([7])],
  colors: ["green", "blue"],
  structs: [{ flag: true, label: "" }, { flag: false, label: "second" }],
  lists: [[0, 5], []],
  voids: [undefined, undefined, undefined],
  choice: { which: "words", words: { first: "one", second: 2 } },
} satisfies AllTypesInput;

async function valueCases(service: ServiceClient): Promise<void> {
  assert.deepEqual(await service.read(), { value: 42, text: "forty-two" });
  assert.deepEqual(await service.types(VALUES), VALUES);
  const specs = Array.from({ length: 1000 }, (_, index) => ({
    name: `web-${index}`,
    memoryMib: index,
    labels: ["zone=a"],
  }));
  assert.deepEqual(await service.publish({ specs }), {
    count: 1000,
    memoryMib: 499_500,
  });
  const data = new Uint8Array(30_000_000);
  for (let i = 0; i < data.length; i += 4096) data[i] = i / 4096;
  const echoed = await service.echo({ data });
  assert.ok(data.every((byte, index) => byte === echoed.data[index]));
}

async function errorCases(service: ServiceClient): Promise<void> {
  const codes: [number, string, RegExp][] = [
    [0, "failed", /it broke/],
    [1, "overloaded", /too much/],
    [2, "unavailable", /gone/],
    [3, "unimplemented", /not here/],
    [4, "conflict", /^the parent is stale$/],
  ];
  for (const [kind, code, message] of codes) {
    const error = await appError(service.fail({ kind }));
    assert.equal(error.code, code);
    assert.match(error.message, message);
  }
  assert.equal(
    (await appError(service.fail({ kind: 4 }))).hint,
    "read it again",
  );
  const broken = service.counter({ start: 4294967295 }).counter;
  assert.match(
    (await appError(broken.next({}))).message,
    /no counter for you/,
  );
  using unknown = castTo(Unknown, service);
  assert.equal((await appError(unknown.what())).code, "unimplemented");
  using counter = (await service.counter({})).counter;
  using named = castTo(NamedCounter, counter);
  assert.equal((await appError(named.name())).code, "unimplemented");
  await inOrder(nexts(named, 1, 2), 1);
}

async function capabilityCases(service: ServiceClient): Promise<void> {
  {
    using pipelined = service.counter({ start: 5 }).counter;
    await inOrder(nexts(pipelined, 6, 205), 6);
  }
  {
    using own = serverOf(Counter, new CounterObject());
    assert.deepEqual(await service.callBack({ cap: own, times: 50 }), {
      last: 50,
    });
    using back = (await service.echoCap({ cap: own })).cap;
    assert.equal(implementationOf(back), implementationOf(own));
    await inOrder(nexts(back, 51, 52), 51);
  }
  {
    // Calls pipelined on what turns out to be ours must arrive before those made directly.
    const call = service.echoCap({
      cap: serverOf(Counter, new CounterObject()),
    });
    using back = call.cap;
    const calls = nexts(back, 1, 10);
    await call.then((result) => result.cap.dispose());
    await inOrder([...calls, ...nexts(back, 11, 20)], 1);
  }
  await promiseCases(service);
  await service.hold({ cap: serverOf(Counter, new CounterObject(7)) });
  using held = (await service.held()).cap;
  await inOrder(nexts(held, 8, 9), 8);
}

async function promiseCases(service: ServiceClient): Promise<void> {
  {
    const later = Promise.withResolvers<CounterClient>();
    using promised = promiseOf(Counter, later.promise);
    const call = service.callBack({ cap: promised, times: 10 });
    await service.read();
    later.resolve(serverOf(Counter, new CounterObject()));
    assert.deepEqual(await call, { last: 10 });
  }
  {
    const later = Promise.withResolvers<CounterClient>();
    using promised = promiseOf(Counter, later.promise);
    const call = service.callBack({ cap: promised, times: 1 });
    later.reject(new AppError("missing_dependency", "never came"));
    assert.match((await appError(call)).message, /never came/);
  }
  {
    // Goes out as a promise, comes back, and resolves here.
    const later = Promise.withResolvers<CounterClient>();
    using promised = promiseOf(Counter, later.promise);
    using back = (await service.echoCap({ cap: promised })).cap;
    const calls = nexts(back, 1, 10);
    await service.read();
    later.resolve(serverOf(Counter, new CounterObject()));
    await later.promise;
    await inOrder([...calls, ...nexts(back, 11, 20)], 1);
  }
  {
    using late = (await service.laterCounter({ ms: 20 })).counter;
    const calls = nexts(late, 1, 10);
    await Promise.all(calls);
    await inOrder([...calls, ...nexts(late, 11, 20)], 1);
  }
  {
    using late = service.laterCounter({ ms: 20 }).counter;
    assert.deepEqual(await service.callBack({ cap: late, times: 3 }), {
      last: 3,
    });
  }
}

async function timeCases(service: ServiceClient): Promise<void> {
  const controller = new AbortController();
  const waiting = service.wait({ token: "dropped" }, {
    signal: controller.signal,
  });
  const failed = appError(waiting);
  await service.read();
  controller.abort();
  assert.match((await failed).message, /aborted/);
  await until("the cancellation at the server", async () => {
    const { tokens } = await service.cancelled();
    return tokens.includes("dropped");
  }, { timeoutMs: 10_000 });
  const slept = await Promise.all(
    Array.from({ length: 500 }, () => service.sleep({ ms: 100 })),
  );
  assert.equal(slept.length, 500);
}

async function leakCase(session: Session): Promise<void> {
  using service = session.bootstrap(Service);
  await service.read();
  const before = session.sizes();
  const counters = await Promise.all(
    Array.from({ length: 5000 }, (_, start) => service.counter({ start })),
  );
  assert.equal(session.sizes().imports, before.imports + 5000);
  for (const { counter } of counters) {
    counter.dispose();
    counter.dispose();
  }
  assert.deepEqual(session.sizes(), before);
}

async function everyCase(port: number): Promise<void> {
  const session = await connectRpc({ url: `tcp://127.0.0.1:${port}` });
  try {
    {
      using service = session.bootstrap(Service);
      await valueCases(service);
      await errorCases(service);
      await capabilityCases(service);
      await timeCases(service);
      await leakCase(session);
    }
  } finally {
    session.close();
    await session.closed;
  }
}

Deno.test("the C++ client passes every case against our server", async () => {
  const programs = await buildCpp();
  await using server = await startOurServer();
  const { success, text } = await runCppClient(programs.client, server.port);
  assert.ok(success, text);
});

Deno.test("our client passes every case against the C++ server", async () => {
  const programs = await buildCpp();
  await using server = await startCppServer(programs.server);
  await everyCase(server.port);
});

Deno.test("our client passes every case against our server", async () => {
  await using server = await startOurServer();
  await everyCase(server.port);
});

Deno.test("a C++ server killed mid-call fails the call, and the tables are empty", async () => {
  const programs = await buildCpp();
  await using server = await startCppServer(programs.server);
  const session = await connectRpc({ url: `tcp://127.0.0.1:${server.port}` });
  const service = session.bootstrap(Service);
  await service.counter({});
  const failed = appError(service.wait({ token: "x" }));
  const pipelined = appError(
    service.laterCounter({ ms: 60_000 }).counter.next({}),
  );
  await service.read();
  server.kill("SIGKILL");
  assert.equal((await failed).code, "unavailable");
  assert.equal((await pipelined).code, "unavailable");
  assert.equal((await session.closed).code, "unavailable");
  assert.deepEqual(session.sizes(), IDLE);
  assert.equal((await appError(service.read())).code, "unavailable");
});

Deno.test("a C++ client killed mid-call leaves our server serving, its calls cancelled", async () => {
  const programs = await buildCpp();
  const object = new ServiceObject();
  const listener = await serveRpc({
    transport: { hostname: "127.0.0.1", port: 0 },
    bootstrap: () => serverOf(Service, object),
  });
  try {
    const client = new Deno.Command(programs.client, {
      args: [`127.0.0.1:${listener.port}`, "bench", "inFlight64", "60"],
      stdout: "null",
      stderr: "null",
    }).spawn();
    const [session] = await until(
      "its connection",
      () => listener.sessions.size > 0 && [...listener.sessions],
      { timeoutMs: 10_000 },
    );
    await until(
      "a call",
      () => session!.sizes().exports > 0,
      { timeoutMs: 10_000 },
    );
    client.kill("SIGKILL");
    await client.status;
    await session!.closed;
    assert.deepEqual(session!.sizes(), IDLE);
    const next = await connectRpc({ url: listener.address });
    assert.equal((await next.bootstrap(Service).read()).value, 42);
    next.close();
  } finally {
    listener.close();
  }
});
