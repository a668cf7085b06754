import assert from "node:assert/strict";
import fc from "fast-check";
import {
  Conversation,
  MAX_WASTE_BYTES,
  WINDOW_PIECES,
} from "./conversation.ts";
import {
  bytesOf,
  hostLine,
  MAX_GUEST_LINE,
  MAX_PIECE_BYTES,
  parseGuestLine,
  plainText,
  wordOf,
} from "./frames.ts";
import { LineCutter } from "./lines.ts";

const SESSION = "0123456789abcdef";

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** What a guest would say, to this session unless told otherwise. */
function says(text: string, session = SESSION): Uint8Array {
  const [kind, ...words] = text.split(" ");
  return bytes(`${[kind, session, ...words, "."].join(" ")}\n`);
}

/** A conversation whose guest has answered. */
function answered(): Conversation {
  const talk = new Conversation(SESSION);
  talk.hello();
  assert.deepEqual(talk.hear(says("ready 1 7.1")), [{ kind: "ready" }]);
  return talk;
}

Deno.test("words carry any bytes, and only words are read as such", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (value) => {
    const word = wordOf(value);
    assert.match(word, /^[A-Za-z0-9+/=-]+$/);
    assert.deepEqual(bytesOf(word), value);
  }));
  for (const word of ["", "a", "ab=c", "====", "a b=", "aGk", "aGk*", "--"]) {
    assert.equal(bytesOf(word), null, word);
  }
});

Deno.test("a host's line is one line, whatever the arguments", () => {
  const argument = fc.string({ unit: "grapheme" });
  fc.assert(fc.property(fc.array(argument, { minLength: 1 }), (argv) => {
    const line = hostLine(SESSION, {
      kind: "exec",
      id: 1,
      input: false,
      argv,
    });
    assert.match(line, /^exec [0-9a-f]{16} 1 none( [A-Za-z0-9+/=-]+)+ \.\n$/);
    const words = line.split(" ").slice(4, -1).map((word) => bytesOf(word));
    assert.deepEqual(words, argv.map(bytes));
  }));
});

Deno.test("lines are cut alike however they arrive, and longer ones leave nothing behind", () => {
  const line = fc.string({
    unit: fc.constantFrom("a", " ", "\r", "\u0000"),
    maxLength: 12,
  });
  fc.assert(fc.property(
    fc.array(line),
    fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
    (lines, steps) => {
      const sent = bytes(lines.map((text) => `${text}\n`).join(""));
      const cutter = new LineCutter(8);
      const cut: string[] = [];
      for (let at = 0, turn = 0; at < sent.length; turn++) {
        const size = steps[turn % steps.length] ?? 1;
        cut.push(...cutter.cut(sent.subarray(at, at + size)));
        at += size;
      }
      assert.deepEqual(cut, lines.filter((text) => text.length <= 8));
    },
  ));
});

Deno.test("nothing a guest writes throws, and only well-formed words of this session count", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), (garbage) => {
    const talk = answered();
    talk.exec(["true"], false);
    assert.deepEqual(talk.hear(garbage), []);
  }));
  const piece = wordOf(bytes("hi"));
  const table: [what: string, line: string][] = [
    ["another session", `out fedcba9876543210 1 ${piece} .`],
    ["no full stop: the line was cut", `out ${SESSION} 1 ${piece}`],
    ["half of a word", `out ${SESSION} 1 ${piece.slice(0, -1)} .`],
    ["an empty piece", `out ${SESSION} 1 - .`],
    [
      "a piece that is too large",
      `out ${SESSION} 1 ${wordOf(new Uint8Array(MAX_PIECE_BYTES + 1))} .`,
    ],
    ["a word too many", `out ${SESSION} 1 ${piece} ${piece} .`],
    ["no id", `out ${SESSION} ${piece} .`],
    ["an id with a sign", `out ${SESSION} -1 ${piece} .`],
    ["an id beyond numbers", `out ${SESSION} 99999999999 ${piece} .`],
    ["an id in hex", `exit ${SESSION} 0x1 0 .`],
    ["a code above a byte", `exit ${SESSION} 1 256 .`],
    ["a code below zero", `exit ${SESSION} 1 -1 .`],
    ["no code", `exit ${SESSION} 1 .`],
    ["a host's own word", `exec ${SESSION} 1 none ${piece} .`],
    ["an unknown word", `hack ${SESSION} 1 .`],
    ["upper case", `OUT ${SESSION} 1 ${piece} .`],
    ["two spaces", `out  ${SESSION} 1 ${piece} .`],
    ["a version that is none", `ready ${SESSION} one 7.1 .`],
    ["an agent with a space", `ready ${SESSION} 1 7 1 .`],
    ["", ""],
  ];
  for (const [what, line] of table) {
    assert.equal(parseGuestLine(line, SESSION), null, what);
  }
});

Deno.test("what was left half read by a former worker does no harm", () => {
  const talk = new Conversation(SESSION);
  assert.equal(talk.hello()[0], "\n", "what a former host left is ended first");
  const left = `ut fedcba9876543210 3 aGk= .\nexit fedcba9876543210 3 0 .\n`;
  assert.deepEqual(talk.hear(bytes(left)), []);
  assert.deepEqual(talk.hear(says("ready 1 7.1")), [{ kind: "ready" }]);
});

Deno.test("a command's output, input and end are heard of it alone", () => {
  const talk = answered();
  const one = talk.exec(["cat"], true);
  const two = talk.exec(["true"], false);
  assert.notEqual(one.id, two.id);
  assert.deepEqual(talk.hear(says(`took ${one.id}`)), [
    { kind: "took", id: one.id },
  ]);
  assert.equal(
    talk.feed(one.id, bytes("hi")),
    `in ${SESSION} ${one.id} aGk= .\n`,
  );
  assert.deepEqual(talk.hear(says(`err ${one.id} aGk=`)), [
    { kind: "output", id: one.id, stream: "err", bytes: bytes("hi") },
  ]);
  assert.deepEqual(talk.hear(says(`exit ${two.id} 3`)), [
    { kind: "exited", id: two.id, code: 3 },
  ]);
  assert.deepEqual(talk.hear(says(`exit ${two.id} 3`)), [], "only once");
  assert.deepEqual(
    talk.hear(says(`no ${one.id} ${wordOf(bytes("busy\u001b[2J"))}`)),
    [
      { kind: "refused", id: one.id, message: "busy [2J" },
    ],
  );
});

Deno.test("a guest that sends more than it was let to loses the command, not the worker its memory", () => {
  const talk = answered();
  const { id } = talk.exec(["yes"], false);
  const piece = says(`out ${id} ${wordOf(new Uint8Array(MAX_PIECE_BYTES))}`);
  for (let sent = 0; sent < WINDOW_PIECES; sent++) {
    assert.equal(talk.hear(piece)[0]?.kind, "output");
  }
  talk.more(id, "out");
  assert.equal(talk.hear(piece)[0]?.kind, "output");
  assert.equal(talk.hear(piece)[0]?.kind, "lied");
  assert.deepEqual(talk.hear(piece), [], "nothing is heard of it any more");

  const none = talk.exec(["true"], false);
  assert.equal(talk.hear(says(`took ${none.id}`))[0]?.kind, "lied");
});

Deno.test("a guest that floods is heard no more", () => {
  const noise = new Uint8Array(64 * 1024).fill(97);
  const table: [what: string, chunk: (talk: Conversation) => Uint8Array][] = [
    ["no line end at all", () => noise],
    ["lines", () => bytes("x\n".repeat(32 * 1024))],
    [
      "answers nobody asked for",
      () => bytes(`ready ${SESSION} 1 7.1 .\n`.repeat(2000)),
    ],
    [
      "ids nobody gave out",
      () => bytes(`exit ${SESSION} 99 0 .\n`.repeat(2000)),
    ],
  ];
  for (const [what, chunk] of table) {
    const talk = answered();
    const heard = [];
    for (let sent = 0; sent <= MAX_WASTE_BYTES; sent += chunk(talk).length) {
      heard.push(...talk.hear(chunk(talk)));
    }
    heard.push(...talk.hear(chunk(talk)));
    assert.deepEqual(heard, [{ kind: "flooded" }], what);
    assert.deepEqual(talk.hear(says("ready 1 7.1")), [], what);
  }
});

Deno.test("another agent, or another version, is told", () => {
  const talk = answered();
  const { id } = talk.exec(["true"], false);
  assert.deepEqual(talk.hear(says("ready 1 7.2")), [], "not asked");
  talk.hello();
  assert.deepEqual(talk.hear(says("ready 1 8.1")), [
    { kind: "restarted", lost: [id] },
  ]);
  talk.hello();
  assert.deepEqual(talk.hear(says("ready 2 8.1")), [
    { kind: "stranger", version: 2 },
  ]);
});

Deno.test("the longest line a guest may send fits the largest piece", () => {
  const line = says(
    `out 1000000000 ${wordOf(new Uint8Array(MAX_PIECE_BYTES))}`,
  );
  assert.ok(line.length < MAX_GUEST_LINE);
});

Deno.test("what is shown to people does nothing to a terminal", () => {
  assert.equal(plainText(bytes("a\r\n\u001b[31mb\u009b\u0000")), "a [31mb");
});
