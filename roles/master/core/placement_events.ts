/**
 * What changes of placements come to in words: copies of VMs that come, go,
 * move and change.
 *
 * @module
 */
import { splitVmId } from "../../model/ids.ts";
import { type PlacementDoc, placementKey } from "./documents.ts";
import {
  because,
  type EventContext,
  type Pair,
  type Told,
} from "./event_words.ts";

/** Tells of the copies of VMs: what came to one worker and left another in one change has moved. */
export class PlacementTeller {
  readonly #reasonOf: EventContext["reasonOf"];
  readonly #came = new Map<string, PlacementDoc>();
  readonly #left = new Map<string, { doc: PlacementDoc; isGone: boolean }>();
  readonly told: Told[] = [];

  constructor(reasonOf: EventContext["reasonOf"]) {
    this.#reasonOf = reasonOf;
  }

  add({ before, after }: Pair<"placement", PlacementDoc>): void {
    if (before === null) {
      if (after !== null && !after.leaving) this.#came.set(after.vm, after);
      return;
    }
    const isGone = after === null;
    if (!before.leaving && (isGone || after.leaving)) {
      this.#left.set(before.vm, { doc: before, isGone });
    } else if (isGone) this.#tell(before, `gone from ${before.worker}`);
    else if (!before.leaving) this.#changed(before, after);
  }

  #tell(doc: PlacementDoc, message: string, data = {}): void {
    this.told.push({
      topic: "vm",
      cluster: splitVmId(doc.vm).cluster,
      subject: doc.vm,
      message,
      data: {
        worker: doc.worker,
        generation: String(doc.generation),
        ...data,
      },
    });
  }

  #changed(before: PlacementDoc, after: PlacementDoc): void {
    const reason = this.#reasonOf(placementKey(after));
    if (before.runtimeHash !== after.runtimeHash) {
      const text =
        `updated to generation ${after.generation} on ${after.worker}`;
      this.#tell(after, because(text, reason));
    } else if (before.surge && !after.surge) {
      const text = `promoted: the copy on ${after.worker} is the main one`;
      this.#tell(after, because(text, reason));
    } else if (
      before.orderRevision !== after.orderRevision &&
      before.generation === after.generation &&
      before.policyHash === after.policyHash
    ) {
      this.#tell(after, because(`ordered again on ${after.worker}`, reason));
    }
    const known = new Map(before.avoid.map((avoid) => [avoid.worker, avoid]));
    for (const avoid of after.avoid) {
      if ((known.get(avoid.worker)?.count ?? 0) >= avoid.count) continue;
      this.#tell(after, `keeps away from ${avoid.worker}: ${avoid.reason}`, {
        worker: avoid.worker,
      });
    }
  }

  /** What came and what left, joined. */
  end(): Told[] {
    for (const [vm, doc] of this.#came) {
      const left = doc.surge ? undefined : this.#left.get(vm);
      const reason = this.#reasonOf(placementKey(doc)) ?? doc.decision?.reason;
      if (left === undefined) {
        const copy = doc.surge ? "a new copy is placed on" : "placed on";
        this.#tell(doc, because(`${copy} ${doc.worker}`, reason));
        continue;
      }
      this.#left.delete(vm);
      const why = this.#reasonOf(placementKey(left.doc)) ?? reason;
      this.#tell(
        doc,
        because(`moved from ${left.doc.worker} to ${doc.worker}`, why),
        { from: left.doc.worker },
      );
    }
    for (const { doc, isGone } of this.#left.values()) {
      const text = isGone ? `gone from ${doc.worker}` : `leaves ${doc.worker}`;
      this.#tell(doc, because(text, this.#reasonOf(placementKey(doc))));
    }
    return this.told;
  }
}
