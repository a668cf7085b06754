/**
 * Which driver runs the guests of a host: the first candidate that passed every
 * trial. Pure: says what to try next and what the trials came to; tries nothing.
 *
 * ```text
 *  cloud-hypervisor, kvm:  kvm -> program -> kernel -> pvh -> linux  -> chosen
 *        | the first that fails
 *  qemu, kvm:              kvm -> program -> kernel -> pvh -> linux  -> chosen
 *        |
 *  qemu, tcg:              program -> pvh                            -> chosen
 *        |
 *  none
 * ```
 *
 * That /dev/kvm opens, or that a tiny guest runs, does not mean that Linux
 * boots: there are hosts whose KVM has no virtualisation behind it. So Linux is
 * tried, and a candidate for which it could not be (no kernel is found) is not
 * chosen. Without KVM every instruction of the guest is translated, ring 0 as
 * well: there the tiny guest is proof enough.
 *
 * @module
 */
import { z } from "zod";

export const Candidate = z.strictObject({
  driver: z.enum(["cloud-hypervisor", "qemu"]),
  accel: z.enum(["kvm", "tcg"]),
});
export type Candidate = z.output<typeof Candidate>;

/** In the order of preference. */
export const CANDIDATES: readonly Candidate[] = [
  { driver: "cloud-hypervisor", accel: "kvm" },
  { driver: "qemu", accel: "kvm" },
  { driver: "qemu", accel: "tcg" },
];

/**
 * What is tried of a candidate: `kvm` whether /dev/kvm opens, `program` whether
 * the VMM is there and new enough, `kernel` whether there is a Linux to try
 * with, `pvh` the tiny guest, `linux` that kernel. What costs nothing comes first.
 */
export const Step = z.enum(["kvm", "program", "kernel", "pvh", "linux"]);
export type Step = z.output<typeof Step>;

const STEPS: Readonly<Record<Candidate["accel"], readonly Step[]>> = {
  kvm: ["kvm", "program", "kernel", "pvh", "linux"],
  tcg: ["program", "pvh"],
};

/** Told to the master as an attribute, which has at most 255 characters. */
const MAX_ATTRIBUTE = 255;

/** One trial and what came of it. */
export const Trial = Candidate.extend({
  step: Step,
  ok: z.boolean(),
  /** The version, the kernel's path, or why it failed. */
  note: z.string().max(4096),
  tookMs: z.number().min(0),
});
export type Trial = z.output<typeof Trial>;

/** What is done next, or what is chosen. */
export type NextStep =
  | { kind: "try"; candidate: Candidate; step: Step }
  | { kind: "chosen"; candidate: Candidate }
  | { kind: "none" };

/** True when a trial of one candidate answers for the other: /dev/kvm and the kernel are the host's, a program its driver's. */
function answersFor(trial: Trial, candidate: Candidate, step: Step): boolean {
  if (trial.step !== step) return false;
  if (step === "kvm" || step === "kernel") return true;
  if (trial.driver !== candidate.driver) return false;
  return step === "program" || trial.accel === candidate.accel;
}

/** The trial of this step; undefined: not tried yet. */
function trialOf(
  tried: readonly Trial[],
  candidate: Candidate,
  step: Step,
): Trial | undefined {
  return tried.find((trial) => answersFor(trial, candidate, step));
}

/** What is left to try before a candidate is known. */
export function nextStep(
  tried: readonly Trial[],
  candidates: readonly Candidate[] = CANDIDATES,
): NextStep {
  for (const candidate of candidates) {
    const missing = STEPS[candidate.accel].find((step) =>
      trialOf(tried, candidate, step)?.ok !== true
    );
    if (missing === undefined) return { kind: "chosen", candidate };
    if (trialOf(tried, candidate, missing) === undefined) {
      return { kind: "try", candidate, step: missing };
    }
  }
  return { kind: "none" };
}

/** Why each candidate that was not chosen was not, in their order. */
export function refusals(
  tried: readonly Trial[],
  candidates: readonly Candidate[] = CANDIDATES,
): { candidate: Candidate; why: string }[] {
  return candidates.flatMap((candidate) => {
    const failed = STEPS[candidate.accel]
      .map((step) => trialOf(tried, candidate, step))
      .find((trial) => trial?.ok === false);
    return failed === undefined ? [] : [{ candidate, why: failed.note }];
  });
}

export function candidateName({ driver, accel }: Candidate): string {
  return accel === "kvm" ? `${driver} on KVM` : `${driver} without KVM`;
}

/** One trial in words. */
export function describeTrial(trial: Trial): string {
  const { step, ok, note, tookMs } = trial;
  const word = ok ? "" : "failed: ";
  return `${candidateName(trial)}, ${step}: ${word}${note} (${tookMs} ms)`;
}

/** A reason once, with all it is against. */
function describeRefusals(all: ReturnType<typeof refusals>): string[] {
  const names = new Map<string, string[]>();
  for (const { candidate, why } of all) {
    names.set(why, [...names.get(why) ?? [], candidateName(candidate)]);
  }
  return [...names].map(([why, those]) => `${those.join(" and ")}: ${why}`);
}

/** In one sentence: what was chosen, and why not what is preferred to it. */
export function describeChoice(
  chosen: Candidate | null,
  tried: readonly Trial[],
  candidates: readonly Candidate[] = CANDIDATES,
): string {
  const against = describeRefusals(refusals(tried, candidates));
  const what = chosen === null
    ? "no driver boots guests here"
    : `guests run by ${candidateName(chosen)}`;
  return [what, ...against].join("; ");
}

function short(text: string): string {
  return text.length <= MAX_ATTRIBUTE
    ? text
    : `${text.slice(0, MAX_ATTRIBUTE - 1)}…`;
}

/**
 * What placing goes by: `driver` (`none` where no guest boots), `accel`,
 * `kvm` whether guests run on it, `boots.linux`, and the reasons.
 */
export function choiceAttributes(
  chosen: Candidate | null,
  tried: readonly Trial[],
): Record<string, string> {
  const version = chosen === null
    ? undefined
    : trialOf(tried, chosen, "program")?.note;
  const onKvm = chosen?.accel === "kvm";
  const against = describeRefusals(
    refusals(tried).filter(({ candidate }) => candidate.accel === "kvm"),
  );
  return {
    driver: chosen?.driver ?? "none",
    ...(version === undefined ? {} : { "driver.version": short(version) }),
    ...(chosen === null ? {} : { accel: chosen.accel }),
    kvm: String(onKvm),
    ...(onKvm || against.length === 0
      ? {}
      : { "kvm.why": short(against.join("; ")) }),
    "boots.linux": String(chosen !== null),
    ...(chosen === null
      ? { "driver.why": short(describeChoice(null, tried)) }
      : {}),
  };
}

/** What the trials depend on, by name: when any of it is another, they are made again. */
export const HostFacts = z.record(z.string().max(64), z.string().max(4096));
export type HostFacts = z.output<typeof HostFacts>;

/** What is remembered. */
export const RememberedChoice = z.strictObject({
  version: z.literal(1),
  facts: HostFacts,
  chosen: Candidate.nullable(),
  tried: z.array(Trial).max(32),
});
export type RememberedChoice = z.output<typeof RememberedChoice>;

/** The names of what is another than it was. */
export function changedFacts(before: HostFacts, now: HostFacts): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(now)])]
    .filter((name) => before[name] !== now[name]).sort();
}
