/**
 * Starts guests, as many side by side as their driver takes: from what is
 * provided for them, or from the snapshot that somebody asked for. Decides
 * nothing: what came of it is told.
 *
 * @module
 */
import { MAX_ORDERS } from "../../model/assignment.ts";
import { toAppError } from "../../model/errors.ts";
import { type CopyId, copyKey } from "../../model/ids.ts";
import type { HostFailure } from "../../model/observed.ts";
import type { Clock } from "../../model/ports.ts";
import { failpoint } from "../../process/failpoint.ts";
import { Turns } from "../../turns/mod.ts";
import {
  directoryName,
  type VmConfig,
  vmConfigOf,
  type VmInstance,
  type Vmm,
} from "../../../vmm/mod.ts";
import type { Closures } from "../closures/closures.ts";
import type { Restores } from "../seeing/restores.ts";
import { errorWords, hostFailureOf } from "./core/host_failure.ts";
import type { Action, VmEvent } from "./core/vm_messages.ts";
import type { Provided, Provisions } from "./provisions.ts";

type StartAction = Extract<Action, { kind: "start" }>;

/** One for each VM, so that none is refused its place in line. */
const MAX_WAITING = MAX_ORDERS;

/** What starts are done with. */
export interface StartsDeps {
  clock: Clock;
  vmm: Vmm;
  closures: Closures;
  volumesDir: string;
  provisions: Provisions;
  /** Guests that are to go on from a snapshot; absent: none ever. */
  restores?: Restores;
  onWarning: (message: string, error: unknown) => void;
}

export class Starts {
  readonly #deps: StartsDeps;
  readonly #tell: (copy: CopyId, event: VmEvent) => void;
  /** Ends what waits in line. */
  readonly #ending: AbortSignal;
  readonly #turns: Turns;

  constructor(
    deps: StartsDeps,
    { tell, ending }: {
      tell: (copy: CopyId, event: VmEvent) => void;
      ending: AbortSignal;
    },
  ) {
    this.#deps = deps;
    this.#tell = tell;
    this.#ending = ending;
    this.#turns = new Turns({
      running: deps.vmm.startsAtOnce,
      waiting: MAX_WAITING,
      what: "starting VMs",
    });
  }

  /** @param unsaved why the ledger does not say so yet: then nothing is started. */
  async run(
    copy: CopyId,
    action: StartAction,
    unsaved: HostFailure | null,
  ): Promise<void> {
    const { op } = action;
    const failed = (failure: HostFailure | null, message: string) =>
      this.#tell(copy, {
        kind: "startFailed",
        at: this.#now(),
        op,
        failure,
        message,
      });
    if (unsaved !== null) return failed(unsaved, unsaved.message);
    try {
      const config = this.#configOf(copy, action);
      const { host, ports, startedAtMs } = await this.#turns.run(
        async () =>
          await this.#begin(
            copy,
            await this.#deps.provisions.provide(copy, action.target, config),
          ),
        this.#ending,
      );
      failpoint("worker.vm.started");
      this.#tell(copy, {
        kind: "started",
        at: this.#now(),
        op,
        host,
        ports: [...ports],
        startedAtMs,
      });
    } catch (error) {
      const known = toAppError(error);
      if (known.code === "conflict") await this.#endUnknown(copy);
      failed(hostFailureOf(known, "driver"), errorWords(known));
    }
  }

  #configOf(
    copy: CopyId,
    { target, publishes, lease }: StartAction,
  ): VmConfig {
    const { closures, volumesDir } = this.#deps;
    return {
      ...vmConfigOf({ ...target, ...copy, publishes }, {
        physical: (path) => closures.physical(path),
        volumesDir: `${volumesDir}/${directoryName(copy.id)}`,
      }),
      generation: target.generation,
      cpuMilli: target.spec.cpuMilli,
      ...(lease === null ? {} : { lease }),
    };
  }

  /** From the snapshot that somebody asked for, else from its image. Without its card nothing of it is left. */
  async #begin(
    copy: CopyId,
    { config, nicMade }: Provided,
  ): Promise<VmInstance> {
    const { vmm, restores, provisions, onWarning } = this.#deps;
    try {
      return await restores?.begin(vmm, config, nicMade) ??
        await vmm.start(config, { nicMade });
    } catch (error) {
      const isMade = await nicMade.then(() => true, () => false);
      if (!isMade) {
        await provisions.withdraw(copy).catch((cause) =>
          onWarning(`cannot clear up after ${copyKey(copy)}`, cause)
        );
      }
      throw error;
    }
  }

  /** The driver runs what the machine knows nothing of: ended, so that the next try finds room. */
  async #endUnknown(copy: CopyId): Promise<void> {
    const { vmm, onWarning } = this.#deps;
    await vmm.stop(copy, { graceMs: 0 }).catch((cause) =>
      onWarning(`cannot end the unknown ${copyKey(copy)}`, cause)
    );
  }

  #now(): number {
    return this.#deps.clock.bootMs();
  }
}
