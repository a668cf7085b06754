/**
 * Tries this host out for `procurator worker probe`, beside a worker that may
 * run: in a directory of its own, and without changing what the worker goes by.
 *
 * @module
 */
import { systemClock } from "../../clock/mod.ts";
import { readIfThere } from "../../files/mod.ts";
import { AppError } from "../../model/errors.ts";
import { parseJsonWith } from "../../model/parse.ts";
import { chooseDriver } from "../../../vmm/choice/choose.ts";
import {
  type Candidate,
  changedFacts,
  choiceAttributes,
  describeChoice,
  type HostFacts,
  RememberedChoice,
  type Trial,
} from "../../../vmm/choice/core/driver_choice.ts";
import type { WorkerConfig } from "../config.ts";
import { chooseVmmUser } from "./core/vmm_user_choice.ts";
import { candidatesOf, choicePath, hostTrials } from "./open_vmm.ts";

/** What was tried on this host, and what the worker goes by. */
export interface HostProbe {
  chosen: Candidate | null;
  why: string;
  tried: readonly Trial[];
  facts: HostFacts;
  /** What a worker with this choice tells the master. */
  attributes: Record<string, string>;
  /** The driver that the configuration names: `auto` goes by what was tried. */
  configured: string;
  /** What a worker found here before; null: none has looked, or it found nothing. */
  remembered: Candidate | null;
  /** What has changed since: the worker tries again when it starts. */
  changed: readonly string[];
}

async function readRemembered(path: string): Promise<RememberedChoice | null> {
  try {
    const text = await readIfThere(path);
    return text === null
      ? null
      : parseJsonWith(RememberedChoice, text, { what: path });
  } catch {
    // The worker says so itself when it starts.
    return null;
  }
}

/**
 * Tries every candidate until one is found. `onTrial` is told of each trial as it ends.
 *
 * @throws the signal's reason; nothing runs on then.
 */
export async function probeHost(
  config: WorkerConfig,
  { onTrial, signal }: {
    onTrial: (trial: Trial) => void;
    signal: AbortSignal;
  },
): Promise<HostProbe> {
  const dir = await Deno.makeTempDir({ prefix: "pcr-probe-" });
  try {
    // Whoever VMMs run as has to get to the probe's files.
    await Deno.chmod(dir, 0o711);
    const passwd = await Deno.readTextFile("/etc/passwd").catch(() => "");
    const user = chooseVmmUser(config.vmmUser, {
      passwd,
      uid: Deno.uid() ?? -1,
    });
    const trials = hostTrials(
      { ...config, runDir: dir, stateDir: dir },
      { clock: systemClock, user, signal },
    );
    const { chosen, tried } = await chooseDriver({
      trials,
      path: `${dir}/choice.json`,
      clock: systemClock,
      candidates: candidatesOf(config),
      onTrial,
      onWarning: (message, cause) => {
        throw new AppError("failed", message, { cause });
      },
    });
    const before = await readRemembered(choicePath(config));
    const facts = await trials.facts();
    return {
      chosen,
      why: describeChoice(chosen, tried, candidatesOf(config)),
      tried,
      facts,
      attributes: choiceAttributes(chosen, tried),
      configured: config.driver,
      remembered: before?.chosen ?? null,
      changed: before === null ? [] : changedFacts(before.facts, facts),
    };
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}
