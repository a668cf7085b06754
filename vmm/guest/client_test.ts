import assert from "node:assert/strict";
import { AppError } from "../../roles/model/errors.ts";
import { VirtualClock } from "../../tests/support/virtual_clock.ts";
import type { GuestConnection } from "../vmm.ts";
import { GuestChannels } from "./channels.ts";
import { MAX_PIECE_BYTES, wordOf } from "./core/frames.ts";

const COPY = { id: "shop/web-0", incarnation: 1 };

/** A guest that says what the test lets it. */
class Guest {
  readonly clock = new VirtualClock();
  /** Lines the host has sent, without sessions. */
  readonly lines: string[] = [];
  /** Answers each hello; false: it is deaf. */
  answers = true;
  agent = "7.1";
  opened = 0;
  #session = "";
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  readonly channels = new GuestChannels({
    vmm: { guestChannel: () => Promise.resolve(this.#open()) },
    clock: this.clock,
    random: { hex: (bytes) => `${++this.opened}`.padStart(2 * bytes, "0") },
  });

  /** `out 1 aGk=`: says it to the session of the last hello. */
  say(line: string): void {
    const [kind, ...words] = line.split(" ");
    this.write(`${[kind, this.#session, ...words, "."].join(" ")}\n`);
  }

  write(text: string): void {
    this.#controller?.enqueue(new TextEncoder().encode(text));
  }

  /** The guest or its VMM is gone. */
  hangUp(): void {
    this.#controller?.close();
    this.#controller = null;
  }

  /** Lets pending turns pass, and time with them. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 250) {
      this.clock.advance(Math.min(250, left));
      await this.settle();
    }
  }

  async settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) {
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  #open(): GuestConnection {
    const readable = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      cancel: () => {
        this.#controller = null;
      },
    });
    return {
      readable,
      write: (bytes) => {
        for (const line of new TextDecoder().decode(bytes).split("\n")) {
          if (line !== "") this.#hear(line);
        }
        return Promise.resolve();
      },
      close: () => this.hangUp(),
    };
  }

  #hear(line: string): void {
    const [kind, session = "", ...words] = line.split(" ");
    this.lines.push([kind, ...words.slice(0, -1)].join(" "));
    if (kind !== "hello") return;
    this.#session = session;
    if (this.answers) this.say(`ready 1 ${this.agent}`);
  }
}

/** A command that was asked for, and what becomes of it. */
async function running(guest: Guest, timeoutMs = 0) {
  const ended = guest.channels.exec(COPY, ["cat"], { timeoutMs });
  ended.catch(() => undefined);
  await guest.settle();
  assert.ok(guest.lines.some((line) => line.startsWith("exec ")));
  return ended;
}

Deno.test("a guest that does not answer is told as such, in the time that was given", async () => {
  const guest = new Guest();
  guest.answers = false;
  const ready = guest.channels.ready(COPY, 3000);
  const refused = assert.rejects(ready, {
    code: "unavailable",
    message: "The guest does not answer: no answer within 3000 ms",
  });
  await guest.settle();
  await guest.pass(3000);
  await refused;
  const asked = guest.lines.length;
  assert.ok(asked > 2 && asked < 12, `asked ${asked} times`);
  guest.answers = true;
  await guest.channels.ready(COPY, 3000);
  await guest.channels.close();
});

Deno.test("what a guest may not say ends its command, or the connection, and no more", async () => {
  const piece = wordOf(new Uint8Array(MAX_PIECE_BYTES));
  const table: [what: string, say: (guest: Guest) => void, message: RegExp][] =
    [
      [
        "more output than it was let to",
        (guest) => {
          for (let sent = 0; sent < 9; sent++) guest.say(`out 1 ${piece}`);
        },
        /more output than it was let to/,
      ],
      [
        "input asked for where there is none",
        (guest) => guest.say("took 1"),
        /asked for input/,
      ],
      [
        "noise without end",
        (guest) => {
          for (let sent = 0; sent < 20; sent++) {
            guest.write("x".repeat(64 * 1024));
          }
        },
        /floods its channel/,
      ],
      [
        "silence",
        (guest) => {
          guest.lines.length = 0;
          guest.answers = false;
          guest.clock.advance(5000);
        },
        /silent/,
      ],
      ["nothing any more", (guest) => guest.hangUp(), /the channel has ended/],
    ];
  for (const [what, say, message] of table) {
    const guest = new Guest();
    const ended = running(guest);
    await guest.settle();
    say(guest);
    const told = assert.rejects(ended, { code: "unavailable", message }, what);
    await guest.pass(80_000);
    await told;
    guest.answers = true;
    await guest.pass(20_000);
    await guest.channels.ready(COPY, 1000);
    await guest.channels.close();
  }
});

Deno.test("a guest that floods is left alone for a while", async () => {
  const guest = new Guest();
  await guest.channels.ready(COPY, 1000);
  for (let sent = 0; sent < 20; sent++) guest.write("x".repeat(64 * 1024));
  await guest.settle();
  assert.equal(guest.opened, 1);
  const flood = { code: "unavailable", message: /floods/ };
  await assert.rejects(guest.channels.ready(COPY, 1000), flood);
  await assert.rejects(
    guest.channels.exec(COPY, ["true"], { timeoutMs: 1000 }),
    flood,
  );
  assert.deepEqual(
    (await guest.channels.switchTo(COPY, "/nix/store/x", { timeoutMs: 1000 }))
      .kind,
    "refused",
  );
  assert.equal(guest.opened, 1, "nobody has opened it again");
  await guest.pass(10_000);
  await guest.channels.ready(COPY, 1000);
  assert.equal(guest.opened, 2);
  await guest.channels.close();
});

Deno.test("an agent that began anew knows nothing of what was asked of the former one", async () => {
  const guest = new Guest();
  const ended = assert.rejects(running(guest), {
    code: "unavailable",
    message: /its agent began anew/,
  });
  await guest.settle();
  guest.agent = "8.2";
  await guest.pass(6000);
  await ended;
  await guest.channels.ready(COPY, 1000);
  assert.equal(guest.opened, 1, "the connection is as good as before");
  await guest.channels.close();
});

Deno.test("a command whose time is over is ended in the guest", async () => {
  const guest = new Guest();
  const ended = assert.rejects(running(guest, 2000), { code: "timeout" });
  await guest.pass(2250);
  await ended;
  assert.equal(guest.lines.at(-1), "kill 1");
  await guest.channels.close();
});

Deno.test("output is asked for as fast as its reader takes it", async () => {
  const guest = new Guest();
  const goOn = Promise.withResolvers<void>();
  const ended = guest.channels.exec(COPY, ["cat"], {
    timeoutMs: 0,
    onOutput: () => goOn.promise,
  });
  await guest.settle();
  guest.say("out 1 aGk=");
  guest.say("exit 1 0");
  await guest.settle();
  assert.ok(!guest.lines.includes("more 1 out"));
  goOn.resolve();
  assert.deepEqual(await ended, { code: 0, truncated: false });
  await guest.channels.close();
});

Deno.test("people and health checks have lines of their own", async () => {
  const guest = new Guest();
  const people = [...Array(6).keys()].map(() =>
    guest.channels.exec(COPY, ["sleep"], { timeoutMs: 0 })
  );
  for (const each of people) each.catch(() => undefined);
  await guest.settle();
  const asked = () =>
    guest.lines.filter((line) => line.startsWith("exec ")).length;
  assert.equal(asked(), 4, "the others wait");
  const late = assert.rejects(
    guest.channels.exec(COPY, ["true"], { timeoutMs: 500 }),
    { code: "timeout", message: /did not begin within 500 ms/ },
  );
  await guest.pass(500);
  await late;
  const check = guest.channels.exec(COPY, ["true"], {
    timeoutMs: 1000,
    lane: "checks",
  });
  await guest.settle();
  guest.say("exit 5 0");
  assert.deepEqual(await check, { code: 0, truncated: false });
  guest.say("exit 1 0");
  await guest.settle();
  assert.equal(asked(), 6);
  await guest.channels.close();
  await assert.rejects(people[5] ?? Promise.resolve(), AppError);
});

Deno.test("commands that cannot be said are refused before anybody is asked", async () => {
  const guest = new Guest();
  for (const argv of [[], ["a\0b"], ["x".repeat(128 * 1024)]]) {
    await assert.rejects(
      guest.channels.exec(COPY, argv, { timeoutMs: 1000 }),
      { code: "invalid" },
    );
  }
  assert.ok(!guest.lines.some((line) => line.startsWith("exec ")));
  await guest.channels.close();
});

Deno.test("how a switch ended, by what the guest says of it", async () => {
  const why = wordOf(new TextEncoder().encode("no such system"));
  const table: [
    say: (guest: Guest) => void,
    kind: string,
    reason: RegExp | null,
  ][] = [
    [(guest) => guest.say("exit 1 0"), "switched", null],
    [(guest) => guest.say("exit 1 4"), "failed", /ended with 4$/],
    [(guest) => guest.say(`no 1 ${why}`), "refused", /no such system/],
    [(guest) => guest.hangUp(), "lost", /the channel has ended/],
    [() => undefined, "lost", /did not end within its time/],
  ];
  for (const [say, kind, reason] of table) {
    const guest = new Guest();
    const result = guest.channels.switchTo(COPY, "/nix/store/x", {
      timeoutMs: 5000,
    });
    await guest.settle();
    say(guest);
    await guest.pass(6000);
    const told = await result;
    assert.equal(told.kind, kind);
    if (reason !== null) {
      assert.match("reason" in told ? told.reason : "", reason);
    }
    await guest.channels.close();
  }
});
