import assert from "node:assert/strict";
import fc from "fast-check";
import { DEFAULT_LIMITS } from "../limits.ts";
import { AllTypes, type AllTypesInput, Spec } from "../generated/interop.ts";
import { HealthCheck, VmSpec } from "../generated/common.ts";
import { asAppError } from "./errors.ts";
import { Framer } from "./framing.ts";
import { asPayload, keep, Payload } from "./hook.ts";
import { MalformedMessage, Reader, Segment } from "./reader.ts";
import { type StructType, TypedContent } from "./types.ts";

function encode<In>(type: StructType<unknown, In>, value: In): Uint8Array {
  return keep(new TypedContent(type, value)).segment.bytes.slice();
}

function decode<Out>(
  type: StructType<Out, never>,
  ...segments: Uint8Array[]
): Out {
  const reader = new Reader(segments.map((each) => new Segment(each)), []);
  return reader.root(reader.segment, 0, type.decode) as Out;
}

/** A message of the given words, each as two 32-bit halves. */
function words(...halves: number[]): Uint8Array {
  const bytes = new Uint8Array(halves.length * 4);
  const view = new DataView(bytes.buffer);
  halves.forEach((half, index) => view.setUint32(index * 4, half >>> 0, true));
  return bytes;
}

/** Equal but for prototypes, which the generator of values varies. */
function same(actual: unknown, expected: unknown, what: string): void {
  assert.deepEqual(
    structuredClone(actual),
    structuredClone(expected),
    what,
  );
}

const struct = (offset: number, data: number, pointers: number) =>
  [offset << 2, data | pointers << 16] as const;
const list = (offset: number, element: number, count: number) =>
  [offset << 2 | 1, element | count << 3] as const;
const far = (segment: number, word: number, double = false) =>
  [word << 3 | (double ? 4 : 0) | 2, segment] as const;

Deno.test("what is not given reads as the schema's default", () => {
  const read = decode(AllTypes, encode(AllTypes, {}));
  assert.equal(read.bool, true);
  assert.equal(read.int8, -8);
  assert.equal(read.int64, -64);
  assert.equal(read.uint64, 2n ** 64n - 1n);
  assert.equal(read.float64, 1.5);
  assert.equal(read.color, "blue");
  assert.equal(read.nested, undefined);
  assert.deepEqual(read.choice, { which: "none" });
  assert.deepEqual(decode(AllTypes, words(0, 0)), read, "a null root");
  assert.deepEqual(decode(AllTypes, words(...struct(-1, 0, 0))), read);
  const check = decode(HealthCheck, encode(HealthCheck, {}));
  assert.equal(check.intervalMs, 1000);
  assert.equal(check.failures, 3);
});

Deno.test("values survive encoding, at any bound", () => {
  const input: fc.Arbitrary<AllTypesInput> = fc.record({
    bool: fc.boolean(),
    int8: fc.integer({ min: -128, max: 127 }),
    int16: fc.integer({ min: -32768, max: 32767 }),
    int32: fc.integer(),
    int64: fc.oneof(
      fc.maxSafeInteger(),
      fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) }),
      fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
    ),
    uint8: fc.integer({ min: 0, max: 255 }),
    uint16: fc.integer({ min: 0, max: 65535 }),
    uint32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    uint64: fc.oneof(
      fc.maxSafeNat(),
      fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }),
    ),
    float32: fc.float({ noNaN: true }),
    float64: fc.double({ noNaN: true }),
    text: fc.string({ unit: "grapheme", maxLength: 200 }),
    data: fc.uint8Array({ maxLength: 200 }),
    color: fc.oneof(
      fc.constantFrom("red", "green", "blue"),
      fc.integer({ min: 3, max: 65535 }),
    ),
    bools: fc.array(fc.boolean()),
    int8s: fc.array(fc.integer({ min: -128, max: 127 })),
    texts: fc.array(fc.string()),
    lists: fc.array(fc.array(fc.integer())),
    structs: fc.array(fc.record({ flag: fc.boolean(), label: fc.string() })),
  }, { noNullPrototype: true });
  fc.assert(fc.property(input, (value) => {
    const read = decode(AllTypes, encode(AllTypes, value));
    for (const [key, expected] of Object.entries(value)) {
      same(read[key as keyof typeof read], expected, key);
    }
  }));
});

Deno.test("numbers around 2^53 keep their value, as number or bigint", () => {
  for (const value of [0, 1, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]) {
    const read = decode(
      AllTypes,
      encode(AllTypes, { uint64: value, int64: -value }),
    );
    assert.equal(read.uint64, value);
    assert.equal(read.int64, value === 0 ? 0 : -value);
  }
  const read = decode(AllTypes, encode(AllTypes, { uint64: 2n ** 53n }));
  assert.equal(read.uint64, 2n ** 53n);
});

Deno.test("values that do not fit are refused by name, never wrapped", () => {
  const bad: [AllTypesInput, RegExp][] = [
    [{ uint16: 70_000 }, /AllTypes\.uint16 .* not 70000/],
    [{ uint8: -1 }, /AllTypes\.uint8/],
    [{ int32: 1.5 }, /AllTypes\.int32/],
    [{ int16: NaN }, /AllTypes\.int16/],
    [{ uint64: 2n ** 64n }, /AllTypes\.uint64/],
    [{ uint64: 2 ** 53 }, /AllTypes\.uint64/],
    [{ uint64: -1n }, /AllTypes\.uint64/],
    [{ int64: 2n ** 63n }, /AllTypes\.int64/],
    [{ color: "pink" as "red" }, /AllTypes\.color .*red, green, blue/],
    [{ choice: { which: "other" as "none" } }, /AllTypesChoice\.which/],
  ];
  for (const [value, message] of bad) {
    assert.throws(
      () => encode(AllTypes, value),
      (error) => error instanceof RangeError && message.test(error.message),
    );
    try {
      encode(AllTypes, value);
    } catch (error) {
      assert.equal(asAppError(error).code, "invalid");
    }
  }
});

Deno.test("far and double-far pointers are followed", () => {
  // "hi" in a Spec's name: the struct in segment 1, the text in segment 2 by a double-far pointer.
  const root = words(...far(1, 0));
  const second = words(
    ...struct(0, 0, 1),
    ...far(2, 1, true),
  );
  const third = words(
    0x0000_6968,
    0,
    ...far(2, 0),
    ...list(0, 2, 3),
  );
  assert.equal(decode(Spec, root, second, third).name, "hi");
});

Deno.test("a struct list may be sent as a list of plain values", () => {
  // labels of a VmSpec (pointer 2) as a list of texts: each a struct with its first pointer.
  const bytes = words(
    ...struct(0, 0, 3),
    0,
    0,
    0,
    0,
    ...list(0, 6, 1),
    ...list(0, 2, 2),
    0x0000_0061,
    0,
  );
  assert.deepEqual(decode(VmSpec, bytes).labels, [{ key: "a", value: "" }]);
});

Deno.test("hostile messages are refused quickly", () => {
  const hostile: [string, Uint8Array[]][] = [
    ["a root out of bounds", [words(...struct(100, 1, 1))]],
    ["a root before the message", [words(...struct(-5, 1, 1))]],
    ["a list as root", [words(...list(0, 2, 1), 0, 0)]],
    ["a far pointer to nowhere", [words(...far(9, 0))]],
    ["a far pointer out of bounds", [words(...far(0, 500))]],
    ["a far pointer to itself", [words(...far(0, 0))]],
    ["a text without NUL", [
      words(...struct(0, 0, 1), ...list(0, 2, 2), 0x6161, 0),
    ]],
    ["a text that is a struct", [
      words(...struct(0, 0, 1), ...struct(-1, 0, 0)),
    ]],
    ["a list of half a billion empty structs", [
      words(
        ...struct(0, 0, 10),
        ...Array<number>(4).fill(0),
        ...list(7, 7, 0),
        ...Array<number>(14).fill(0),
        0x7fff_fffc,
        0,
      ),
    ]],
    ["a list tag that claims more than its words", [
      words(
        ...struct(0, 0, 10),
        ...Array<number>(4).fill(0),
        ...list(7, 7, 1),
        ...Array<number>(14).fill(0),
        1000 << 2,
        1,
        0,
        0,
      ),
    ]],
  ];
  for (const [what, segments] of hostile) {
    assert.throws(
      () => decode(VmSpec, ...segments),
      MalformedMessage,
      what,
    );
  }
  // AllTypes.nested is pointer 2: a struct that contains itself.
  const loop = new Uint8Array(8 * 40);
  const view = new DataView(loop.buffer);
  view.setUint32(4, 6 | 18 << 16, true);
  const nestedAt = 8 + 6 * 8 + 2 * 8;
  view.setInt32(nestedAt, -(6 + 2 + 1) << 2, true);
  view.setUint32(nestedAt + 4, 6 | 18 << 16, true);
  assert.throws(() => decode(AllTypes, loop), MalformedMessage, "a loop");
});

Deno.test("random bytes are read or refused, never worse", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 8, maxLength: 400 }).map((bytes) =>
        bytes.slice(0, bytes.length & ~7)
      ),
      (bytes) => {
        try {
          decode(AllTypes, bytes);
          decode(VmSpec, bytes);
        } catch (error) {
          assert.ok(error instanceof MalformedMessage, String(error));
        }
      },
    ),
    { numRuns: 2000 },
  );
});

Deno.test("damaged messages are read or refused, also when copied unread", () => {
  const whole = encode(AllTypes, {
    texts: ["a", "bb"],
    structs: [{ label: "x" }],
    lists: [[1], [2, 3]],
    nested: { text: "inner", datas: [new Uint8Array(9)] },
  });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), {
        minLength: 1,
        maxLength: 4,
      }),
      (damage) => {
        const bytes = whole.slice();
        for (const [at, value] of damage) bytes[at] = value;
        const segment = new Segment(bytes);
        try {
          const read = decode(AllTypes, bytes);
          const copy = keep(new Payload(new Reader([segment], []), segment, 0));
          const again = copy.reader.root(
            copy.segment,
            copy.at,
            AllTypes.decode,
          );
          assert.deepEqual(again, read);
        } catch (error) {
          assert.ok(error instanceof MalformedMessage, String(error));
        }
      },
    ),
    { numRuns: 2000 },
  );
});

Deno.test("a content passes on unread without loss", () => {
  const value: AllTypesInput = {
    text: "é".repeat(100),
    nested: { nested: { texts: ["deep"] } },
    choice: { which: "words", words: { first: "f", second: 3 } },
  };
  const first = asPayload(new TypedContent(AllTypes, value));
  const second = keep(first);
  const read = (payload: Payload) =>
    payload.reader.root(payload.segment, payload.at, AllTypes.decode);
  assert.deepEqual(read(second), read(first));
});

/** Frames as a sender would write them. */
function frame(...segments: Uint8Array[]): Uint8Array {
  const header = new Uint8Array((4 + segments.length * 4 + 7) & ~7);
  const view = new DataView(header.buffer);
  view.setUint32(0, segments.length - 1, true);
  segments.forEach((each, index) =>
    view.setUint32(4 + index * 4, each.length / 8, true)
  );
  const size = segments.reduce((sum, each) => sum + each.length, 0);
  const bytes = new Uint8Array(header.length + size);
  bytes.set(header);
  let at = header.length;
  for (const segment of segments) {
    bytes.set(segment, at);
    at += segment.length;
  }
  return bytes;
}

Deno.test("frames are found however the stream is cut", () => {
  const messages = [[words(1, 2)], [words(3, 4), words(5, 6, 7, 8)], [words()]];
  const stream = messages.map((each) => frame(...each));
  const bytes = new Uint8Array(stream.flatMap((each) => [...each]));
  fc.assert(fc.property(
    fc.array(fc.nat(bytes.length), { maxLength: 8 }),
    (cuts) => {
      const framer = new Framer(DEFAULT_LIMITS);
      const found: number[][][] = [];
      const at = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
      for (let i = 1; i < at.length; i++) {
        framer.push(bytes.slice(at[i - 1], at[i]), (segments) => {
          found.push(segments.map((each) => [...each.bytes]));
        });
      }
      const sent = messages.map((each) => each.map((each) => [...each]));
      assert.deepEqual(found, sent);
      assert.ok(framer.idle);
    },
  ));
});

Deno.test("a header that claims too much is refused before memory is taken", () => {
  const push = (bytes: Uint8Array) =>
    new Framer(DEFAULT_LIMITS).push(bytes, () => assert.fail("no message"));
  assert.throws(() => push(words(0x400_0000, 0)), /segments/);
  assert.throws(() => push(words(0, 0x1000_0000)), /bytes/);
  assert.throws(() => push(words(1, 0x70_0000, 0x70_0000, 0)), /bytes/);
});
