/**
 * What is seen of workers and their VMs that no document holds, in words: who
 * answers and who does not, what went back, failed or was changed.
 *
 * @module
 */
import { SYSTEM } from "../../model/event.ts";
import { splitVmId } from "../../model/ids.ts";
import type { ObservedVm } from "../../model/observed.ts";
import { placementKey } from "./documents.ts";
import { type NewEvent, newEvent } from "./event_words.ts";
import type { Liveness } from "./liveness.ts";

/** Longest fact beside it. */
const MAX_VALUE_CHARS = 1024;

/** A worker is seen otherwise than at the last look. */
export function livenessEvent(
  worker: string,
  { before, after, nowMs }: {
    before: Liveness;
    after: Liveness;
    nowMs: number;
  },
): NewEvent {
  const text = {
    alive: "answers again",
    disconnected: "is disconnected: it has not renewed its lease",
    lost: "is lost: its VMs are placed elsewhere",
  } as const satisfies Record<Liveness, string>;
  return newEvent({ by: SYSTEM, nowMs }, {
    topic: "worker",
    subject: worker,
    message: text[after],
    data: { state: after, before },
  });
}

/** Few have anything to tell that is worth an event. */
function hasNews(vm: ObservedVm): boolean {
  return vm.rolledBack !== null || vm.hostFailure !== null ||
    vm.change !== undefined;
}

/** A restart goes by nothing that runs: it is told once. */
function isNewChange(was: ObservedVm | undefined, vm: ObservedVm): boolean {
  if (was?.change !== vm.change) return true;
  return was !== undefined && was.runtimeHash !== null &&
    vm.runtimeHash !== null && was.runtimeHash !== vm.runtimeHash;
}

/** What a worker tells of its VMs that no document holds: that it went back, could not through no fault of the VM, or how it changed what runs. */
export function observationEvents(
  worker: string,
  { before, after, nowMs }: {
    before: readonly ObservedVm[];
    after: readonly ObservedVm[];
    nowMs: number;
  },
): NewEvent[] {
  const known = new Map<string, ObservedVm>();
  for (const vm of before) {
    if (hasNews(vm)) {
      known.set(placementKey(vm), vm);
    }
  }
  const events: NewEvent[] = [];
  for (const vm of after) {
    if (!hasNews(vm)) continue;
    const was = known.get(placementKey(vm));
    const tell = (message: string) =>
      events.push(newEvent({ by: SYSTEM, nowMs }, {
        topic: "vm",
        cluster: splitVmId(vm.vm).cluster,
        subject: vm.vm,
        message,
        data: { worker, generation: String(vm.generation) },
      }));
    const { rolledBack, hostFailure, change } = vm;
    if (
      rolledBack !== null &&
      was?.rolledBack?.orderRevision !== rolledBack.orderRevision
    ) {
      tell(
        `rolled back on ${worker} from generation ${rolledBack.generation}: ${rolledBack.reason}`
          .slice(0, MAX_VALUE_CHARS),
      );
    }
    if (hostFailure !== null && was?.hostFailure?.kind !== hostFailure.kind) {
      tell(
        `${worker} failed it (${hostFailure.kind}): ${hostFailure.message}`
          .slice(0, MAX_VALUE_CHARS),
      );
    }
    if (change !== undefined && isNewChange(was, vm)) {
      tell(`on ${worker}: ${change}`.slice(0, MAX_VALUE_CHARS));
    }
  }
  return events;
}
