import assert from "node:assert/strict";
import fc from "fast-check";
import {
  endOf,
  NO_SIGNS,
  parseEvents,
  type VmmEvent,
  withEvent,
} from "./events.ts";

/** As it is written: indented, a blank line behind. */
function written({ source, event }: VmmEvent): string {
  const object = {
    timestamp: { secs: 0, nanos: 2538587 },
    source,
    event,
    properties: event === "panic" ? { event: "1" } : null,
  };
  return `${JSON.stringify(object, null, 2)}\n\n`;
}

const event = (source: string, name: string): VmmEvent => ({
  source,
  event: name,
});

function heard(...events: VmmEvent[]) {
  return events.reduce(withEvent, NO_SIGNS);
}

Deno.test("parseEvents() takes whole events, however they are cut", () => {
  const events = [
    event("vmm", "starting"),
    event("guest", "panic"),
    event("vm", "shutdown"),
  ];
  const text = events.map(written).join("");
  fc.assert(fc.property(
    fc.array(fc.nat(text.length), { maxLength: 6 }),
    (cuts) => {
      const at = [0, ...cuts.toSorted((a, b) => a - b), text.length];
      const found: VmmEvent[] = [];
      let rest = "";
      for (let index = 1; index < at.length; index++) {
        const parsed = parseEvents(
          rest + text.slice(at[index - 1], at[index]),
        );
        found.push(...parsed.events);
        rest = parsed.rest;
      }
      assert.deepEqual(found, events);
      assert.equal(rest, "");
    },
  ));
});

Deno.test("parseEvents() passes over what is no event, and keeps nothing without end", () => {
  const text = `\0\0\0torn"\n}\n\n${
    written(event("vm", "booted"))
  }[]\n\n{}\n\n`;
  assert.deepEqual(parseEvents(text), {
    events: [event("vm", "booted")],
    rest: "",
  });
  assert.equal(parseEvents("{".repeat(1_000_000)).rest, "");
  fc.assert(fc.property(fc.string({ maxLength: 400 }), (noise) => {
    const { events } = parseEvents(
      `${noise}\n\n${written(event("vm", "booted"))}`,
    );
    assert.deepEqual(events.at(-1), event("vm", "booted"));
  }));
});

Deno.test("endOf() tells a power-off from a reset, a panic and a crash", () => {
  const booted = event("vm", "booted");
  const shutdown = event("vm", "shutdown");
  const off = heard(booted, shutdown, event("vm", "deleted"));
  assert.deepEqual(endOf(off, ""), {
    clean: true,
    reason: "the guest powered itself off",
  });
  const reset = heard(booted, event("vm", "rebooting"), shutdown);
  assert.deepEqual(endOf(reset, ""), {
    clean: false,
    reason: "the guest reset itself",
  });
  const panic = heard(booted, event("guest", "panic"), shutdown);
  assert.equal(endOf(panic, "").clean, false);
  assert.deepEqual(endOf(heard(booted), ""), {
    clean: false,
    reason: "the VMM ended without a word",
  });
  assert.equal(
    endOf(heard(booted), "thread panicked").reason,
    "the VMM ended: thread panicked",
  );
});
