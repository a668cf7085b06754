import assert from "node:assert/strict";
import { logger } from "../../log/mod.ts";
import { AppError } from "../../model/errors.ts";
import { CollectionReport } from "../../model/collection.ts";
import { Schedule } from "./schedule.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOW_MS = 1_000_000_000_000;

/** A collector that counts, under a clock that is set by hand. */
class Fixture {
  nowMs = NOW_MS;
  collected = 0;
  read = 0;
  reports: CollectionReport[] = [];
  refusal: AppError | undefined;

  schedule(over: { obstacle?: string; intervalMs?: number } = {}): Schedule {
    const schedule = new Schedule({
      clock: { now: () => this.nowMs },
      log: logger("test"),
      intervalMs: DAY_MS,
      obstacle: null,
      records: { reports: () => this.reports },
      roots: {
        refresh: () => {
          this.read++;
          return Promise.resolve();
        },
      },
      collector: {
        running: null,
        cancel: () => Promise.resolve(false),
        collect: () => {
          if (this.refusal !== undefined) return Promise.reject(this.refusal);
          this.collected++;
          const report = this.report();
          this.reports = [report];
          return Promise.resolve(report);
        },
      },
      ...over,
    });
    schedule.start();
    return schedule;
  }

  report(): CollectionReport {
    return {
      dryRun: false,
      state: "done",
      message: "",
      by: "schedule",
      startedAtMs: this.nowMs,
      endedAtMs: this.nowMs,
      sources: [],
      without: [],
      shares: null,
      largest: [],
      removed: { paths: 0, nars: 0, objects: 0, bytes: 0 },
      spared: 0,
    };
  }
}

Deno.test("Schedule collects some time after the first start, then once a day, a restart or not", async () => {
  const at = new Fixture();
  await using schedule = at.schedule();
  await schedule.look();
  assert.equal(at.collected, 0);
  at.nowMs += HOUR_MS;
  await schedule.look();
  await schedule.look();
  assert.equal(at.collected, 1);
  at.nowMs += 23 * HOUR_MS;
  await using restarted = at.schedule();
  await restarted.look();
  assert.equal(at.collected, 1);
  assert.equal(restarted.nextAtMs, NOW_MS + 25 * HOUR_MS);
  at.nowMs += HOUR_MS;
  await restarted.look();
  assert.equal(at.collected, 2);
});

Deno.test("Schedule tries again an hour after a refusal, and tells it until one is done", async () => {
  const at = new Fixture();
  await using schedule = at.schedule();
  at.nowMs += HOUR_MS;
  at.refusal = new AppError("refused", "the master has never told");
  await schedule.look();
  assert.equal(schedule.problem, "the master has never told");
  at.refusal = undefined;
  at.nowMs += HOUR_MS / 2;
  await schedule.look();
  assert.equal(at.collected, 0);
  at.nowMs += HOUR_MS / 2;
  await schedule.look();
  assert.equal(at.collected, 1);
  assert.equal(schedule.problem, null);
});

Deno.test("Schedule never collects by itself where it should not, and still asks what is in use", async () => {
  for (const over of [{ intervalMs: 0 }, { obstacle: "no master" }]) {
    const at = new Fixture();
    await using schedule = at.schedule(over);
    for (let hour = 0; hour < 48; hour++) {
      at.nowMs += HOUR_MS;
      await schedule.look();
    }
    assert.equal(at.collected, 0);
    assert.equal(schedule.nextAtMs, null);
    assert.equal(at.read, 48);
  }
});
