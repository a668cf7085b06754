import assert from "node:assert/strict";
import { EventStream } from "./event_stream.ts";

Deno.test("events are the same however the text is cut", () => {
  const text =
    ": alive\n\nevent: lines\nid: 2\ndata: [1,\ndata: 2]\n\r\nevent: end\ndata:\n\ndata: x\n\n";
  const expected = [
    { event: "lines", data: "[1,\n2]" },
    { event: "end", data: "" },
    { event: "message", data: "x" },
  ];
  for (const size of [1, 2, 7, text.length]) {
    const stream = new EventStream();
    const seen = [];
    for (let at = 0; at < text.length; at += size) {
      seen.push(...stream.take(text.slice(at, at + size)));
    }
    assert.deepEqual(seen, expected);
  }
});

Deno.test("a line without an end is given up", () => {
  const stream = new EventStream();
  assert.throws(
    () => {
      for (let i = 0; i < 20; i++) stream.take("x".repeat(1024 * 1024));
    },
    /a line has no end/,
  );
});
