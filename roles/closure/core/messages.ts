/**
 * What a store asks a cache for, and what the cache says before and instead of
 * paths. Pure.
 *
 * @module
 */
import { z } from "zod";
import { parseJsonWith } from "../../model/parse.ts";
import { MAX_HAVE, WINDOWS } from "./have.ts";

/** An order names some store paths; a fetch brings those of one order. */
const MAX_WANT = 1000;
/** Ten times the closure of a large system; a head of so many is 11 MB. */
export const MAX_CLOSURE_PATHS = 100_000;

const Base = z.string().regex(
  /^[0-9a-df-np-sv-z]{32}-[0-9A-Za-z+_?=-][0-9A-Za-z+._?=-]{0,210}$/,
  "must be <hash>-<name>",
);
const Bytes = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** Body of `POST /closure`. */
export const ClosureRequest = z.strictObject({
  /** Base names; their closures are meant. */
  want: z.array(Base).min(1).max(MAX_WANT),
  /** What the store has: this, and so all that it refers to, is not sent. */
  have: z.strictObject({
    window: z.number().int().min(0).max(WINDOWS - 1),
    prefixes: z.string().max(Math.ceil(MAX_HAVE * 5 / 3) * 4),
  }).optional(),
  /** Only the head: for a store with too many paths to name, which then names those of the head that it has. */
  headOnly: z.boolean().default(false),
});
export type ClosureRequest = z.output<typeof ClosureRequest>;

/** A path that is to come, as a tuple: `[base, nar size, file size]`. */
const Entry = z.tuple([Base, Bytes, Bytes]);
export type ClosureEntry = z.output<typeof Entry>;

const ClosureHead = z.strictObject({
  /** In the order they come: references first. */
  paths: z.array(Entry).max(MAX_CLOSURE_PATHS),
  /** How many more belong to it that this cache does not have itself, or that refer to such: stock nix may find them by it. */
  elsewhere: z.number().int().min(0),
});
export type ClosureHead = z.output<typeof ClosureHead>;

const ClosureError = z.strictObject({
  /** The path that could not be sent. */
  path: z.string().max(300),
  why: z.string().max(4000),
});
export type ClosureError = z.output<typeof ClosureError>;

const ClosureEnd = z.strictObject({ paths: z.number().int().min(0) });

/** A message as a payload. */
export function encodeMessage(
  message: ClosureHead | ClosureError | z.output<typeof ClosureEnd>,
): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(message));
}

function parser<S extends z.ZodType>(schema: S, what: string) {
  return (payload: Uint8Array): z.output<S> =>
    parseJsonWith(schema, new TextDecoder().decode(payload), { what });
}

/** Each throws {AppError} `invalid`. */
export const parseHead = parser(ClosureHead, "the head of the closure");
export const parseError = parser(ClosureError, "the error in the closure");
export const parseEnd = parser(ClosureEnd, "the end of the closure");
