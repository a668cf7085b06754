/**
 * Opens the driver of this host: the configured one, or the one that is found
 * by trying (vmm/choice/choose.ts). Says what placing should know of it.
 *
 * While guests run their driver stays, whatever has changed: another one would
 * know nothing of them, and start each a second time.
 *
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import { readIfThere, setAside, writeFileAtomic } from "../../files/mod.ts";
import { parseJsonWith } from "../../model/parse.ts";
import type { Logger } from "../../log/mod.ts";
import { AppError } from "../../model/errors.ts";
import type { Clock } from "../../model/ports.ts";
import { chooseDriver, type DriverChoice } from "../../../vmm/choice/choose.ts";
import {
  type Candidate,
  CANDIDATES,
  choiceAttributes,
  describeChoice,
  describeTrial,
  type Trial,
} from "../../../vmm/choice/core/driver_choice.ts";
import { leftRunning } from "../../../vmm/host/left_running.ts";
import { checkRunDir } from "../../../vmm/host/run_directory.ts";
import {
  DRIVER_NAMES,
  type DriverName,
  type DriverOptions,
  openVmm,
  type Vmm,
} from "../../../vmm/mod.ts";
import { HostTrials } from "../../../vmm/choice/probe.ts";
import type { WorkerConfig } from "../config.ts";
import type { VmmUser } from "./core/vmm_user_choice.ts";

/** A driver and how it executes guests. */
interface Chosen {
  name: DriverName;
  accel: Candidate["accel"];
}

/** The open driver, and what is to be told of it. */
export interface OpenedVmm {
  vmm: Vmm;
  /** `driver`, `accel`, `kvm`, `boots.linux` and reasons: what constraints can speak of. */
  attributes: Record<string, string>;
  /** Why no guest boots here; null when guests do. */
  problem: string | null;
  /** Guests' code is translated by the VMM. */
  isTranslated: boolean;
}

/** What a driver is opened with. */
export interface OpenVmmOptions {
  config: WorkerConfig;
  clock: Clock;
  log: Logger;
  user: VmmUser | undefined;
  /** Everything a driver is given but its directories. */
  driver: Pick<DriverOptions, "spawner" | "onWarning" | "onSpawned">;
  onWarning: (message: string, error: unknown) => void;
}

/** Drivers that translate nothing. */
const KVM_ONLY: readonly string[] = ["cloud-hypervisor"];

const Marker = z.object({ driver: z.string() });

/** Where a driver was chosen for good. */
export function choicePath({ stateDir }: Pick<WorkerConfig, "stateDir">) {
  return join(stateDir, "driver_choice.json");
}

function isDriver(name: string): name is DriverName {
  return (DRIVER_NAMES as readonly string[]).includes(name);
}

/** The candidates that this version has a driver for, and that the configuration allows. */
export function candidatesOf(
  { accel }: Pick<WorkerConfig, "accel">,
  only?: string,
): Candidate[] {
  return CANDIDATES.filter((candidate) =>
    isDriver(candidate.driver) &&
    (accel === undefined || accel === candidate.accel) &&
    (only === undefined || only === candidate.driver)
  );
}

function optionsOf(
  config: WorkerConfig,
  clock: Clock,
): Omit<DriverOptions, "runDir"> {
  return {
    tempDir: `${config.stateDir}/tmp`,
    clock,
    qemuPath: config.qemuPath,
    cloudHypervisorPath: config.cloudHypervisorPath,
    hostAddress: config.vmAddress,
  };
}

/** The trials of this host as the worker would run its VMs. */
export function hostTrials(
  config: WorkerConfig,
  { clock, user, signal }: {
    clock: Clock;
    user: VmmUser | undefined;
    signal?: AbortSignal;
  },
): HostTrials {
  const { kernelPath, linuxDeadlineMs } = config.probe;
  return new HostTrials({
    open: ({ driver, accel }, runDir) => {
      if (!isDriver(driver)) throw new Error(`there is no driver ${driver}`);
      return openVmm(driver, { ...optionsOf(config, clock), runDir, accel });
    },
    runDir: `${config.runDir}/probe`,
    programs: {
      "qemu": config.qemuPath,
      "cloud-hypervisor": config.cloudHypervisorPath,
    },
    clock,
    linuxDeadlineMs,
    ...(kernelPath === undefined ? {} : { kernelPath }),
    ...(user === undefined ? {} : { user }),
    ...(signal === undefined ? {} : { signal }),
  });
}

/**
 * The driver of the guests that run now; null when none do. Their command lines
 * know it best: another driver would end them all.
 */
async function runningDriver(
  { config: { runDir }, clock, onWarning }: OpenVmmOptions,
): Promise<string | null> {
  const left = await leftRunning(`${runDir}/vms`, clock);
  const path = `${runDir}/driver.json`;
  try {
    const text = await readIfThere(path);
    const written = text === null
      ? null
      : parseJsonWith(Marker, text, { what: path }).driver;
    if (left.count === 0) return null;
    // Versions before this file had one driver that left processes.
    return left.driver ?? written ?? "qemu";
  } catch (error) {
    await setAside(path, error);
    const driver = left.count === 0 ? null : left.driver ?? "qemu";
    const runs = driver === null ? "no VM runs" : `VMs of ${driver} run`;
    onWarning(`${path} is written anew, as ${runs}`, error);
    return driver;
  }
}

/** The configured driver. @throws {AppError} `refused` while guests of another one run. */
function configured(
  config: WorkerConfig,
  name: DriverName,
  running: string | null,
): Chosen {
  if (running !== null && running !== name) {
    throw new AppError(
      "refused",
      `Cannot run VMs by ${name}: VMs of ${running} run in ${config.runDir}`,
      { hint: `drain this worker first, or set driver to "${running}"` },
    );
  }
  const accel = KVM_ONLY.includes(name) ? "kvm" : config.accel ?? "tcg";
  return { name, accel };
}

function logTrial(log: Logger, trial: Trial): void {
  const trialText = describeTrial(trial);
  if (trial.ok) log.debug("tried {trialText}", { trialText });
  else log.info("tried {trialText}", { trialText });
}

function logChoice(log: Logger, choice: DriverChoice, isKept: boolean): void {
  const { chosen, tried, changed, isRemembered } = choice;
  const why = describeChoice(chosen, tried);
  if (chosen === null) log.error("{why}", { why });
  else if (!isRemembered) log.info("{why}", { why });
  else if (isKept && changed.length > 0) {
    log.warn(
      "{changed} changed; the driver stays while its VMs run",
      { changed: changed.join(", ") },
    );
  }
}

async function chooseByTrying(
  options: OpenVmmOptions,
  running: string | null,
): Promise<DriverChoice> {
  const { config, clock, log, user, onWarning } = options;
  const keep = running !== null;
  const choice = await chooseDriver({
    trials: hostTrials(config, { clock, user }),
    path: choicePath(config),
    clock,
    candidates: candidatesOf(config, running ?? undefined),
    keep,
    onTrial: (trial) => logTrial(log, trial),
    onWarning,
  });
  logChoice(log, choice, keep);
  return choice;
}

/**
 * Opens it over `RUN/vms`.
 *
 * @throws {AppError} `refused` when the configured driver is not that of the
 * guests that run, `invalid` for a run directory too long for sockets.
 */
export async function openHostVmm(
  options: OpenVmmOptions,
): Promise<OpenedVmm> {
  const { config, clock } = options;
  const running = await runningDriver(options);
  let chosen: Chosen;
  let attributes: Record<string, string>;
  let problem: string | null = null;
  if (config.driver !== "auto") {
    chosen = configured(config, config.driver, running);
    const isReal = chosen.name !== "simulated";
    attributes = {
      driver: chosen.name,
      ...(isReal
        ? { accel: chosen.accel, kvm: String(chosen.accel === "kvm") }
        : {}),
    };
  } else {
    const choice = await chooseByTrying(options, running);
    const { driver, accel } = choice.chosen ??
      // Nothing boots; what may still run is looked after all the same.
      { driver: running ?? "qemu", accel: "tcg" as const };
    chosen = { name: isDriver(driver) ? driver : "qemu", accel };
    attributes = choiceAttributes(choice.chosen, choice.tried);
    if (choice.chosen === null) problem = describeChoice(null, choice.tried);
  }
  // Told now, rather than by each VM.
  if (chosen.name !== "simulated") checkRunDir(`${config.runDir}/vms`);
  await writeFileAtomic(
    `${config.runDir}/driver.json`,
    JSON.stringify({ driver: chosen.name }),
  );
  const vmm = await openVmm(chosen.name, {
    ...optionsOf(config, clock),
    ...options.driver,
    runDir: `${config.runDir}/vms`,
    accel: chosen.accel,
  });
  const isTranslated = chosen.name === "qemu" && chosen.accel === "tcg";
  return { vmm, attributes, problem, isTranslated };
}
