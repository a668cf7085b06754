/**
 * One worker's link over the wire: its orders, its reports, and the way back
 * to it.
 *
 * @module
 */
import {
  assignmentToWire,
  orderFenceFromWire,
  workerReportFromWire,
} from "../../rpc/convert.ts";
import type { WorkerLinkServer } from "../../rpc/generated/master.ts";
import type { WorkerClient } from "../../rpc/generated/worker.ts";
import type { Released } from "../../rpc/mod.ts";
import { AppError } from "../model/errors.ts";
import type { Check, RpcDeps } from "./rpc_deps.ts";

/** One worker's side of its session. */
export class WorkerLinkObject implements WorkerLinkServer, Released {
  readonly #deps: RpcDeps;
  readonly #check: Check;
  readonly #name: string;
  #registered = new DisposableStack();
  /** Of the last report: polls carry none. */
  #process = "";

  constructor(deps: RpcDeps, check: Check, name: string) {
    this.#deps = deps;
    this.#check = check;
    this.#name = name;
  }

  async getAssignment(
    { lastSeen, waitMs }: Parameters<WorkerLinkServer["getAssignment"]>[0],
    { signal }: Parameters<WorkerLinkServer["getAssignment"]>[1],
  ) {
    this.#check();
    const assignment = await this.#deps.service.getAssignment(
      this.#name,
      orderFenceFromWire(lastSeen),
      waitMs,
      signal,
      this.#process,
    );
    return assignment === null
      ? { unchanged: true }
      : { unchanged: false, assignment: assignmentToWire(assignment) };
  }

  async pushData(params: Parameters<WorkerLinkServer["pushData"]>[0]) {
    this.#check();
    const report = workerReportFromWire(params);
    if (report.worker !== this.#name) {
      throw new AppError(
        "refused",
        `Cannot take a report of "${report.worker}": this link belongs to "${this.#name}"`,
      );
    }
    this.#process = report.process;
    const newest = await this.#deps.service.pushData(report);
    return { ...newest, leaseMs: this.#deps.service.leaseMs };
  }

  register({ worker }: { worker: WorkerClient }) {
    this.#check();
    this.#registered.dispose();
    this.#registered = new DisposableStack();
    const kept = this.#registered.use(worker.dup());
    this.#registered.use(this.#deps.service.register(this.#name, {
      worker: kept,
      logs: async (request, signal) => await kept.logs(request, { signal }),
    }));
  }

  /** The session has ended, or has given the link back. */
  released(): void {
    this.#registered.dispose();
  }
}
