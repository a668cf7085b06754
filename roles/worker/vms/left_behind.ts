/**
 * What a worker finds when it starts: for each copy of a VM its order, what
 * was remembered of it and what runs. Decides nothing.
 *
 * @module
 */
import type { VmInstance } from "../../../vmm/mod.ts";
import type { Order } from "../../model/assignment.ts";
import { type CopyId, copyKey } from "../../model/ids.ts";
import { copyOf, type Ledger } from "./core/ledger.ts";

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
