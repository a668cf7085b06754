import assert from "node:assert/strict";
import { settle } from "../../../tests/support/turns.ts";
import { VirtualClock } from "../../../tests/support/virtual_clock.ts";
import type {
  ExecOptions,
  ExecResult,
  Guests,
} from "../../../vmm/guest/mod.ts";
import { AppError } from "../../model/errors.ts";
import { RunningCommand } from "./command.ts";

const COPY = { id: "shop/web-0", incarnation: 1 };
const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

const notAsked = () => Promise.reject(new Error("this was not asked for"));

/** A guest in which the test is what runs. */
function guestWith(
  run: (options: ExecOptions, argv: readonly string[]) => Promise<ExecResult>,
): Guests {
  return {
    ready: notAsked,
    switchTo: notAsked,
    forget: () => undefined,
    exec: (_copy, argv, options) => run(options, argv),
  };
}

/** Runs it for a reader that takes what `take` lets it take. */
function begin(
  guests: Guests,
  take: () => Promise<unknown> = () => Promise.resolve(),
) {
  const clock = new VirtualClock();
  const told: string[] = [];
  const command = new RunningCommand(
    { copy: COPY, argv: ["cat"], timeoutMs: 0 },
    {
      output: async (isError, bytes) => {
        await take();
        told.push(`${isError ? "err" : "out"} ${textOf(bytes)}`);
      },
      exited: (code, message) => {
        told.push(`exited ${code} ${message}`);
        return Promise.resolve();
      },
    },
    { guests, clock },
  );
  return { clock, told, command };
}

/** What runs reads its input by hand. */
function readingGuest() {
  const begun = Promise.withResolvers<
    ReadableStreamDefaultReader<Uint8Array>
  >();
  const end = Promise.withResolvers<ExecResult>();
  const guests = guestWith(({ stdin }) => {
    if (stdin === undefined) throw new Error("it has no input");
    begun.resolve(stdin.getReader());
    return end.promise;
  });
  return { guests, reader: begun.promise, end };
}

Deno.test("a command's output is told in order, its end last", async () => {
  const { told, command } = begin(guestWith(async ({ onOutput }) => {
    await onOutput?.("stdout", bytesOf("a"));
    await onOutput?.("stderr", bytesOf("b"));
    await onOutput?.("stdout", bytesOf("c"));
    return { code: 3, truncated: false };
  }));
  await command.ended;
  assert.deepEqual(told, ["out a", "err b", "out c", "exited 3 "]);
});

Deno.test("a command waits for a slow reader: no more than one piece is on its way", async () => {
  let produced = 0;
  const gates: (() => void)[] = [];
  const { told, command } = begin(
    guestWith(async ({ onOutput }) => {
      for (; produced < 3; produced++) {
        await onOutput?.("stdout", bytesOf(`${produced}`));
      }
      return { code: 0, truncated: false };
    }),
    () => new Promise<void>((resolve) => gates.push(resolve)),
  );
  for (const expected of [0, 1, 2]) {
    await settle();
    assert.equal(produced, expected);
    gates.shift()?.();
  }
  await command.ended;
  assert.deepEqual(told, ["out 0", "out 1", "out 2", "exited 0 "]);
});

Deno.test("a reader that hangs is given up, and its command is ended", async () => {
  let ended: AbortSignal | undefined;
  const { clock, told, command } = begin(
    guestWith(async ({ onOutput, signal }) => {
      ended = signal;
      await onOutput?.("stdout", bytesOf("a"));
      return { code: 0, truncated: false };
    }),
    () => new Promise(() => {}),
  );
  await settle();
  clock.advance(61_000);
  await command.ended;
  assert.equal(ended?.aborted, true);
  assert.deepEqual(told, []);
});

Deno.test("a command that did not run to its end says why", async () => {
  const { told, command } = begin(
    guestWith(() =>
      Promise.reject(new AppError("timeout", "It took longer than 5 s"))
    ),
  );
  await command.ended;
  assert.deepEqual(told, ["exited -1 timeout: It took longer than 5 s"]);
});

Deno.test("a command ends with who asked for it, and nobody is told", async () => {
  const { told, command } = begin(
    guestWith(({ signal }) =>
      new Promise((_, reject) =>
        signal?.addEventListener("abort", () => reject(signal.reason), {
          once: true,
        })
      )
    ),
  );
  await settle();
  command.end();
  command.end();
  await command.ended;
  assert.deepEqual(told, []);
  await assert.rejects(() => command.write(bytesOf("a")), {
    code: "unavailable",
  });
  await command.closeInput();
});

Deno.test("what is typed waits for the guest, a bounded number of pieces of a bounded size", async () => {
  const { guests, reader, end } = readingGuest();
  const { command } = begin(guests);
  const stdin = await reader;
  await assert.rejects(() => command.write(new Uint8Array(65 * 1024)), {
    code: "invalid",
  });
  let taken = 0;
  const typed = Array.from(
    { length: 200 },
    (_, index) =>
      command.write(bytesOf(`${index} `)).then(
        () => void taken++,
        (error: unknown) => {
          assert.ok(error instanceof AppError);
          return error.code;
        },
      ),
  );
  await settle();
  // The guest reads nothing yet: one is in its pipe, some wait, the rest is refused.
  assert.ok(taken <= 1, `${taken} were taken`);
  const waiting = 66;
  let got = "";
  for (let count = 0; count < waiting - 1; count++) {
    got += textOf((await stdin.read()).value ?? new Uint8Array());
  }
  await command.closeInput();
  for (;;) {
    const { done, value } = await stdin.read();
    if (done) break;
    got += textOf(value);
  }
  const fates = await Promise.all(typed);
  const refused = fates.filter((fate) => fate === "overloaded").length;
  assert.ok(refused > 100, `${refused} were refused`);
  // Nothing of what was taken is lost, and nothing changes places.
  const count = 200 - refused;
  assert.equal(got, Array.from({ length: count }, (_, i) => `${i} `).join(""));
  end.resolve({ code: 0, truncated: false });
  await command.ended;
});

Deno.test("the end of the input comes after what was typed before it", async () => {
  const { guests, reader, end } = readingGuest();
  const { command, told } = begin(guests);
  // As a client does that waits for no answer.
  const typed = ["a", "b", "c"].map((text) => command.write(bytesOf(text)));
  const closed = command.closeInput();
  const late = assert.rejects(command.write(bytesOf("d")), {
    code: "unavailable",
  });
  const stdin = await reader;
  let got = "";
  for (;;) {
    const { done, value } = await stdin.read();
    if (done) break;
    got += textOf(value);
  }
  await Promise.all([...typed, closed, late]);
  assert.equal(got, "abc");
  end.resolve({ code: 0, truncated: false });
  await command.ended;
  assert.deepEqual(told, ["exited 0 "]);
});

Deno.test("who types into a command that ends is told that it reads no more", async () => {
  const { guests, reader, end } = readingGuest();
  const { command } = begin(guests);
  await reader;
  const typed = ["a", "b", "c"].map((text) =>
    command.write(bytesOf(text)).then(() => "taken", (error) => error.code)
  );
  await settle();
  end.resolve({ code: 0, truncated: false });
  await command.ended;
  assert.deepEqual(await Promise.all(typed), [
    "taken",
    "unavailable",
    "unavailable",
  ]);
});
