/**
 * The state machine of one VM: what an event makes of it, and what is to be
 * done. Pure and level-triggered: after every event `decide` compares what
 * should run with what does, whatever the event was.
 *
 * ```text
 *            fetched            started           healthy for minHealthyTime
 *   off ──▶ (fetching) ──▶ starting ──▶ on ·········▶ on, settled
 *    ▲          │ save "armed"│           │ │              │ ended
 *    │ back-off └─────────────┘ failed    │ │ deadline     ▼
 *    ├──────────────────────◀─────────────┘ │         off (back-off) or
 *    │                      ended           ▼         ended (policy)
 *    └───────────◀── stopping ◀── save "rolledBack": the wanted target is now the fallback
 *
 *   no order: on ──▶ stopping ──▶ off ──▶ forgetting ──▶ forgotten
 * ```
 *
 * A new runtimeHash is fetched while the old guest runs; then the deadline is
 * armed in the ledger, the old one stopped, the new one started. Failures of
 * the host disarm it: they are retried, they do not roll back.
 *
 * @module
 */
import { decide } from "./vm_decide.ts";
import { absorb } from "./vm_events.ts";
import type { Action, VmEvent } from "./vm_messages.ts";
import type { Vm } from "./vm_state.ts";
import type { Work } from "./work.ts";

/** What a step makes of a VM. */
export interface Step {
  vm: Vm;
  actions: Action[];
}

/** The VM after an event, and what is to be done. */
export function step(vm: Vm, event: VmEvent): Step {
  const work: Work = { vm, actions: [], at: event.at };
  absorb(work, event);
  decide(work);
  return { vm: work.vm, actions: work.actions };
}
