/**
 * Opens what people see VMs with, over VMs that run.
 *
 * @module
 */
import { type Logger } from "../../log/mod.ts";
import { formatError } from "../../model/errors.ts";
import type { Clock } from "../../model/ports.ts";
import type { Vmm } from "../../../vmm/mod.ts";
import type { Guests } from "../../../vmm/guest/mod.ts";
import { FiguresSampler } from "./figures.ts";
import type { Restores } from "./restores.ts";
import { Snapshots } from "./snapshots.ts";
import { VmAccess } from "./vm_access.ts";
import type { DiskRoom } from "../closures/disk_room.ts";
import type { Vms } from "../vms/vms.ts";

export interface Seeing {
  access: VmAccess;
  figures: FiguresSampler;
}

/** The stack ends it: everybody is detached, no VM notices. */
export async function openSeeing(options: {
  vms: Vms;
  vmm: Vmm;
  guests?: Guests;
  restores: Restores;
  room: Pick<DiskRoom, "require"> | undefined;
  stateDir: string;
  clock: Clock;
  log: Logger;
  stack: AsyncDisposableStack;
}): Promise<Seeing> {
  const { vms, stateDir, room, log, stack, ...deps } = options;
  const snapshots = new Snapshots(stateDir);
  const requireRoom = async (bytes: number, what: string) =>
    await room?.require(stateDir, bytes, what);
  const access = new VmAccess({ ...deps, vms, snapshots, requireRoom });
  stack.defer(() => access.close());
  const paused = vms.observed().filter(({ state }) => state === "Paused");
  await access.takeOver(
    paused.map(({ vm: id, incarnation }) => ({ id, incarnation })),
  ).catch((error) =>
    // They are files that nobody needs: the VMs run without them being swept.
    log.warn("{problem}", { problem: formatError(error) })
  );
  const figures = new FiguresSampler({
    ...deps,
    running: () =>
      vms.observed().filter(({ runtimeHash }) => runtimeHash !== null).map(
        ({ vm: id, incarnation }) => ({ id, incarnation }),
      ),
  });
  const ending = new AbortController();
  const sampling = figures.run(ending.signal);
  stack.defer(async () => {
    ending.abort("the worker stops");
    await sampling;
  });
  return { access, figures };
}
