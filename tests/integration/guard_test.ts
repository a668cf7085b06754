import assert from "node:assert/strict";
import { systemClock } from "../../roles/clock/mod.ts";
import { connectGuard, GuardConfig, run } from "../../roles/guard/mod.ts";
import {
  connectAsWorker,
  idleStart,
  runs,
  startGuardProcess,
  untilGone,
} from "../support/guard_process.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";

const WAIT = { timeoutMs: 60_000 };
const LONG_MS = 300_000;

/** A start that nobody answers is what these tests are about. */
const ignored = () => undefined;

Deno.test("guard: killed at any moment of many starts, nothing it started lives on", async () => {
  await using dir = await tempDir("guard");
  const perRound = 6;
  for (let answers = 0; answers <= perRound; answers++) {
    await using guard = await startGuardProcess(`${dir.path}/${answers}`);
    using worker = await connectAsWorker(guard.socket);
    const lease = await worker.renew(LONG_MS);
    const starts = Array.from({ length: perRound }, () => idleStart(lease));
    let answered = 0;
    const enough = Promise.withResolvers<void>();
    if (answers === 0) enough.resolve();
    for (const start of starts) {
      worker.client.call("spawn", { start }).then(() => {
        if (++answered === answers) enough.resolve();
      }, ignored);
    }
    await enough.promise;
    await guard.end("SIGKILL");
    await untilGone(starts.map(({ marker }) => marker));
  }
});

Deno.test("guard: its children die with it whether they are a moment old or settled", async () => {
  await using dir = await tempDir("guard");
  await using guard = await startGuardProcess(dir.path);
  using worker = await connectAsWorker(guard.socket);
  const lease = await worker.renew(LONG_MS);
  const starts = Array.from({ length: 20 }, () => idleStart(lease));
  for (const start of starts) await worker.client.call("spawn", { start });
  for (const { marker, program } of starts) {
    await until("it has become the VMM", async () => {
      const { vmms } = await worker.client.call("list", {});
      const pid = vmms.find((vmm) => vmm.marker === marker)?.pid ?? 0;
      return (await Deno.readTextFile(`/proc/${pid}/comm`)).trim() === program;
    }, WAIT);
  }
  await guard.end("SIGKILL");
  await untilGone(starts.map(({ marker }) => marker));
});

Deno.test("guard: everything ends at the deadline, the worker's death alone ends nothing", async () => {
  await using dir = await tempDir("guard");
  await using guard = await startGuardProcess(dir.path);
  const first = await connectAsWorker(guard.socket);
  const lease = await first.renew(LONG_MS);
  const kept = idleStart(lease);
  await first.client.call("spawn", { start: kept });
  first.client.close();
  await first.client.closed;

  using second = await connectAsWorker(guard.socket);
  const { vmms } = await second.client.call("list", {});
  assert.deepEqual(vmms.map(({ marker }) => marker), [kept.marker]);
  assert.ok(await runs(kept.marker));
  // A deadline never comes nearer: a late answer of the master says nothing new.
  await second.renew(1);
  await second.renew(2000);
  assert.ok(await runs(kept.marker));
  await second.client.call("kill", { marker: kept.marker });
  assert.ok(!await runs(kept.marker));
  const { end } = await second.client.call("endOf", { marker: kept.marker });
  assert.equal(end?.by, "request");
});

Deno.test("guard: what was decided before a gap in the lease is refused after it", async () => {
  await using dir = await tempDir("guard");
  await using guard = await startGuardProcess(dir.path);
  using worker = await connectAsWorker(guard.socket);
  const none = idleStart("");
  await assert.rejects(worker.client.call("spawn", { start: none }), {
    code: "refused",
    message: /no lease is in force/,
  });
  const past = await worker.client.call("extend", {
    deadlineMs: systemClock.bootMs() - 1,
  });
  assert.equal(past.held, null);

  const lease = await worker.renew(5000);
  const start = idleStart(lease);
  await worker.client.call("spawn", { start });
  await assert.rejects(
    worker.client.call("spawn", { start: idleStart(lease, { vm: start.vm }) }),
    { code: "conflict" },
  );
  await untilGone([start.marker]);
  const end = await until("its end is known", async () => {
    const { marker } = start;
    return (await worker.client.call("endOf", { marker })).end;
  }, WAIT);
  assert.equal(end.by, "fence");
  assert.equal(end.reason, "the lease ended");

  const next = await worker.renew(LONG_MS);
  assert.notEqual(next, lease);
  const stale = idleStart(lease);
  await assert.rejects(worker.client.call("spawn", { start: stale }), {
    code: "refused",
    message: /has ended since/,
  });
  assert.ok(!await runs(stale.marker));
  await worker.client.call("spawn", { start: idleStart(next) });
});

Deno.test("guard: stopped as a service, it ends everything before it goes", async () => {
  await using dir = await tempDir("guard");
  await using guard = await startGuardProcess(dir.path);
  using worker = await connectAsWorker(guard.socket);
  const start = idleStart(await worker.renew(LONG_MS));
  await worker.client.call("spawn", { start });
  await guard.end("SIGTERM");
  assert.ok(!await runs(start.marker));
});

Deno.test("guard: a VMM that ends by itself is told, with its last words", async () => {
  await using dir = await tempDir("guard");
  await using guard = await startGuardProcess(dir.path);
  using worker = await connectAsWorker(guard.socket);
  const start = idleStart(await worker.renew(LONG_MS), {
    program: "sh",
    args: ["-c", "echo no such kernel >&2; exit 3"],
  });
  await worker.client.call("spawn", { start });
  const { marker } = start;
  const end = await until("its end is known", async () => {
    return (await worker.client.call("endOf", { marker })).end;
  }, WAIT);
  assert.deepEqual(end, {
    marker,
    by: "itself",
    reason: "the VMM ended with exit code 3",
    stderrTail: "no such kernel\n",
  });
});

Deno.test("guard: one worker at a time, its newest process has the word, strangers only look", async () => {
  await using dir = await tempDir("guard");
  await using guard = await startGuardProcess(dir.path);
  const stranger = await connectGuard(guard.socket, { clock: systemClock });
  await assert.rejects(
    stranger.call("extend", { deadlineMs: systemClock.bootMs() + LONG_MS }),
    { code: "refused" },
  );
  assert.equal((await stranger.call("list", {})).held, null);
  const older = await connectAsWorker(guard.socket);
  const start = idleStart(await older.renew(LONG_MS));
  await older.client.call("spawn", { start });
  await assert.rejects(stranger.call("hello", { worker: "w2" }), {
    code: "refused",
    message: /this guard serves "w1"/,
  });
  using newer = await connectAsWorker(guard.socket);
  await older.client.closed;
  await assert.rejects(older.renew(LONG_MS), { code: "unavailable" });
  const { vmms } = await newer.client.call("list", {});
  assert.equal(vmms.length, 1);
  stranger.close();
  await stranger.closed;
});

Deno.test("guard: what is no request ends the connection and nothing else", async () => {
  await using dir = await tempDir("guard");
  await using guard = await startGuardProcess(dir.path);
  using worker = await connectAsWorker(guard.socket);
  const start = idleStart(await worker.renew(LONG_MS));
  await worker.client.call("spawn", { start });
  const bad = [
    "no json\n",
    '{"id":1,"method":"reboot"}\n',
    '{"id":1,"method":"extend","deadlineMs":"soon"}\n',
    '{"id":1,"method":"list","more":1}\n',
    "x".repeat(9 * 1024 * 1024),
    "\xff\xfe\n",
  ];
  for (const text of bad) {
    const connection = await Deno.connect({
      transport: "unix",
      path: guard.socket,
    });
    const bytes = text.startsWith("\xff")
      ? Uint8Array.of(0xff, 0xfe, 10)
      : new TextEncoder().encode(text);
    try {
      for (let at = 0; at < bytes.length;) {
        at += await connection.write(bytes.subarray(at));
      }
      assert.equal(await connection.read(new Uint8Array(16)), null);
    } catch (error) {
      const gone = error instanceof Deno.errors.BrokenPipe ||
        error instanceof Deno.errors.ConnectionReset;
      if (!gone) throw error;
    } finally {
      connection.close();
    }
  }
  assert.ok(await runs(start.marker));
  assert.equal((await worker.client.call("list", {})).vmms.length, 1);
});

Deno.test("guard: a second one in the same directory is refused", async () => {
  await using dir = await tempDir("guard");
  await using _guard = await startGuardProcess(dir.path);
  await assert.rejects(run(GuardConfig.parse({ runDir: dir.path })), {
    code: "refused",
    message: /in use by process/,
  });
});

Deno.test("guard: left idle, one that is told to ends by itself", async () => {
  await using dir = await tempDir("guard");
  await using guard = await startGuardProcess(dir.path, { idleExitMs: 500 });
  await guard.ended;
});
