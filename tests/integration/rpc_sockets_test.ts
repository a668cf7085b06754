/**
 * The RPC over real sockets: TLS, unix sockets, hostile and vanishing peers,
 * and what stays behind after many capabilities.
 *
 * @module
 */
import assert from "node:assert/strict";
import { AppError } from "../../roles/model/errors.ts";
import { Service } from "../../rpc/generated/interop.ts";
import {
  connectRpc,
  type RpcListener,
  type ServeOptions,
  serverOf,
  serveRpc,
} from "../../rpc/mod.ts";
import { startOurServer } from "../interop/processes.ts";
import { ServiceObject } from "../interop/service.ts";
import { until } from "../support/wait.ts";
import { staleFiles } from "../tasks/schema.ts";

const LEAK = new URL("../interop/leak.ts", import.meta.url).pathname;

function listen(options: Partial<ServeOptions> = {}): Promise<RpcListener> {
  return serveRpc({
    transport: { hostname: "127.0.0.1", port: 0 },
    bootstrap: () => serverOf(Service, new ServiceObject()),
    ...options,
  });
}

async function failure(promise: Promise<unknown>): Promise<AppError> {
  const error = await promise.then(() => undefined, (error) => error);
  assert.ok(error instanceof AppError, `an AppError, not ${error}`);
  return error;
}

/** Bytes until the other side closes. */
async function readAll(conn: Deno.Conn): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const buffer = new Uint8Array(4096);
  for (;;) {
    const size = await conn.read(buffer).catch(() => null);
    if (size === null) break;
    chunks.push(buffer.slice(0, size));
  }
  return new Uint8Array(chunks.flatMap((each) => [...each]));
}

async function openssl(directory: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("openssl", {
    args,
    cwd: directory,
    stdout: "null",
    stderr: "piped",
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

async function certificates(directory: string) {
  const days = ["-days", "2", "-nodes", "-newkey", "ec", "-pkeyopt"];
  await openssl(
    directory,
    ...["req", "-x509", ...days, "ec_paramgen_curve:P-256"],
    ...["-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Test CA"],
  );
  await openssl(
    directory,
    ...["req", "-nodes", "-newkey", "ec", "-pkeyopt"],
    ...["ec_paramgen_curve:P-256", "-keyout", "key.pem", "-out", "req.pem"],
    ...["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
  );
  await openssl(
    directory,
    ...["x509", "-req", "-in", "req.pem", "-CA", "ca.pem", "-CAkey", "ca.key"],
    ...["-CAcreateserial", "-days", "2", "-out", "cert.pem"],
    ...["-copy_extensions", "copy"],
  );
  const read = (name: string) => Deno.readTextFile(`${directory}/${name}`);
  return {
    cert: await read("cert.pem"),
    key: await read("key.pem"),
    caCert: await read("ca.pem"),
  };
}

Deno.test("calls go over TLS, and only to a server the authority signed", async () => {
  const directory = await Deno.makeTempDir();
  const { cert, key, caCert } = await certificates(directory);
  const listener = await listen({ tls: { cert, key } });
  try {
    const url = `tls://localhost:${listener.port}`;
    assert.match(listener.address, /^tls:/);
    const session = await connectRpc({ url, caCert });
    const data = new Uint8Array(1_000_000).fill(7);
    const echoed = await session.bootstrap(Service).echo({ data });
    assert.deepEqual(echoed.data, data);
    session.close();
    const distrusted = await failure(connectRpc({ url }));
    assert.equal(distrusted.code, "unavailable");
    assert.match(distrusted.message, /certificate/i);
  } finally {
    listener.close();
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("calls go over a unix socket", async () => {
  const directory = await Deno.makeTempDir();
  const path = `${directory}/rpc.sock`;
  const listener = await listen({ transport: { path } });
  try {
    assert.equal(listener.address, `unix:${path}`);
    const session = await connectRpc({ url: listener.address });
    assert.equal((await session.bootstrap(Service).read()).value, 42);
    session.close();
  } finally {
    listener.close();
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("a taken port, a closed port and a bad address say what to do", async () => {
  const listener = await listen();
  const { port } = listener;
  const taken = await failure(
    listen({ transport: { hostname: "127.0.0.1", port: port! } }),
  );
  assert.match(taken.message, new RegExp(`Cannot listen on 127.0.0.1:${port}`));
  assert.ok(taken.hint);
  listener.close();
  const closed = await failure(connectRpc({ url: `tcp://127.0.0.1:${port}` }));
  assert.equal(closed.code, "unavailable");
  assert.ok(closed.hint);
  const bad = await failure(connectRpc({ url: "http://localhost" }));
  assert.equal(bad.code, "invalid");
  const aborted = await failure(
    connectRpc({ url: listener.address, signal: AbortSignal.abort() }),
  );
  assert.equal(aborted.code, "timeout");
});

Deno.test("garbage, huge claims and half messages end their connection only", async () => {
  const listener = await listen({ limits: { maxMessageBytes: 1_000_000 } });
  try {
    const good = await connectRpc({ url: listener.address });
    const service = good.bootstrap(Service);
    const hostile: Uint8Array[] = [
      new TextEncoder().encode("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
      crypto.getRandomValues(new Uint8Array(4096)).fill(0xff, 0, 8),
      // One segment of 512 MB.
      new Uint8Array([0, 0, 0, 0, 0, 0, 0, 4]),
      // A whole frame of nonsense.
      new Uint8Array([0, 0, 0, 0, 1, 0, 0, 0, ...Array(8).fill(0xee)]),
    ];
    for (const bytes of hostile) {
      const conn = await Deno.connect({
        hostname: "127.0.0.1",
        port: listener.port!,
      });
      await conn.write(bytes);
      const answer = new TextDecoder().decode(await readAll(conn));
      assert.match(answer, /broke the protocol/);
      conn.close();
    }
    const half = await Deno.connect({
      hostname: "127.0.0.1",
      port: listener.port!,
    });
    await half.write(new Uint8Array([0, 0, 0, 0, 9, 0, 0, 0, 1]));
    half.close();
    await until(
      "only the good one is left",
      () => listener.sessions.size === 1,
      {
        timeoutMs: 10_000,
      },
    );
    const large = await failure(
      Promise.resolve(service.echo({ data: new Uint8Array(2_000_000) })),
    );
    assert.equal(large.code, "unavailable", "the server ends it");
    assert.match(large.message, /at most 1000000 are read/);
  } finally {
    listener.close();
  }
});

Deno.test("a peer that has not logged in gets little, and not for long", async () => {
  const strangers = {
    maxMessageBytes: 4096,
    maxConnections: 2,
    timeoutMs: 60_000,
  };
  let trustNext = () => {};
  const listener = await listen({
    strangers,
    bootstrap: (_peer, trust) => {
      trustNext = trust;
      return serverOf(Service, new ServiceObject());
    },
  });
  try {
    const session = await connectRpc({ url: listener.address });
    const service = session.bootstrap(Service);
    assert.equal((await service.read()).value, 42);
    trustNext();
    const data = new Uint8Array(100_000).fill(3);
    assert.deepEqual((await service.echo({ data })).data, data);

    const stranger = await connectRpc({ url: listener.address });
    const large = await failure(
      Promise.resolve(stranger.bootstrap(Service).echo({ data })),
    );
    assert.equal(large.code, "unavailable", "the server ends it");
    await stranger.closed;

    // The third ends the oldest of those that are waited for, never one that is trusted.
    const waiting = [];
    for (let i = 0; i < 3; i++) {
      const next = await connectRpc({ url: listener.address });
      assert.equal((await next.bootstrap(Service).read()).value, 42);
      waiting.push(next);
    }
    await waiting[0]?.closed;
    assert.equal((await service.read()).value, 42);
    assert.equal(listener.sessions.size, 3);
    for (const each of [session, ...waiting]) each.close();
  } finally {
    listener.close();
  }
});

Deno.test("a peer that never logs in loses its connection", async () => {
  const listener = await listen({
    strangers: { maxMessageBytes: 4096, maxConnections: 8, timeoutMs: 50 },
  });
  try {
    const silent = await Deno.connect({
      hostname: "127.0.0.1",
      port: listener.port!,
    });
    await readAll(silent);
    silent.close();
    await until("it is gone", () => listener.sessions.size === 0, {
      timeoutMs: 10_000,
    });
  } finally {
    listener.close();
  }
});

Deno.test("our server killed mid-call fails the call", async () => {
  await using server = await startOurServer();
  const session = await connectRpc({ url: `tcp://127.0.0.1:${server.port}` });
  const service = session.bootstrap(Service);
  const waiting = failure(Promise.resolve(service.wait({ token: "x" })));
  await service.read();
  server.kill("SIGKILL");
  assert.equal((await waiting).code, "unavailable");
  await session.closed;
});

Deno.test("60,000 capabilities taken and dropped leave nothing behind", async () => {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-check",
      "--v8-flags=--expose-gc",
      "--allow-net=127.0.0.1",
      LEAK,
    ],
    cwd: new URL("../../", import.meta.url).pathname,
    stdout: "piped",
    stderr: "piped",
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  const { sizesBefore, sizesAfter, heapGrowthBytes } = JSON.parse(
    new TextDecoder().decode(stdout),
  );
  assert.deepEqual(sizesAfter, sizesBefore);
  assert.ok(
    heapGrowthBytes < 5 * 1024 * 1024,
    `the heap grew by ${heapGrowthBytes} bytes`,
  );
});

Deno.test("the generated code is what the schemas give", async () => {
  assert.deepEqual(await staleFiles(), [], "Try: deno task schema");
});
