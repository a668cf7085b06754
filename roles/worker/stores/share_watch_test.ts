import assert from "node:assert/strict";
import { systemClock } from "../../clock/mod.ts";
import type { CopyId } from "../../model/ids.ts";
import type { VmInstance } from "../../../vmm/mod.ts";
import { ShareWatch } from "./share_watch.ts";

function instance(id: string, pid: number): VmInstance {
  return {
    id,
    incarnation: 1,
    runtimeHash: "a".repeat(64),
    pid,
    host: "127.0.0.1",
    ports: [],
    startedAtMs: 0,
    paused: false,
  };
}

function watch() {
  const state = { running: [instance("a", 11), instance("b", 12)] };
  const missing: string[] = [];
  const killed: number[] = [];
  const told: string[] = [];
  const shares = new ShareWatch({
    vmm: { list: () => Promise.resolve(state.running) },
    virtiofsds: {
      missing: (copies: readonly CopyId[]) =>
        Promise.resolve(copies.filter(({ id }) => missing.includes(id))),
    },
    clock: systemClock,
    onWarning: (message) => void told.push(message),
    kill: (pid) => void killed.push(pid),
  });
  return { shares, state, missing, killed, told };
}

Deno.test("a guest that has lost its store is ended, and only that one", async () => {
  const { shares, missing, killed, told } = watch();
  await shares.look();
  missing.push("a");
  await shares.look();
  assert.deepEqual(killed, [], "it may be ending by itself");
  await shares.look();
  assert.deepEqual(killed, [11]);
  assert.match(told.join(), /a#1: the virtiofsd .* is gone/);
});

Deno.test("a guest that was started anew meanwhile is not the one that lost its store", async () => {
  const { shares, state, missing, killed } = watch();
  missing.push("a");
  await shares.look();
  state.running = [instance("a", 21)];
  await shares.look();
  assert.deepEqual(killed, []);
});
