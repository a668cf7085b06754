/**
 * The records of what operators ask for: making, finding and showing them, and
 * the bounds on how many run and are kept. Decides nothing about what a record
 * asks for.
 *
 * @module
 */
import { AppError } from "../model/errors.ts";
import type { Actor } from "../model/event.ts";
import type { Operation, OperationKind } from "../model/operation.ts";
import type { OperationDoc, WorkerDoc } from "./core/documents.ts";
import {
  forgettable,
  MAX_RUNNING_OPERATIONS,
  type NewOperation,
  newOperation,
  numberOf,
} from "./core/operations.ts";
import type { Draft, Reading } from "./documents.ts";
import { type MasterState, operationsIn } from "./state.ts";

/** What the operations need of the service that owns them. */
export interface OperationsOptions {
  state: MasterState;
  change<T>(
    name: string,
    change: (draft: Draft) => T,
    by: Actor,
  ): Promise<T>;
}

/** The record as it is shown. */
export function shown(
  { moves: _moves, ...operation }: OperationDoc,
): Operation {
  return operation;
}

export class OperationRecords {
  readonly #state: MasterState;
  readonly #change: OperationsOptions["change"];

  constructor({ state, change }: OperationsOptions) {
    this.#state = state;
    this.#change = change;
  }

  /** @throws {AppError} `not_found` */
  require(reading: Reading, id: string): OperationDoc {
    const doc = reading.get("operation", id);
    if (doc !== undefined) return doc;
    throw new AppError("not_found", `There is no operation "${id}"`, {
      hint: "see: procurator operations",
    });
  }

  /** @throws {AppError} `not_found` */
  worker(reading: Reading, name: string): WorkerDoc {
    const doc = reading.get("worker", name);
    if (doc !== undefined) return doc;
    throw new AppError("not_found", `There is no worker "${name}"`, {
      hint: "see: procurator status",
    });
  }

  /** Makes a new record; those that ended beyond the bound are forgotten. */
  record(
    draft: Draft,
    begin: Omit<NewOperation, "nowMs">,
  ): OperationDoc {
    const known = operationsIn(draft);
    if (begin.isRunning === true) {
      const running = known.filter(({ state }) => state === "running").length;
      if (running >= MAX_RUNNING_OPERATIONS) {
        throw new AppError(
          "overloaded",
          `Cannot begin a ${begin.kind}: ${running} operations run already`,
          { hint: "wait for one to end, or: procurator cancel ID" },
        );
      }
    }
    const nowMs = this.#state.clock.now();
    const doc = newOperation(known, { ...begin, nowMs });
    draft.put("operation", doc.id, doc);
    for (const id of forgettable([...known, doc])) {
      draft.delete("operation", id);
    }
    return doc;
  }

  /** The newest record of these kinds that made `target` what it is. */
  latest(
    draft: Draft,
    kinds: readonly OperationKind[],
    target: string,
  ): OperationDoc | undefined {
    return operationsIn(draft)
      .filter((doc) => kinds.includes(doc.kind) && doc.target === target)
      .sort((a, b) => numberOf(b.id) - numberOf(a.id))[0];
  }

  /** Decides on a draft; the record is shown once it is committed. */
  async ask(
    by: Actor,
    decide: (draft: Draft) => OperationDoc,
  ): Promise<Operation> {
    return shown(await this.#change("operate", decide, by));
  }
}
