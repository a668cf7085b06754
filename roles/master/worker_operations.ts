/**
 * What operators ask of workers: cordon, uncordon, drain, and the removal of
 * one that is lost. What is moved where is the tick's decision.
 *
 * @module
 */
import { AppError } from "../model/errors.ts";
import type { Actor } from "../model/event.ts";
import type { Operation } from "../model/operation.ts";
import type { OperationDoc, WorkerDoc } from "./core/documents.ts";
import { drainAgain, runningOf, stepOperation } from "./core/operations.ts";
import type { Draft } from "./documents.ts";
import type { OperationRecords } from "./operation_records.ts";
import { type MasterState, operationsIn } from "./state.ts";

/** VMs named in a sentence. */
const MAX_NAMED = 10;

function namesOf(vms: readonly string[]): string {
  const more = vms.length - MAX_NAMED;
  const named = vms.slice(0, MAX_NAMED).join(", ");
  return more > 0 ? `${named} and ${more} more` : named;
}

/** How a drain goes. */
export interface DrainOptions {
  /** 0: as long as it takes. */
  deadlineMs: number;
  force: boolean;
  reason: string;
}

export class WorkerOperations {
  readonly #state: MasterState;
  readonly #records: OperationRecords;

  constructor(state: MasterState, records: OperationRecords) {
    this.#state = state;
    this.#records = records;
  }

  #setCordon(
    draft: Draft,
    doc: WorkerDoc,
    cordon: WorkerDoc["cordon"],
  ): void {
    draft.put("worker", doc.name, { ...doc, cordon });
  }

  #cordoned(by: Actor, reason: string): NonNullable<WorkerDoc["cordon"]> {
    const { role, name, tokenId } = by;
    return {
      by: { role, name, tokenId },
      reason,
      atMs: this.#state.clock.now(),
    };
  }

  /** Places no new VMs on a worker; what runs there goes on. */
  cordon(worker: string, reason: string, by: Actor): Promise<Operation> {
    return this.#records.ask(by, (draft) => {
      const doc = this.#records.worker(draft, worker);
      if (doc.cordon !== null) {
        const known = this.#records.latest(draft, ["cordon", "drain"], worker);
        if (known !== undefined) return known;
      } else this.#setCordon(draft, doc, this.#cordoned(by, reason));
      const message = doc.cordon === null
        ? `${worker} takes no new VMs`
        : `${worker} took no new VMs already`;
      return this.#records.record(draft, {
        kind: "cordon",
        target: worker,
        by,
        reason,
        message,
      });
    });
  }

  uncordon(worker: string, by: Actor): Promise<Operation> {
    return this.#records.ask(by, (draft) => {
      const doc = this.#records.worker(draft, worker);
      const drain = runningOf(operationsIn(draft), "drain", worker);
      if (drain !== undefined) {
        throw new AppError(
          "refused",
          `Cannot uncordon ${worker}: ${drain.id} drains it`,
          { hint: `stop that first: procurator cancel ${drain.id}` },
        );
      }
      if (doc.cordon === null) {
        const known = this.#records.latest(draft, ["uncordon"], worker);
        if (known !== undefined) return known;
      } else this.#setCordon(draft, doc, null);
      return this.#records.record(draft, {
        kind: "uncordon",
        target: worker,
        by,
        reason: "",
        message: doc.cordon === null
          ? `${worker} was not cordoned`
          : `${worker} takes new VMs again`,
      });
    });
  }

  /** Cordons a worker, then moves every VM away; 0: as long as it takes. */
  drain(
    worker: string,
    { deadlineMs, force, reason }: DrainOptions,
    by: Actor,
  ): Promise<Operation> {
    return this.#records.ask(by, (draft) => {
      const doc = this.#records.worker(draft, worker);
      const deadlineAtMs = deadlineMs === 0
        ? null
        : this.#state.clock.now() + deadlineMs;
      const running = runningOf(operationsIn(draft), "drain", worker);
      if (running !== undefined) {
        const next = drainAgain(running, { deadlineAtMs, force });
        if (next !== running) draft.put("operation", next.id, next);
        return next;
      }
      if (doc.cordon === null) {
        this.#setCordon(
          draft,
          doc,
          this.#cordoned(by, reason === "" ? "it is drained" : reason),
        );
      }
      const total = [...draft.placementsOn(worker)].length;
      const begun = this.#records.record(draft, {
        kind: "drain",
        target: worker,
        by,
        reason,
        message: `${total} to move`,
        deadlineAtMs,
        force,
        total,
        isRunning: true,
      });
      // An empty worker is drained at once.
      const next = stepOperation(
        begun,
        this.#state.operationsView(draft),
        this.#state.clock.now(),
      );
      if (next !== begun) draft.put("operation", next.id, next);
      return next;
    });
  }

  /**
   * Forgets a lost worker without VMs; the volumes that were on it are given
   * up, which the record says.
   */
  removeWorker(worker: string, by: Actor): Promise<Operation> {
    return this.#records.ask(by, (draft) => {
      this.#records.worker(draft, worker);
      const liveness = this.#state.liveness(worker);
      if (liveness !== "lost") {
        throw new AppError(
          "refused",
          `Cannot remove ${worker}: it is ${liveness}, not lost`,
          { hint: "drain it, stop it, and wait until it is lost" },
        );
      }
      const copies = [...draft.placementsOn(worker)];
      const staying = copies.filter(({ leaving }) => !leaving);
      if (staying.length > 0) {
        const vms = staying.map(({ vm }) => vm).sort();
        throw new AppError(
          "refused",
          `Cannot remove ${worker}: there is no other place for ${
            namesOf(vms)
          }`,
          {
            hint:
              `make room elsewhere, or give up what they hold: procurator drain ${worker} --force`,
          },
        );
      }
      return this.#removeWorker(draft, { worker, copies, by });
    });
  }

  #removeWorker(
    draft: Draft,
    { worker, copies, by }: {
      worker: string;
      copies: readonly { vm: string; incarnation: number }[];
      by: Actor;
    },
  ): OperationDoc {
    for (const { vm, incarnation } of copies) {
      draft.delete("placement", `${vm}#${incarnation}`);
    }
    const volumes: string[] = [];
    for (const [vm, doc] of draft.entries("volume")) {
      if (doc.worker === worker) volumes.push(vm);
    }
    for (const vm of volumes) draft.delete("volume", vm);
    const isRouted = draft.get("worker", worker)?.network !== undefined;
    draft.delete("worker", worker);
    // Their routes to it end. Its copies' addresses are in a subnet that nobody has any more.
    if (isRouted) this.#state.networking.raiseNetworked(draft);
    for (const doc of operationsIn(draft)) {
      if (doc.state !== "running" || doc.target !== worker) continue;
      const nowMs = this.#state.clock.now();
      const next = stepOperation(doc, this.#state.operationsView(draft), nowMs);
      if (next !== doc) draft.put("operation", doc.id, next);
    }
    const given = volumes.length === 0
      ? ""
      : `; the volumes of ${
        namesOf(volumes.sort())
      } were there and are given up`;
    return this.#records.record(draft, {
      kind: "removeWorker",
      target: worker,
      by,
      reason: "",
      message: `${worker} is forgotten${given}`,
    });
  }
}
