/**
 * What this host gives to guests: the driver, the user and the control groups
 * of VMMs. Opens them; what each is says its own file.
 *
 * @module
 */
import type { Logger } from "../../log/mod.ts";
import type { Clock } from "../../model/ports.ts";
import type { DriverOptions, Vmm } from "../../../vmm/mod.ts";
import { openCgroups } from "./cgroups.ts";
import type { WorkerConfig } from "../config.ts";
import type { VmmUser } from "./core/vmm_user_choice.ts";
import { openHostVmm } from "./open_vmm.ts";
import type { Provision } from "../vms/provisions.ts";
import { openVmmUser, VmmUserProvision } from "./vmm_user.ts";

/** The host, open. */
export interface OpenedHost {
  vmm: Vmm;
  /** In the order in which a start asks for them. */
  provisions: Provision[];
  /** What was found out of it: for constraints. */
  attributes: Record<string, string>;
  /** Why no guest boots here; null when guests do. */
  problem: string | null;
  /** Whom VMMs run as; absent: as the worker. */
  user: VmmUser | undefined;
}

/** What it is opened with. */
export interface OpenHostOptions {
  config: WorkerConfig;
  /** In place of the configured driver. */
  vmm: Vmm | undefined;
  clock: Clock;
  log: Logger;
  stack: AsyncDisposableStack;
  driver: Pick<DriverOptions, "spawner" | "onWarning" | "onSpawned">;
  onWarning: (message: string, error: unknown) => void;
}

/** @throws {AppError} as {@linkcode openHostVmm} and {@linkcode openVmmUser}. */
export async function openHost(options: OpenHostOptions): Promise<OpenedHost> {
  const { config, clock, stack, onWarning } = options;
  if (options.vmm !== undefined) {
    const { vmm } = options;
    stack.defer(() => vmm.close());
    const attributes = { driver: vmm.name };
    const user = undefined;
    return { vmm, provisions: [], attributes, problem: null, user };
  }
  if (config.driver === "simulated") {
    const { vmm, attributes, problem } = await openHostVmm({
      ...options,
      user: undefined,
    });
    stack.defer(() => vmm.close());
    return { vmm, provisions: [], attributes, problem, user: undefined };
  }
  const user = await openVmmUser({
    configured: config.vmmUser,
    stateDir: config.stateDir,
    runDir: config.runDir,
    onWarning,
  });
  const { vmm, attributes, problem, isTranslated } = await openHostVmm({
    ...options,
    user,
  });
  stack.defer(() => vmm.close());
  const provisions: Provision[] = [];
  if (config.cgroups.mode === "auto") {
    const { parent, boostMs } = config.cgroups;
    const cgroups = await openCgroups({
      name: config.name,
      runDir: config.runDir,
      parent,
      isTranslated,
      boostMs,
      clock,
      onWarning,
    });
    if (cgroups !== null) {
      stack.defer(() => cgroups.close());
      provisions.push(cgroups);
    }
  }
  if (user !== undefined) provisions.push(new VmmUserProvision(user));
  return { vmm, provisions, attributes, problem, user };
}
