import assert from "node:assert/strict";
import fc from "fast-check";
import type { Room, Taken } from "./placing.ts";
import { PlanRoom } from "./plan_room.ts";

function taken(vm: string, worker: string, ports: number[] = []): Taken {
  return { vm, worker, ports, reserved: { cpuMilli: 500, memoryMib: 128 } };
}

/** Two copies of one VM share a port. */
const ALL = [
  taken("a/web-0", "w1", [80]),
  taken("a/web-0", "w1", [80]),
  taken("a/web-1", "w2", [80]),
  taken("b/web-0", "w2"),
];

function shown(room: Room) {
  return [...room.workers.values()].map(({ name, free, ports, groups }) => ({
    name,
    free: { ...free },
    ports: [...ports].sort(),
    groups: [...groups].sort(),
  }));
}

/** A room in which each of `ALL` is there or not. */
class Toggled {
  readonly room = new PlanRoom();
  #isThere = ALL.map(() => false);

  constructor() {
    for (const name of ["w1", "w2"]) {
      this.room.setWorker({
        name,
        state: "alive",
        capacity: { cpuMilli: 4000, memoryMib: 1024 },
        attributes: {},
      });
    }
  }

  toggle(which: number): void {
    const placement = ALL[which];
    assert.ok(placement !== undefined);
    if (this.#isThere[which]) this.room.release(placement);
    else this.room.take(placement);
    this.#isThere[which] = !this.#isThere[which];
  }

  /** As a plan does: what it did is undone, and it fails or not. */
  plan(steps: readonly number[], mustFail: boolean, inner: () => void): void {
    const before = [...this.#isThere];
    try {
      this.room.tentatively(() => {
        for (const which of steps) this.toggle(which);
        inner();
        if (mustFail) throw new RangeError("a plan that fails");
      });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
    this.#isThere = before;
  }
}

Deno.test("a plan leaves no trace in its room, nor does a plan within a plan", () => {
  const Steps = fc.array(fc.nat({ max: ALL.length - 1 }), { maxLength: 8 });
  fc.assert(
    fc.property(
      Steps,
      Steps,
      Steps,
      fc.boolean(),
      (first, outer, inner, mustFail) => {
        const toggled = new Toggled();
        for (const which of first) toggled.toggle(which);
        const before = shown(toggled.room);
        toggled.plan(outer, mustFail, () => {
          const within = shown(toggled.room);
          toggled.plan(inner, mustFail, () => undefined);
          assert.deepEqual(shown(toggled.room), within);
        });
        assert.deepEqual(shown(toggled.room), before);
      },
    ),
  );
});
