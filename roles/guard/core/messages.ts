/**
 * What a worker and the guard say to each other: one JSON object a line. Pure:
 * the shapes. Both sides parse, neither trusts.
 *
 * @module
 */
import { z } from "zod";
import { Counter, Name, Sha256, VmId } from "../../model/ids.ts";

/**
 * Longest line: QEMU's arguments for 64 ports and volumes are some 20 KiB, the
 * list of a full host (10,000 VMMs) 3 MiB.
 */
export const MAX_LINE_BYTES = 8 * 1024 * 1024;
/** Arguments of one VMM: twice what 64 ports and 64 volumes take. */
const MAX_ARGS = 1024;
/** Linux takes 128 KiB for one argument. */
const MAX_ARG = 128 * 1024;
/** What is kept of a VMM's standard error: the reason stands at its end. */
export const STDERR_TAIL_CHARS = 4096;

export const Marker = z.uuid();
const Id = z.number().int().min(1);
const Text = z.string().max(MAX_ARG).refine(
  (text) => !text.includes("\0"),
  "must not hold a NUL",
);

export const Start = z.strictObject({
  marker: Marker,
  vm: VmId,
  incarnation: Counter,
  runtimeHash: Sha256,
  lease: z.string().max(128),
  program: Text.min(1),
  args: z.array(Text).max(MAX_ARGS),
  env: z.record(z.string().regex(/^[A-Z_][A-Z0-9_]{0,63}$/), Text),
});

export const Request = z.discriminatedUnion("method", [
  /** The first word of a worker; a newer one ends the session of the older. */
  z.strictObject({ id: Id, method: z.literal("hello"), worker: Name }),
  z.strictObject({
    id: Id,
    method: z.literal("extend"),
    deadlineMs: z.number().min(0),
  }),
  z.strictObject({ id: Id, method: z.literal("spawn"), start: Start }),
  z.strictObject({ id: Id, method: z.literal("kill"), marker: Marker }),
  z.strictObject({ id: Id, method: z.literal("endOf"), marker: Marker }),
  /** Needs no hello: for people. */
  z.strictObject({ id: Id, method: z.literal("list") }),
]);
export type Request = z.output<typeof Request>;

/** The lease in force; null: nothing exclusive may run. */
export const HeldLease = z.strictObject({
  lease: z.string().max(128),
  deadlineMs: z.number(),
}).nullable();
export type HeldLease = z.output<typeof HeldLease>;

const Process = z.strictObject({ pid: Id, startTicks: Counter });
const Vmm = z.strictObject({
  marker: Marker,
  vm: VmId,
  incarnation: Counter,
  runtimeHash: Sha256,
  ...Process.shape,
});

const Status = z.strictObject({
  pid: Id,
  bootId: z.string().max(64),
  /** The worker whose session is open; null: none is. */
  worker: Name.nullable(),
  held: HeldLease,
  vmms: z.array(Vmm),
});
export type GuardStatus = z.output<typeof Status>;

/** What each method answers. */
export const ANSWERS = {
  hello: Status,
  extend: z.strictObject({ held: HeldLease }),
  spawn: Process,
  kill: z.strictObject({}),
  endOf: z.strictObject({
    end: z.strictObject({
      marker: Marker,
      by: z.enum(["itself", "request", "fence"]),
      reason: z.string().max(1000),
      stderrTail: z.string().max(STDERR_TAIL_CHARS),
    }).nullable(),
  }),
  list: Status,
} as const;
export type Method = keyof typeof ANSWERS;
export type Answer<M extends Method> = z.output<typeof ANSWERS[M]>;

/** What the guard writes: an answer or an error. */
export const Reply = z.union([
  z.strictObject({ id: Id, answer: z.unknown() }),
  z.strictObject({
    id: Id,
    error: z.strictObject({
      code: z.string().max(64),
      message: z.string().max(4096),
      hint: z.string().max(4096).optional(),
    }),
  }),
]);
export type Reply = z.output<typeof Reply>;
