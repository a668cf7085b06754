/**
 * What a worker finds when it starts: for each copy of a VM its order, what
 * was remembered of it and what runs; and each of them taken over.
 *
 * @module
 */
import type { VmInstance, Vmm } from "../../../vmm/mod.ts";
import type { Order } from "../../model/assignment.ts";
import { type CopyId, copyKey } from "../../model/ids.ts";
import type { Clock } from "../../model/ports.ts";
import { copyOf, emptyLedger, type Ledger } from "./core/ledger.ts";
import { restoreVm } from "./core/vm_restore.ts";
import type { Vm } from "./core/vm_state.ts";

/** What is known of a copy when the worker starts. */
export interface Left {
  copy: CopyId;
  order: Order | null;
  ledger: Ledger | null;
  found: VmInstance | null;
}

/** By copy: what was ordered, remembered and found running. */
export function leftBehind(
  orders: readonly Order[],
  ledgers: readonly Ledger[],
  found: readonly VmInstance[],
): Map<string, Left> {
  const known = new Map<string, Left>();
  const note = (copy: CopyId, part: Partial<Left>) => {
    const { id, incarnation } = copy;
    const left = known.get(copyKey(copy)) ??
      {
        copy: { id, incarnation },
        order: null,
        ledger: null,
        found: null,
      };
    known.set(copyKey(copy), { ...left, ...part });
  };
  for (const ledger of ledgers) note(copyOf(ledger), { ledger });
  for (const instance of found) note(instance, { found: instance });
  for (const order of orders) note(copyOf(order), { order });
  return known;
}

/** What taking over is done with. */
export interface TakeOverDeps {
  bootId: string;
  clock: Clock;
  vmm: Vmm;
  onWarning: (message: string, error: unknown) => void;
}

/**
 * The copy as its state machine goes on with it; null when nothing is left of
 * it. What runs and cannot be what anybody ordered is ended first.
 */
export async function takenOver(
  { copy, order, ledger: known, found }: Left,
  { bootId, clock, vmm, onWarning }: TakeOverDeps,
): Promise<Vm | null> {
  const ledger = known ?? emptyLedger(copy, bootId);
  const guest = found === null ? null : { ...found, ports: [...found.ports] };
  const vm = restoreVm({ ledger, order, found: guest }, clock.bootMs());
  if (vm !== null) return vm;
  onWarning(`ending ${copyKey(copy)}: it runs what nobody ordered`, null);
  await vmm.stop(copy, { graceMs: 0 });
  return restoreVm({ ledger, order, found: null }, clock.bootMs());
}
