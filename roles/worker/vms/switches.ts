/**
 * Switches the user space of guests that run, and gives up what is to be
 * stopped. Decides nothing: what came of it is told.
 *
 * @module
 */
import { type CopyId, copyKey } from "../../model/ids.ts";
import type { HostFailure } from "../../model/observed.ts";
import type { Clock } from "../../model/ports.ts";
import type { Guests, SwitchResult } from "../../../vmm/guest/mod.ts";
import type { Action, VmEvent } from "./core/vm_messages.ts";

type SwitchAction = Extract<Action, { kind: "switch" }>;

const NOBODY: SwitchResult = {
  kind: "refused",
  reason: "guests cannot be reached",
};

export class Switches {
  readonly #guests: Guests | undefined;
  readonly #clock: Clock;
  readonly #tell: (copy: CopyId, event: VmEvent) => void;
  /** By copy: those under way. */
  readonly #underWay = new Map<string, AbortController>();

  /** @param deps without `guests` every switch is refused. */
  constructor(
    deps: { guests?: Guests; clock: Clock },
    tell: (copy: CopyId, event: VmEvent) => void,
  ) {
    this.#guests = deps.guests;
    this.#clock = deps.clock;
    this.#tell = tell;
  }

  /** @param unsaved why the ledger does not say so yet: then nothing is asked of the guest. */
  async run(
    copy: CopyId,
    { op, target, timeoutMs }: SwitchAction,
    unsaved: HostFailure | null,
  ): Promise<void> {
    const failed = (
      outcome: Extract<VmEvent, { kind: "switchFailed" }>["outcome"],
      message: string,
    ) =>
      this.#tell(copy, {
        kind: "switchFailed",
        at: this.#clock.bootMs(),
        op,
        outcome,
        message,
        failure: unsaved,
      });
    if (unsaved !== null) return failed("unsaved", unsaved.message);
    const key = copyKey(copy);
    const controller = new AbortController();
    this.#underWay.set(key, controller);
    const { toplevel } = target.spec.image;
    const { signal } = controller;
    const result = await this.#guests?.switchTo(copy, toplevel, {
      timeoutMs,
      signal,
    }) ?? NOBODY;
    if (this.#underWay.get(key) === controller) this.#underWay.delete(key);
    if (result.kind !== "switched") return failed(result.kind, result.reason);
    this.#tell(copy, { kind: "switched", at: this.#clock.bootMs(), op });
  }

  giveUp(copy: CopyId): void {
    this.#underWay.get(copyKey(copy))?.abort();
  }

  giveUpAll(): void {
    for (const controller of this.#underWay.values()) controller.abort();
  }
}
