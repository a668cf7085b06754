import assert from "node:assert/strict";
import { settle, whileTimeGoes } from "../../../tests/support/turns.ts";
import { VirtualClock } from "../../../tests/support/virtual_clock.ts";
import type { LogPiece, LogRequest } from "../../../vmm/mod.ts";
import { AppError } from "../../model/errors.ts";
import { LogReader } from "./logs.ts";

const COPY = { id: "shop/web-0", incarnation: 1 };
const NEVER = new AbortController().signal;
const ASKED = { generation: 0, boot: 0, offset: 0, maxBytes: 10, waitMs: 0 };

/** A driver whose log the test writes. */
function log() {
  const asked: LogRequest[] = [];
  const vmm = {
    text: "",
    ended: false,
    broken: null as AppError | null,
    asked,
    readLog(_copy: typeof COPY, request: LogRequest): Promise<LogPiece> {
      asked.push(request);
      if (vmm.broken !== null) return Promise.reject(vmm.broken);
      const bytes = new TextEncoder().encode(vmm.text).slice(
        request.offset,
        request.offset + request.maxBytes,
      );
      return Promise.resolve({
        bytes,
        boot: 1,
        offset: request.offset + bytes.length,
        generation: 1,
        ended: vmm.ended && bytes.length < request.maxBytes,
      });
    },
  };
  return vmm;
}

function reader() {
  const vmm = log();
  const clock = new VirtualClock();
  return { vmm, clock, logs: new LogReader({ vmm, clock }) };
}

Deno.test("a log is read at once when nobody waits, and never more than a bound of it", async () => {
  const { vmm, logs } = reader();
  assert.equal((await logs.read(COPY, ASKED, NEVER)).bytes.length, 0);
  for (const [maxBytes, given] of [[0, 1], [5, 5], [2 ** 31, 2 ** 20]]) {
    await logs.read(COPY, { ...ASKED, maxBytes: maxBytes ?? 0 }, NEVER);
    assert.equal(vmm.asked.at(-1)?.maxBytes, given);
  }
});

Deno.test("who waits gets what is written next, or the end of the boot", async () => {
  const { vmm, clock, logs } = reader();
  const waiting = logs.read(COPY, { ...ASKED, waitMs: 20_000 }, NEVER);
  await settle();
  clock.advance(1000);
  await settle();
  vmm.text = "hello";
  const { bytes, offset } = await whileTimeGoes(clock, waiting);
  assert.deepEqual([new TextDecoder().decode(bytes), offset], ["hello", 5]);
  const next = logs.read(COPY, { ...ASKED, offset, waitMs: 20_000 }, NEVER);
  await settle();
  vmm.ended = true;
  assert.equal((await whileTimeGoes(clock, next)).ended, true);
});

Deno.test("a wait ends with its time, which is bounded, or with its reader", async () => {
  const { clock, logs } = reader();
  const begin = clock.bootMs();
  const day = { ...ASKED, waitMs: 86_400_000 };
  const piece = await whileTimeGoes(clock, logs.read(COPY, day, NEVER));
  assert.deepEqual([piece.bytes.length, piece.ended], [0, false]);
  assert.ok(clock.bootMs() - begin <= 61_000);
  const gone = new AbortController();
  const waiting = logs.read(COPY, day, gone.signal);
  await settle();
  gone.abort("hung up");
  // No time passes.
  assert.equal((await waiting).bytes.length, 0);
});

Deno.test("a copy that goes in the middle of a wait ends it with the driver's words", async () => {
  const { vmm, clock, logs } = reader();
  const waiting = logs.read(COPY, { ...ASKED, waitMs: 20_000 }, NEVER);
  await settle();
  vmm.broken = new AppError("not_found", "There is no log of it");
  await assert.rejects(whileTimeGoes(clock, waiting), { code: "not_found" });
});

Deno.test("so many wait at once; more are refused, and looking without waiting never is", async () => {
  const { clock, logs } = reader();
  const gone = new AbortController();
  const wait = () => logs.read(COPY, { ...ASKED, waitMs: 60_000 }, gone.signal);
  const all = Array.from({ length: 256 }, wait);
  await settle();
  await assert.rejects(wait, { code: "overloaded", message: /follow logs/ });
  await logs.read(COPY, ASKED, NEVER);
  gone.abort("they hang up");
  await Promise.all(all);
  // Each has given its place back.
  await whileTimeGoes(
    clock,
    logs.read(COPY, { ...ASKED, waitMs: 500 }, NEVER),
  );
});
