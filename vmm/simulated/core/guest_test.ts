import assert from "node:assert/strict";
import { hostLine, parseGuestLine } from "../../guest/core/frames.ts";
import { SimulatedAgent } from "./agent.ts";
import { endOf, isUp, logOf } from "./guest.ts";

const SESSION = "0123456789abcdef";

function said(
  agent: SimulatedAgent,
  ...frames: Parameters<typeof hostLine>[1][]
) {
  const text = frames.map((frame) => hostLine(SESSION, frame)).join("");
  return agent.hear(new TextEncoder().encode(text)).trim().split("\n")
    .map((line) => parseGuestLine(line, SESSION));
}

const text = (words: string) => new TextEncoder().encode(words);

Deno.test("simulated guest: time does not pass while it is paused", () => {
  const guest = { cmdline: "simulated.boot_ms=100", startedAtMs: 1000 };
  assert.equal(isUp(guest, 1099), false);
  assert.equal(isUp(guest, 1100), true);
  assert.equal(isUp({ ...guest, pausedAtMs: 1050 }, 9000), false);
  assert.equal(isUp({ ...guest, pausedMs: 500 }, 1500), false);
  assert.equal(isUp({ ...guest, pausedMs: 500 }, 1600), true);
  const paused = { ...guest, pausedAtMs: 1200 };
  assert.equal(isUp(paused, 9000), false);
  assert.match(logOf(paused, 9000), /ready/);
  const crashes = { ...guest, cmdline: "simulated.outcome=crash" };
  assert.equal(endOf({ ...crashes, pausedAtMs: 1001 }, 9000), null);
  assert.equal(endOf(crashes, 9000)?.clean, false);
});

Deno.test("simulated agent: commands run, take input, end and are unknown", () => {
  const agent = new SimulatedAgent("boot.1", "ok");
  assert.deepEqual(said(agent, { kind: "hello" }), [
    { kind: "ready", version: 1, agent: "boot.1" },
  ]);
  const exec = (id: number, ...argv: string[]) =>
    ({ kind: "exec", id, input: true, argv }) as const;
  assert.deepEqual(said(agent, exec(1, "echo", "a b", "c")), [
    { kind: "out", id: 1, bytes: text("a b c\n") },
    { kind: "exit", id: 1, code: 0 },
  ]);
  assert.deepEqual(
    said(
      agent,
      exec(2, "cat"),
      { kind: "in", id: 2, bytes: text("x") },
      { kind: "eof", id: 2 },
    ),
    [
      // Asked for; the second time before anybody knows that nothing follows.
      { kind: "took", id: 2 },
      { kind: "out", id: 2, bytes: text("x") },
      { kind: "took", id: 2 },
      { kind: "exit", id: 2, code: 0 },
    ],
  );
  assert.deepEqual(said(agent, exec(3, "sleep"), { kind: "kill", id: 3 }), [
    { kind: "exit", id: 3, code: 137 },
  ]);
  assert.deepEqual(said(agent, exec(4, "vi")), [
    { kind: "no", id: 4, message: "vi is not in this guest" },
  ]);
});

Deno.test("simulated agent: a switch does as it is scripted", () => {
  const outcome = (switches: "ok" | "fail" | "lost") =>
    said(new SimulatedAgent("boot.1", switches), {
      kind: "switch",
      id: 1,
      action: "test",
      toplevel: "/nix/store/x",
    });
  assert.deepEqual(outcome("ok"), [{ kind: "exit", id: 1, code: 0 }]);
  assert.deepEqual(outcome("fail"), [{ kind: "exit", id: 1, code: 1 }]);
  assert.deepEqual(outcome("lost"), [null]);
});
