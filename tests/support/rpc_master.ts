/**
 * The master's side of a worker's session, over real sockets: it gives one
 * assignment, keeps the last report, and holds the worker's own capability,
 * which the real master lends to nobody.
 *
 * @module
 */
import type { Assignment, WorkerReport } from "../../roles/model/mod.ts";
import { compareFence } from "../../roles/model/mod.ts";
import { systemClock } from "../../roles/clock/mod.ts";
import {
  assignmentToWire,
  orderFenceFromWire,
  workerReportFromWire,
} from "../../rpc/convert.ts";
import {
  Gate,
  type GateServer,
  Session,
  type SessionServer,
  WorkerLink,
  type WorkerLinkServer,
} from "../../rpc/generated/master.ts";
import type { WorkerClient } from "../../rpc/generated/worker.ts";
import { serverOf, serveRpc } from "../../rpc/mod.ts";
import { scripted } from "./scripted_server.ts";

/** How often a poll looks for another assignment. */
const LOOK_MS = 25;

/** What the test does with it. */
export interface RpcMaster extends Disposable {
  readonly url: string;
  assign(assignment: Assignment): void;
  report(): WorkerReport | null;
  /** The worker that registered last; null before. */
  worker(): WorkerClient | null;
}

/** Serves one worker. */
export async function serveRpcMaster(): Promise<RpcMaster> {
  let assignment: Assignment | null = null;
  let report: WorkerReport | null = null;
  let worker: WorkerClient | null = null;
  const link = scripted<WorkerLinkServer>({
    async getAssignment({ lastSeen, waitMs }, { signal }) {
      const seen = orderFenceFromWire(lastSeen);
      const end = systemClock.bootMs() + waitMs;
      while (!signal.aborted && systemClock.bootMs() < end) {
        if (assignment !== null && compareFence(assignment, seen) > 0) {
          return { unchanged: false, assignment: assignmentToWire(assignment) };
        }
        await systemClock.sleep(LOOK_MS, signal);
      }
      return { unchanged: true };
    },
    pushData(wire) {
      report = workerReportFromWire(wire);
      const { leaseEpoch, revision } = report;
      return { leaseEpoch, revision, leaseMs: 3000 };
    },
    register(given) {
      worker?.dispose();
      worker = given.worker.dup();
    },
  });
  const session = scripted<SessionServer>({
    workerLink: () => ({ link: serverOf(WorkerLink, link) }),
  });
  const gate = scripted<GateServer>({
    login: () => ({ session: serverOf(Session, session) }),
  });
  const listener = await serveRpc({
    transport: { hostname: "127.0.0.1", port: 0 },
    bootstrap: () => serverOf(Gate, gate),
  });
  return {
    url: listener.address,
    assign: (next) => {
      assignment = next;
    },
    report: () => report,
    worker: () => worker,
    [Symbol.dispose]: () => {
      worker?.dispose();
      listener.close();
    },
  };
}
