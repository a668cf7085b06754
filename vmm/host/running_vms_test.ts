import assert from "node:assert/strict";
import type { Recorded } from "../core/run_record.ts";
import { CopyConsole } from "./console.ts";
import { type RunningVm, runningVm, RunningVms } from "./running_vms.ts";

const COPY = { id: "shop/web-0", incarnation: 1 };
const notAsked = () => Promise.reject(new Error("this was not asked for"));
const CONSOLE = new CopyConsole({
  id: COPY.id,
  clock: { now: () => 0, bootMs: () => 0, sleep: notAsked },
  tail: notAsked,
  read: notAsked,
  openInput: notAsked,
});

function running(): RunningVm {
  const record: Recorded = {
    ...COPY,
    version: 1,
    runtimeHash: "a".repeat(64),
    bootId: "boot",
    marker: crypto.randomUUID(),
    host: "127.0.0.1",
    ports: [],
    startedAtMs: 1,
    state: { kind: "running", pid: 7, startTicks: 1 },
  };
  return runningVm(record, CONSOLE);
}

Deno.test("a copy is started once: not while it runs, nor while it is being started", async () => {
  const vms = new RunningVms(() => Promise.resolve());
  const twice = { code: "conflict", message: /it runs already/ };
  const gate = Promise.withResolvers<void>();
  const first = vms.starting(COPY, async () => {
    await gate.promise;
    const vm = running();
    vms.add(vm);
    return vm;
  });
  await assert.rejects(vms.starting(COPY, notAsked), twice);
  gate.resolve();
  assert.equal((await first).pid, 7);
  await assert.rejects(vms.starting(COPY, notAsked), twice);
  // Another copy of that VM is no matter of it.
  const other = { ...COPY, incarnation: 2 };
  await assert.rejects(vms.starting(other, notAsked), /not asked for/);
});

Deno.test("a start that failed keeps nobody from the next", async () => {
  const vms = new RunningVms(() => Promise.resolve());
  await assert.rejects(vms.starting(COPY, notAsked), /not asked for/);
  const started = await vms.starting(COPY, () => Promise.resolve(running()));
  assert.equal(started.id, COPY.id);
});

Deno.test("what is being stopped can be looked at, and asked for nothing", () => {
  const vms = new RunningVms(() => Promise.resolve());
  assert.throws(() => vms.required(COPY, "pause"), {
    code: "not_found",
    message: 'Cannot pause "shop/web-0": it does not run here',
  });
  const vm = running();
  vms.add(vm);
  assert.equal(vms.lasting(COPY, "pause"), vm);
  vm.stopping = true;
  assert.equal(vms.required(COPY, "read figures of"), vm);
  assert.throws(() => vms.lasting(COPY, "pause"), {
    code: "conflict",
    message: 'Cannot pause "shop/web-0": it is being stopped',
  });
  vms.remove(vm);
  assert.deepEqual(vms.all(), []);
});

Deno.test("what a former driver left is taken over once, and again only after a failure", async () => {
  let tries = 0;
  const vms = new RunningVms(() => {
    tries++;
    return tries === 1 ? notAsked() : Promise.resolve();
  });
  await assert.rejects(vms.adopt());
  await Promise.all([vms.adopt(), vms.adopt()]);
  await vms.adopt();
  assert.equal(tries, 2);
});
