/**
 * Keeps what is derived in step with what happens: each commit, report,
 * renewal and change of a worker is followed into the views of workers, the
 * room on them, and the clusters that have to be looked at. Says whom a change
 * concerns; what is done about it is decided by the look.
 *
 * @module
 */
import { splitVmId } from "../model/ids.ts";
import type { WorkerReport } from "../model/observed.ts";
import type { Clock } from "../model/ports.ts";
import type { Agenda } from "./core/agenda.ts";
import type { PlacementDoc } from "./core/documents.ts";
import type { NewEvent } from "./core/event_words.ts";
import { livenessEvent, observationEvents } from "./core/observation_events.ts";
import type { PlanRoom } from "./core/plan_room.ts";
import { clustersInNews, isNewsOfAll } from "./core/report_news.ts";
import type { WorkerView } from "./core/snapshot.ts";
import {
  type DocumentChange,
  type Documents,
  isChangeOf,
} from "./documents.ts";
import type { Fleet } from "./fleet.ts";
import type { Networking } from "./networking.ts";

/** What is followed, and what is kept in step with it. */
export interface FollowingOptions {
  documents: Documents;
  clock: Clock;
  fleet: Fleet;
  agenda: Agenda;
  room: PlanRoom;
  networking: Networking;
  /** Takes events that follow from no document. */
  tell(event: NewEvent): void;
}

export class Following {
  readonly #documents: Documents;
  readonly #clock: Clock;
  readonly #fleet: Fleet;
  readonly #agenda: Agenda;
  readonly #room: PlanRoom;
  readonly #networking: Networking;
  readonly #tell: FollowingOptions["tell"];

  constructor(options: FollowingOptions) {
    this.#documents = options.documents;
    this.#clock = options.clock;
    this.#fleet = options.fleet;
    this.#agenda = options.agenda;
    this.#room = options.room;
    this.#networking = options.networking;
    this.#tell = options.tell;
  }

  /** Takes note of what was committed. */
  follow(changes: readonly DocumentChange[]): void {
    const bootMs = this.#clock.bootMs();
    let isIncarnationNew = false;
    let isRoomFreed = false;
    for (const change of changes) {
      this.#networking.follow(change);
      if (isChangeOf(change, "worker")) this.#fleet.refresh(change.id, bootMs);
      else if (isChangeOf(change, "operation")) this.#followOperation(change);
      else if (isChangeOf(change, "store")) {
        isIncarnationNew ||=
          change.before?.incarnation !== change.after?.incarnation;
      } else if (change.kind !== "intent") this.#touch(clusterOf(change.id));
      if (!isChangeOf(change, "placement")) continue;
      const { before, after } = change;
      if (before !== null) this.#room.release(before);
      if (after !== null) this.#room.take(after);
      isRoomFreed ||= before !== null && freesRoom(before, after);
    }
    if (isRoomFreed) this.#agenda.touchWaiting();
    if (isIncarnationNew) this.#fleet.refreshAll(bootMs);
  }

  /** What an operation asks for concerns what is on its worker, its cluster, and what it moves. */
  #followOperation({ before, after }: DocumentChange<"operation">): void {
    for (const doc of [before, after]) {
      if (doc === null) continue;
      this.#touchWorker(doc.target);
      this.#touch(doc.target);
      for (const { vm } of doc.moves) this.#touch(splitVmId(vm).cluster);
    }
  }

  /** Takes note of a report; `before` is the one that it replaced. */
  heard(before: WorkerReport | null, report: WorkerReport): void {
    const nowMs = this.#clock.now();
    this.#fleet.refresh(report.worker, this.#clock.bootMs());
    if (before === null || isNewsOfAll(before, report)) {
      this.#touchWorker(report.worker);
    }
    if (before === null) return;
    const at = { before: before.vms, after: report.vms, nowMs };
    for (const event of observationEvents(report.worker, at)) this.#tell(event);
    for (const cluster of clustersInNews(before, report)) this.#touch(cluster);
  }

  /** Takes note that a lease was renewed. */
  renewed(name: string): void {
    const { state } = this.#fleet.views.get(name) ?? { state: "alive" };
    if (state !== "alive") this.#fleet.refresh(name, this.#clock.bootMs());
  }

  /** Takes note that a worker has shown a higher pair than before. */
  acknowledged(name: string): void {
    for (const { vm, acknowledged } of this.#documents.placementsOn(name)) {
      if (!acknowledged) this.#touch(splitVmId(vm).cluster);
    }
  }

  /** Takes note that a worker came, changed or went. */
  workerChanged(
    name: string,
    before: WorkerView | null,
    after: WorkerView | null,
  ): void {
    this.#touchWorker(name);
    if (after === null) return this.#room.removeWorker(name);
    const { doc, state, report } = after;
    if (before !== null && before.state !== state) {
      this.#tell(livenessEvent(name, {
        before: before.state,
        after: state,
        nowMs: this.#clock.now(),
      }));
    }
    this.#room.setWorker({
      name,
      // After a restart every lease counts as renewed; only who reports is given something.
      state: state === "alive" && report === null ? "disconnected" : state,
      capacity: doc.capacity,
      attributes: doc.attributes,
      cordon: doc.cordon?.reason ?? null,
      addressing: this.#networking.addressingOf(doc),
    });
    if (state === "alive" && report !== null) this.#agenda.touchWaiting();
  }

  #touchWorker(name: string): void {
    for (const { vm } of this.#documents.placementsOn(name)) {
      this.#touch(splitVmId(vm).cluster);
    }
  }

  /** Workers may report VMs of clusters that never were. */
  #touch(cluster: string): void {
    if (this.#documents.get("cluster", cluster) === undefined) return;
    this.#agenda.touch(cluster);
  }
}

/** The cluster that a document's id is, or begins with. */
function clusterOf(id: string): string {
  const end = id.indexOf("/");
  return end === -1 ? id : id.slice(0, end);
}

function freesRoom(before: PlacementDoc, after: PlacementDoc | null): boolean {
  return after === null ||
    after.reserved.cpuMilli < before.reserved.cpuMilli ||
    after.reserved.memoryMib < before.reserved.memoryMib ||
    after.ports.length < before.ports.length;
}
