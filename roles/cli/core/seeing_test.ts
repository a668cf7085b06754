import assert from "node:assert/strict";
import type { LogPiece } from "../vm_client.ts";
import { takeKeys } from "./console_escape.ts";
import { durationMsOf } from "./duration_text.ts";
import { execStatus } from "./exec_status.ts";
import {
  followed,
  type FollowState,
  lostCopy,
  nextRequest,
  tailOf,
} from "./log_follow.ts";
import { withMasterToken } from "./token_file.ts";
import { formatFigures, size } from "./vm_view.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const WANTED = { vm: "shop/web-0", generation: 0, boot: 0 };

function piece(over: Partial<LogPiece> = {}): LogPiece {
  return {
    data: new Uint8Array(),
    incarnation: 1,
    boot: 1,
    generation: 1,
    offset: 0,
    ended: false,
    ...over,
  };
}

Deno.test("keys go to the guest; ~. after a line's end detaches, ~~ is one ~", () => {
  const keys = (text: string, before: Parameters<typeof takeKeys>[0]) => {
    const { state, send, asked } = takeKeys(before, bytesOf(text));
    return [state, textOf(send), asked];
  };
  assert.deepEqual(keys("ls\r", "lineStart"), ["lineStart", "ls\r", []]);
  assert.deepEqual(keys("~.x", "lineStart"), ["inLine", "", ["detach"]]);
  assert.deepEqual(keys("a~.", "lineStart"), ["inLine", "a~.", []]);
  assert.deepEqual(keys("~~.", "lineStart"), ["inLine", "~.", []]);
  assert.deepEqual(keys("~?~.", "lineStart"), [
    "inLine",
    "",
    ["help", "detach"],
  ]);
  assert.deepEqual(keys("~", "lineStart"), ["tilde", "", []]);
  assert.deepEqual(keys(".", "tilde"), ["inLine", "", ["detach"]]);
  assert.deepEqual(keys("/\r~", "tilde"), ["tilde", "~/\r", []]);
});

Deno.test("a log is followed from boot to boot and from copy to copy", () => {
  let state: FollowState = { kind: "first" };
  const take = (answer: LogPiece) => {
    const step = followed(state, answer);
    state = step.state;
    return step;
  };
  take(piece({ data: bytesOf("one"), offset: 3 }));
  assert.deepEqual(nextRequest(state, WANTED, { waits: true }), {
    vm: "shop/web-0",
    incarnation: 1,
    generation: 0,
    boot: 1,
    offset: 3,
    maxBytes: 256 * 1024,
    waitMs: 20_000,
  });
  // Written faster than it was read: the bounded log has lost some.
  assert.equal(take(piece({ data: bytesOf("xy"), offset: 15 })).dropped, 10);
  take(piece({ offset: 15, ended: true }));
  assert.equal(state.kind, "ended");
  const look = nextRequest(state, WANTED, { waits: true });
  assert.deepEqual([look.incarnation, look.boot, look.waitMs], [0, 0, 0]);
  assert.equal(take(piece({ offset: 15, ended: true })).isIdle, true);
  const next = take(piece({ boot: 4, generation: 2, offset: 1 }));
  assert.equal(
    next.note,
    "--- boot 4, generation 2 (boots 2 to 3 are not shown) ---",
  );
  assert.deepEqual(nextRequest(state, WANTED, { waits: true }).offset, 0);
  state = lostCopy(state);
  const moved = take(piece({ incarnation: 2, boot: 4, generation: 2 }));
  assert.equal(
    moved.note,
    "--- boot 4, generation 2, another copy of it ---",
  );
});

Deno.test("a copy that was lost and is there again is followed from where it was", () => {
  const reading = followed(
    { kind: "first" },
    piece({ data: bytesOf("one"), offset: 3 }),
  ).state;
  const lost = lostCopy(reading);
  const look = nextRequest(lost, WANTED, { waits: true });
  assert.deepEqual([look.boot, look.offset, look.waitMs], [0, 3, 0]);
  // Nothing new, but it runs; then something new.
  const again = followed(lost, piece({ offset: 3 }));
  assert.deepEqual(
    [again.state.kind, again.note, again.isIdle],
    ["reading", null, false],
  );
  const more = followed(lost, piece({ data: bytesOf("t"), offset: 4 }));
  assert.equal(nextRequest(more.state, WANTED, { waits: true }).offset, 3);
  const ended = followed(lost, piece({ offset: 3, ended: true }));
  assert.deepEqual([ended.state.kind, ended.isIdle], ["ended", true]);
});

Deno.test("a log that begins anew under the same number is followed from its beginning", () => {
  // The host was booted, or the VM was made anew: boots are counted from 1 again.
  const reading = followed(
    { kind: "first" },
    piece({ data: bytesOf("the first life"), offset: 14 }),
  ).state;
  for (const before of [reading, lostCopy(reading)]) {
    const anew = followed(before, piece({ offset: 6 }));
    assert.equal(
      anew.note,
      "--- boot 1, generation 1, its log begins anew ---",
    );
    assert.deepEqual([anew.bytes.length, anew.dropped], [0, 0]);
    const next = nextRequest(anew.state, WANTED, { waits: true });
    assert.deepEqual([next.boot, next.offset], [1, 0]);
  }
});

Deno.test("the tail of many pieces", () => {
  const pieces = ["abc", "", "defg"].map(bytesOf);
  const tail = tailOf(pieces, 5);
  assert.deepEqual([textOf(tail.bytes), tail.before], ["cdefg", 2]);
  assert.deepEqual(textOf(tailOf(pieces, 50).bytes), "abcdefg");
});

Deno.test("exit statuses of commands inside guests", () => {
  assert.equal(execStatus({ code: 3, message: "" }), 3);
  assert.equal(execStatus({ code: 137, message: "" }), 137);
  assert.equal(execStatus({ code: -1, message: "timeout: 30 s" }), 124);
  assert.equal(execStatus({ code: -1, message: "unavailable: gone" }), 125);
});

Deno.test("durations and sizes as people write them", () => {
  const texts = ["90", "30s", "5m", "1h", "2d", "1.5h", "h", "-1", ""];
  assert.deepEqual(texts.map(durationMsOf), [
    90_000,
    30_000,
    300_000,
    3_600_000,
    172_800_000,
    null,
    null,
    null,
    null,
  ]);
  assert.deepEqual([size(null), size(0), size(1536), size(200 * 2 ** 20)], [
    "-",
    "0 B",
    "1.5 KiB",
    "200 MiB",
  ]);
});

Deno.test("processors are shown as load between two looks, but not over a boot", () => {
  const figures = (atMs: number, cpuSeconds: number) => ({
    atMs,
    cpuSeconds,
    memoryBytes: 1024,
    diskReadBytes: null,
    diskWrittenBytes: null,
    networkReceivedBytes: null,
    networkSentBytes: null,
  });
  const cell = (now: number, before: number | null) => {
    const row = { vm: "a/b-0", figures: figures(2000, now), problem: "" };
    const known = before === null
      ? new Map()
      : new Map([["a/b-0", figures(0, before)]]);
    return formatFigures([row], (text) => text, known).split("\n")[1]
      ?.split(/ {2,}/)[1];
  };
  assert.deepEqual([cell(3, null), cell(3, 2), cell(3, 9)], [
    "3.0 s",
    "50 %",
    "-",
  ]);
});

Deno.test("a token file keeps what is for others", () => {
  const with_ = (text: string) => withMasterToken(text, "T", "f");
  assert.equal(with_(""), "master T\n");
  assert.equal(with_("cache C\nmaster OLD\n"), "cache C\nmaster T\n");
  assert.equal(with_("BARE\n"), "BARE\nmaster T\n");
  assert.throws(() => with_("one two three"), { code: "invalid" });
});
