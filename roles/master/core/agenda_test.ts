import assert from "node:assert/strict";
import { Agenda, SAFETY_NET_MS } from "./agenda.ts";

const calm = { lookAgainAtMs: null, isWaiting: false };

/** Clusters that were all looked at, and left calm, at 0. */
function calmAgenda(count: number): Agenda {
  const agenda = new Agenda();
  for (let index = 0; index < count; index++) {
    agenda.looked(`c${index}`, 0, calm);
  }
  return agenda;
}

Deno.test("a calm cluster is due when something about it changed, once", () => {
  const agenda = calmAgenda(3);
  assert.deepEqual(agenda.take(500), []);
  agenda.touch("c1");
  agenda.touch("c1");
  assert.equal(agenda.isTouched, true);
  assert.deepEqual(agenda.take(500), ["c1"]);
  assert.deepEqual(agenda.take(500), []);
});

Deno.test("a hint that comes while a look is made is not lost with it", () => {
  const agenda = calmAgenda(1);
  agenda.touch("c0");
  assert.deepEqual(agenda.take(500), ["c0"]);
  agenda.touch("c0");
  agenda.looked("c0", 500, calm);
  assert.deepEqual(agenda.take(600), ["c0"]);
});

Deno.test("a cluster is due when its time has come, and one that waits when room was freed", () => {
  const agenda = calmAgenda(3);
  agenda.looked("c0", 0, { lookAgainAtMs: 1000, isWaiting: false });
  agenda.looked("c2", 0, { lookAgainAtMs: 5000, isWaiting: true });
  assert.deepEqual(agenda.take(999), []);
  assert.deepEqual(agenda.take(1000), ["c0"]);
  agenda.touchWaiting();
  assert.deepEqual(agenda.take(1001), ["c0", "c2"]);
});

Deno.test("without any hint every cluster is looked at within the safety net, never all in one tick", () => {
  const clusters = 100;
  const agenda = calmAgenda(clusters);
  const tickMs = 500;
  const lookedMs = new Map<string, number>();
  let longestMs = 0;
  let most = 0;
  for (let bootMs = tickMs; bootMs <= 10 * SAFETY_NET_MS; bootMs += tickMs) {
    const due = agenda.take(bootMs);
    most = Math.max(most, due.length);
    for (const cluster of due) {
      longestMs = Math.max(longestMs, bootMs - (lookedMs.get(cluster) ?? 0));
      lookedMs.set(cluster, bootMs);
      agenda.looked(cluster, bootMs, calm);
    }
  }
  assert.equal(lookedMs.size, clusters);
  assert.ok(longestMs <= SAFETY_NET_MS, `one waited ${longestMs} ms`);
  assert.ok(most <= clusters / 10, `${most} in one tick`);
});

Deno.test("a cluster that nobody told of is due, and one that ended is not", () => {
  const agenda = calmAgenda(2);
  agenda.touch("c1");
  agenda.setClusters(new Set(["c0", "new"]));
  assert.deepEqual(agenda.take(500), ["new"]);
  assert.equal(agenda.size, 1);
  assert.deepEqual(agenda.take(SAFETY_NET_MS), ["c0"]);
});
