import assert from "node:assert/strict";
import { encodeAdd, WireReader, WireWriter } from "./daemon_wire.ts";

const LAST = 0x616c7473;
const ERROR = 0x63787470;
const NEXT = 0x6f6c6d67;
const START_ACTIVITY = 0x53545254;
const RESULT = 0x52534c54;

/** Everything a daemon may say before the end of an answer, and an error. */
const SAID = new WireWriter()
  .number(NEXT).text("copying a path")
  .number(START_ACTIVITY).number(7).number(3).number(105).text("an activity")
  .number(2).number(0).number(5).number(1).text("a field").number(0)
  .number(RESULT).number(7).number(105).number(0)
  .number(ERROR).text("Error").number(0).text("Error").text("no such path")
  .number(0).number(1).number(0).text("a trace")
  .number(LAST)
  .bytes();

Deno.test("answers are read however they are cut", () => {
  for (const size of [1, 3, 8, 64, SAID.length]) {
    const reader = new WireReader();
    const kinds: string[] = [];
    for (let at = 0; at < SAID.length; at += size) {
      reader.push(SAID.subarray(at, at + size));
      for (let message; (message = reader.message()) !== undefined;) {
        kinds.push(
          message.kind === "error" ? `error: ${message.text}` : message.kind,
        );
      }
    }
    assert.deepEqual(
      kinds,
      ["log", "log", "log", "error: no such path", "last"],
      `in pieces of ${size}`,
    );
  }
});

Deno.test("texts are padded to 8 bytes, numbers are little endian", () => {
  assert.deepEqual(
    [...new WireWriter().number(258).text("ab").bytes()],
    [2, 1, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 97, 98, 0, 0, 0, 0, 0, 0],
  );
  const reader = new WireReader();
  reader.push(new WireWriter().text("").text("12345678").text("ä").bytes());
  assert.deepEqual(
    [reader.text(), reader.text(), reader.text(), reader.text()],
    ["", "12345678", "ä", undefined],
  );
});

Deno.test("what no daemon says is refused, not waited for", () => {
  const unknown = new WireReader();
  unknown.push(new WireWriter().number(5).bytes());
  assert.throws(() => unknown.message(), /a message 5/);
  const huge = new WireReader();
  huge.push(new WireWriter().number(2 ** 40).bytes());
  assert.throws(() => huge.text(), /a text of/);
});

Deno.test("a path is added with its signatures, and they are to be checked", () => {
  const bytes = encodeAdd({
    path: "/nix/store/a",
    narHash: "00",
    narSizeBytes: 5,
    references: ["/nix/store/b"],
    signatures: ["key:sig"],
  });
  const reader = new WireReader();
  reader.push(bytes);
  const read = {
    operation: reader.number(),
    path: reader.text(),
    deriver: reader.text(),
    hash: reader.text(),
    references: [reader.number(), reader.text()],
    time: reader.number(),
    size: reader.number(),
    ultimate: reader.number(),
    signatures: [reader.number(), reader.text()],
    ca: reader.text(),
    repair: reader.number(),
    unchecked: reader.number(),
  };
  assert.deepEqual(read, {
    operation: 39,
    path: "/nix/store/a",
    deriver: "",
    hash: "00",
    references: [1, "/nix/store/b"],
    time: 0,
    size: 5,
    ultimate: 0,
    signatures: [1, "key:sig"],
    ca: "",
    repair: 0,
    unchecked: 0,
  });
});
