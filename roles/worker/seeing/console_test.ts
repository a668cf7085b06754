import assert from "node:assert/strict";
import { settle } from "../../../tests/support/turns.ts";
import { VirtualClock } from "../../../tests/support/virtual_clock.ts";
import type { GuestConnection } from "../../../vmm/mod.ts";
import { ConsoleAttachment } from "./console.ts";

const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** A guest's console: the test writes as the guest. */
function guestConsole() {
  const out = new TransformStream<Uint8Array, Uint8Array>(
    undefined,
    { highWaterMark: 1000 },
  );
  const writer = out.writable.getWriter();
  const typed: string[] = [];
  let isClosed = false;
  const connection: GuestConnection = {
    readable: out.readable,
    write(bytes) {
      typed.push(textOf(bytes));
      return Promise.resolve();
    },
    close() {
      isClosed = true;
    },
  };
  return { connection, writer, typed, isClosed: () => isClosed };
}

Deno.test("a guest that floods is cut for a slow reader: the newest is kept, and it is told", async () => {
  const guest = guestConsole();
  const got: string[] = [];
  let gate = Promise.withResolvers<void>();
  const attached = new ConsoleAttachment(guest.connection, {
    write: async (bytes) => {
      await gate.promise;
      got.push(textOf(bytes));
    },
    done: (message) => {
      got.push(`done ${message}`);
      return Promise.resolve();
    },
  }, new VirtualClock());
  await guest.writer.write(new TextEncoder().encode("first"));
  await settle();
  for (let count = 0; count < 100; count++) {
    await guest.writer.write(new Uint8Array(10_000).fill(65 + count % 26));
    await settle();
  }
  await guest.writer.close();
  gate.resolve();
  gate = Promise.withResolvers();
  gate.resolve();
  await attached.ended;
  const all = got.join("");
  assert.match(all, /^first\r\n\[\d+ bytes dropped: [^\]]+\]\r\n/);
  // What was dropped and what was kept is all there was.
  const dropped = Number(/\[(\d+) bytes/.exec(all)?.[1]);
  const kept = (all.match(/[A-Z]/g) ?? []).length;
  assert.equal(dropped + kept, 1_000_000);
  assert.ok(kept <= 256 * 1024 && kept > 100_000, `${kept}`);
  assert.ok(all.endsWith(`${String.fromCharCode(65 + 99 % 26)}done `));
});

Deno.test("a reader that hangs is let go, and the guest's console with it", async () => {
  const guest = guestConsole();
  const clock = new VirtualClock();
  const attached = new ConsoleAttachment(guest.connection, {
    write: () => new Promise(() => {}),
    done: () => Promise.resolve(),
  }, clock);
  await guest.writer.write(new Uint8Array([65]));
  await settle();
  clock.advance(61_000);
  await attached.ended;
  assert.ok(guest.isClosed());
  await assert.rejects(() => attached.write(new Uint8Array(1)), {
    code: "unavailable",
  });
});

Deno.test("what is typed goes to the guest in order, in pieces of a bounded size", async () => {
  const guest = guestConsole();
  const attached = new ConsoleAttachment(guest.connection, {
    write: () => Promise.resolve(),
    done: () => Promise.resolve(),
  }, new VirtualClock());
  const type = (text: string) => attached.write(new TextEncoder().encode(text));
  await Promise.all([type("a"), type("b"), type("c")]);
  assert.deepEqual(guest.typed, ["a", "b", "c"]);
  await assert.rejects(() => attached.write(new Uint8Array(65 * 1024)), {
    code: "invalid",
  });
  attached.close();
  await attached.ended;
});
