/**
 * The master over RPC. One connection, made when it is needed and dropped when
 * a call fails for want of it; waiting between tries is the caller's.
 *
 * @module
 */
import { AppError, toAppError } from "../../model/errors.ts";
import type { Assignment, OrderFence } from "../../model/assignment.ts";
import type { WorkerReport } from "../../model/observed.ts";
import { connectRpc, serverOf, type Session } from "../../../rpc/mod.ts";
import {
  assignmentFromWire,
  observedVmToWire,
  orderFenceFromWire,
  workerReportToWire,
} from "../../../rpc/convert.ts";
import { Gate, type WorkerLinkClient } from "../../../rpc/generated/master.ts";
import {
  Worker,
  type WorkerClient,
  type WorkerServer,
} from "../../../rpc/generated/worker.ts";
import { vmMethods } from "../seeing/rpc_vm.ts";
import type { MasterLink, Renewed, WorkerView } from "./master_link.ts";

/** Connecting, logging in, reporting: a master that needs longer is as good as gone. */
const CALL_TIMEOUT_MS = 10_000;

/** Connections and the time they may take. */
export interface LinkNetwork {
  /** @throws {AppError} `unavailable` or `timeout`. */
  connect(options: {
    url: string;
    caCert?: string | undefined;
    signal: AbortSignal;
  }): Promise<Session>;
  /** Aborts with a `TimeoutError` after `ms`. */
  timeout(ms: number): AbortSignal;
}

const SOCKETS: LinkNetwork = {
  connect: connectRpc,
  timeout: (ms) => AbortSignal.timeout(ms),
};

/** How the master is reached. */
export interface RpcLinkOptions {
  url: string;
  token: string;
  caCert?: string | undefined;
  /** What the worker exports over its session. */
  view: WorkerView;
  /** Default: sockets. A simulator brings its own. */
  network?: LinkNetwork;
}

/** The worker's own interface over what it shows. */
export function workerServer(view: WorkerView): WorkerServer {
  return {
    read: () => ({
      worker: view.name,
      vms: view.observed().map(observedVmToWire),
    }),
    listVms: () => ({ vms: view.observed().map(({ vm }) => vm) }),
    logs: async ({ vm, maxBytes }) => await view.logs(vm, maxBytes),
    ...vmMethods(view.access),
  };
}

/** The value, or the abort's reason when that comes first. */
async function orAbort<T>(value: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    signal.throwIfAborted();
    return await Promise.race([value, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

interface Connected {
  link: WorkerLinkClient;
  close(): void;
}

/** {@linkcode MasterLink} over rpc/. */
export class RpcLink implements MasterLink {
  #options: RpcLinkOptions;
  readonly #network: LinkNetwork;
  #worker: WorkerServer;
  #connected: Promise<Connected> | null = null;
  #closed = false;

  constructor(options: RpcLinkOptions) {
    this.#options = options;
    this.#network = options.network ?? SOCKETS;
    this.#worker = workerServer(options.view);
  }

  async getAssignment(
    lastSeen: OrderFence,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<Assignment | null> {
    const timeoutMs = waitMs + CALL_TIMEOUT_MS;
    return await this.#call(signal, timeoutMs, async (link, limit) => {
      const reply = await link.getAssignment(
        { lastSeen, waitMs },
        { signal: limit },
      );
      return reply.unchanged ? null : assignmentFromWire(reply.assignment);
    });
  }

  async pushData(
    report: WorkerReport,
    signal: AbortSignal,
  ): Promise<Renewed> {
    return await this.#call(signal, CALL_TIMEOUT_MS, async (link, limit) => {
      const reply = await link.pushData(workerReportToWire(report), {
        signal: limit,
      });
      const { leaseMs } = reply;
      const newest = orderFenceFromWire(reply);
      return leaseMs === 0 ? newest : { ...newest, leaseMs };
    });
  }

  close(): Promise<void> {
    this.#closed = true;
    const connected = this.#connected;
    this.#connected = null;
    // One that is still being made is closed when it is there: nobody waits for it.
    connected?.then(({ close }) => close(), () => undefined);
    return Promise.resolve();
  }

  async #call<T>(
    signal: AbortSignal,
    timeoutMs: number,
    work: (link: WorkerLinkClient, limit: AbortSignal) => Promise<T>,
  ): Promise<T> {
    if (this.#closed) {
      throw new AppError("unavailable", "The link to the master is closed");
    }
    const connecting = this.#connected ??= this.#connect();
    const limit = AbortSignal.any([signal, this.#network.timeout(timeoutMs)]);
    try {
      const { link } = await orAbort(connecting, limit);
      return await work(link, limit);
    } catch (error) {
      const known = toAppError(error);
      // An answer that says no came over a connection that works.
      const keeps = signal.aborted || known.code === "refused" ||
        known.code === "conflict" || known.code === "invalid" ||
        known.code === "overloaded";
      if (!keeps && this.#connected === connecting) {
        this.#connected = null;
        connecting.then(({ close }) => close(), () => undefined);
      }
      throw known;
    }
  }

  async #connect(): Promise<Connected> {
    const { url, token, caCert, view } = this.#options;
    const signal = this.#network.timeout(CALL_TIMEOUT_MS);
    const connection = await this.#network.connect({
      url,
      signal,
      ...(caCert === undefined ? {} : { caCert }),
    });
    try {
      const gate = connection.bootstrap(Gate);
      const { session } = gate.login({ token });
      const { link } = await session.workerLink({ name: view.name }, {
        signal,
      });
      const worker: WorkerClient = serverOf(Worker, this.#worker);
      try {
        await link.register({ worker }, { signal });
      } finally {
        worker.dispose();
      }
      return { link, close: () => connection.close() };
    } catch (error) {
      connection.close();
      throw error;
    }
  }
}
