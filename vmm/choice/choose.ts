/**
 * Chooses the driver of a host by trying, and remembers what came of it until
 * the host or a VMM is another. Decides by core/driver_choice.ts, tries by
 * probe.ts; keeps one small file.
 *
 * That nothing boots is not remembered: the next start tries again.
 *
 * @module
 */
import {
  readIfThere,
  setAside,
  writeFileAtomic,
} from "../../roles/files/mod.ts";
import type { Clock } from "../../roles/model/ports.ts";
import { parseJsonWith } from "../../roles/model/parse.ts";
import {
  type Candidate,
  CANDIDATES,
  changedFacts,
  type HostFacts,
  nextStep,
  RememberedChoice,
  type Trial,
} from "./core/driver_choice.ts";
import type { Trials } from "./probe.ts";

/** What was chosen, and by which trials. */
export interface DriverChoice {
  /** Null: no guest boots here. */
  chosen: Candidate | null;
  tried: readonly Trial[];
  /** What has changed since the last choice; empty: it was remembered. */
  changed: readonly string[];
  /** The trials of before were good still, or are kept. */
  isRemembered: boolean;
}

/** How a driver is chosen. */
export interface ChooseOptions {
  trials: Trials;
  /** Where it is remembered. */
  path: string;
  clock: Clock;
  candidates?: readonly Candidate[];
  /** Guests run by what was chosen before: it stays, whatever has changed. */
  keep?: boolean;
  /** Tried again although nothing has changed. */
  again?: boolean;
  /** Told of each trial as it ends. */
  onTrial?: (trial: Trial) => void;
  onWarning: (message: string, error: unknown) => void;
}

async function remembered(
  { path, onWarning }: Pick<ChooseOptions, "path" | "onWarning">,
): Promise<RememberedChoice | null> {
  try {
    const text = await readIfThere(path);
    return text === null
      ? null
      : parseJsonWith(RememberedChoice, text, { what: path });
  } catch (error) {
    // Else each start would try again for want of a place to remember.
    await setAside(path, error);
    onWarning(`cannot read ${path}: the drivers are tried again`, error);
    return null;
  }
}

function isAmong(
  candidate: Candidate | null,
  candidates: readonly Candidate[],
): boolean {
  return candidates.some(({ driver, accel }) =>
    driver === candidate?.driver && accel === candidate.accel
  );
}

/** Tries until a candidate is known; at most every step of every candidate. */
async function tryAll(
  { trials, clock, candidates = CANDIDATES, onTrial }: ChooseOptions,
): Promise<{ chosen: Candidate | null; tried: Trial[] }> {
  const tried: Trial[] = [];
  for (;;) {
    const next = nextStep(tried, candidates);
    if (next.kind === "none") return { chosen: null, tried };
    if (next.kind === "chosen") return { chosen: next.candidate, tried };
    const { candidate, step } = next;
    const beganMs = clock.bootMs();
    const { ok, note } = await trials.try(candidate, step);
    const tookMs = Math.max(0, Math.round(clock.bootMs() - beganMs));
    const trial = { ...candidate, step, ok, note, tookMs };
    tried.push(trial);
    onTrial?.(trial);
  }
}

/** The driver of this host. Never throws for what a trial comes to. */
export async function chooseDriver(
  options: ChooseOptions,
): Promise<DriverChoice> {
  const { trials, path, candidates = CANDIDATES, onWarning } = options;
  const before = await remembered(options);
  const facts: HostFacts = await trials.facts();
  const changed = before === null ? [] : changedFacts(before.facts, facts);
  const isGood = before !== null && options.again !== true &&
    isAmong(before.chosen, candidates) &&
    (changed.length === 0 || options.keep === true);
  if (isGood) {
    const { chosen, tried } = before;
    return { chosen, tried, changed, isRemembered: true };
  }
  const { chosen, tried } = await tryAll(options);
  if (chosen !== null) {
    const memory: RememberedChoice = { version: 1, facts, chosen, tried };
    await writeFileAtomic(path, `${JSON.stringify(memory, null, 2)}\n`)
      .catch((error) =>
        onWarning("the chosen driver is not remembered", error)
      );
  }
  return { chosen, tried, changed, isRemembered: false };
}
