/**
 * The copies of all VMs that are here: found by copy and by VM, with what was
 * last shown of each.
 *
 * A verdict (settled, rolled back) is shown from the moment it is on disk: told
 * sooner, a kill would take back what the master already counts on. Until then
 * the former one is shown.
 *
 * @module
 */
import { MAX_ORDERS } from "../../model/assignment.ts";
import { type CopyId, copyKey } from "../../model/ids.ts";
import type { ObservedVm } from "../../model/observed.ts";
import { observe } from "./core/vm_report.ts";
import { hasGuest, type Vm } from "./core/vm_state.ts";

type Verdict = Pick<ObservedVm, "settled" | "rolledBack">;

export interface Entry {
  vm: Vm;
  /** When it was last stepped. */
  at: number;
  /** When a tick can next change something: the loop asks every copy at every look. */
  wakesAtMs: number;
  /** What was last shown of it, to tell changes; null: nothing yet. */
  shown: ObservedVm | null;
  /** The verdict that is shown while newer ones are being written, and how many are. */
  former: { verdict: Verdict; writing: number } | null;
}

/** The copy that is meant when a VM is named: ordered and no surge, with a guest, the newest. */
function mainFirst(a: Vm, b: Vm): number {
  const isMain = ({ desired }: Vm) =>
    desired.kind === "order" && !desired.order.surge;
  return Number(isMain(b)) - Number(isMain(a)) ||
    Number(hasGuest(b)) - Number(hasGuest(a)) ||
    b.incarnation - a.incarnation;
}

/** The copy as it may be told of. */
export function shownOf({ vm, former }: Entry, at: number): ObservedVm {
  return { ...observe(vm, at), ...former?.verdict };
}

/** Before a step that makes one: what is shown goes on being shown. */
export function withhold(entry: Entry, before: Vm): void {
  if (entry.former !== null) {
    entry.former.writing++;
    return;
  }
  const { settled, rolledBack } = observe(before, entry.at);
  entry.former = { verdict: { settled, rolledBack }, writing: 1 };
}

/** One was written, or could not be: the disk's failure is told by itself. */
export function release(entry: Entry): void {
  if (entry.former === null) return;
  if (--entry.former.writing <= 0) entry.former = null;
}

export class Copies {
  /** By copy. */
  readonly #entries = new Map<string, Entry>();
  /** The copies of each VM, by its id. */
  readonly #ofVm = new Map<string, Map<string, Entry>>();

  get(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  keys(): string[] {
    return [...this.#entries.keys()];
  }

  /** Every copy, live: one that is dropped while this is walked is passed over. */
  entries(): IterableIterator<[string, Entry]> {
    return this.#entries.entries();
  }

  all(): Entry[] {
    return [...this.#entries.values()];
  }

  put(entry: Entry): void {
    const key = copyKey(entry.vm);
    this.#entries.set(key, entry);
    const copies = this.#ofVm.get(entry.vm.id) ?? new Map<string, Entry>();
    this.#ofVm.set(entry.vm.id, copies.set(key, entry));
  }

  drop(copy: CopyId): void {
    const key = copyKey(copy);
    this.#entries.delete(key);
    const copies = this.#ofVm.get(copy.id);
    copies?.delete(key);
    if (copies?.size === 0) this.#ofVm.delete(copy.id);
  }

  /** Which one is meant by a VM's id, or that very incarnation; 0 is any. */
  meant(id: string, incarnation: number): Vm | undefined {
    return [...this.#ofVm.get(id)?.values() ?? []]
      .map(({ vm }) => vm)
      .filter((vm) => incarnation === 0 || vm.incarnation === incarnation)
      .sort(mainFirst)[0];
  }

  /** The other copies of the same VM. */
  others({ vm }: Entry): Entry[] {
    const copies = [...this.#ofVm.get(vm.id)?.values() ?? []];
    return copies.filter((other) => other.vm.incarnation !== vm.incarnation);
  }

  /** Whether another copy of the same VM has a guest. */
  isBeside(entry: Entry): boolean {
    return this.others(entry).some(({ vm }) => hasGuest(vm));
  }

  /** As many as a report has room for, as there may be orders. What runs comes first: left out, it would count as gone. */
  reported(): Entry[] {
    const entries = this.all();
    if (entries.length <= MAX_ORDERS) return entries;
    const runs = ({ vm }: Entry) => hasGuest(vm);
    const rest = entries.filter((entry) => !runs(entry));
    return [...entries.filter(runs), ...rest].slice(0, MAX_ORDERS);
  }
}
