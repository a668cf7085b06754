/**
 * A worker's real RPC link over the simulated network, and what a network can
 * do to calls that one connection cannot: a call that comes twice, or whose
 * answer comes late, over another connection.
 *
 * @module
 */
import type { Assignment, OrderFence } from "../../roles/model/assignment.ts";
import type { WorkerReport } from "../../roles/model/observed.ts";
import type {
  MasterLink,
  WorkerView,
} from "../../roles/worker/link/master_link.ts";
import { type LinkNetwork, RpcLink } from "../../roles/worker/link/rpc_link.ts";
import { Session } from "../../rpc/mod.ts";
import { type Kernel, Process, timeoutSignal } from "./kernel.ts";
import { MASTER } from "./master_node.ts";
import type { Network } from "./network.ts";
import type { RandomStream } from "./random.ts";
import type { Trace } from "./trace.ts";

/** How far behind its time a repeated call arrives. */
const LATE_MS = { min: 50, max: 30_000 };
/** How long a repeated poll waits for its answer, which nobody reads. */
const GHOST_WAIT_MS = 3000;
/** Assignments that may still be on their way. */
const MAX_OLD = 4;

export interface LinkFaults {
  repeats: boolean;
  late: boolean;
}

/** Told of reports. */
export interface LinkWatcher {
  sent(report: WorkerReport): void;
  answered(report: WorkerReport): void;
  /** A copy that came late has been taken or refused. */
  repeated(report: WorkerReport): void;
}

/** One poll; each is another object. */
export interface OpenPoll {
  begunMs: number;
}

interface LinkParts {
  kernel: Kernel;
  network: Network;
  random: RandomStream;
  trace: Trace;
  token: string;
  process: Process;
  view: WorkerView;
  watcher: LinkWatcher;
  /** Given an assignment that was given before. */
  onLate(assignment: Assignment): void;
}

function networkOf(
  { kernel, network, process, view }: LinkParts,
  sessions: Set<Session>,
): LinkNetwork {
  return {
    async connect({ signal }) {
      const transport = await network.connect(view.name, MASTER, {
        process,
        signal,
      });
      const session = new Session(transport, { collectForgotten: false });
      sessions.add(session);
      session.closed.then(() => sessions.delete(session));
      return session;
    },
    timeout: (ms) => timeoutSignal(kernel, ms),
  };
}

export class SimulatedLink implements MasterLink {
  readonly sessions = new Set<Session>();
  readonly #parts: LinkParts;
  readonly #faults: LinkFaults;
  readonly #inner: RpcLink;
  #old: Assignment[] = [];
  /** Null while none waits. */
  openPoll: OpenPoll | null = null;

  constructor(parts: LinkParts, faults: LinkFaults) {
    this.#parts = parts;
    this.#faults = faults;
    this.#inner = this.#connectAs(parts);
  }

  #connectAs(parts: LinkParts): RpcLink {
    return new RpcLink({
      url: MASTER,
      token: parts.token,
      view: parts.view,
      network: networkOf(parts, this.sessions),
    });
  }

  async getAssignment(
    lastSeen: OrderFence,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<Assignment | null> {
    const { random, trace, view } = this.#parts;
    if (this.#faults.repeats && random.chance(0.05)) {
      this.#repeat(
        "repeated-poll",
        (link, signal) => link.getAssignment(lastSeen, GHOST_WAIT_MS, signal),
      );
    }
    const old = this.#old[0];
    if (this.#faults.late && old !== undefined && random.chance(0.1)) {
      this.#old.shift();
      trace.fault(
        "late-assignment",
        view.name,
        `${old.leaseEpoch}/${old.revision}`,
      );
      // Beside the calls: an answer that renews a lease is always its own call's.
      this.#parts.onLate(old);
    }
    const poll: OpenPoll = { begunMs: this.#parts.kernel.nowMs };
    this.openPoll = poll;
    const assignment = await this.#inner.getAssignment(
      lastSeen,
      waitMs,
      signal,
    ).finally(() => {
      if (this.openPoll === poll) this.openPoll = null;
    });
    if (assignment !== null && this.#faults.late) {
      this.#old = [...this.#old, assignment].slice(-MAX_OLD);
    }
    return assignment;
  }

  async pushData(
    report: WorkerReport,
    signal: AbortSignal,
  ): Promise<OrderFence> {
    const { watcher } = this.#parts;
    if (this.#faults.repeats && this.#parts.random.chance(0.03)) {
      const copy = structuredClone(report);
      this.#repeat(
        "repeated-report",
        async (link, signal) => {
          try {
            await link.pushData(copy, signal);
          } finally {
            watcher.repeated(copy);
          }
        },
      );
    }
    watcher.sent(report);
    const fence = await this.#inner.pushData(report, signal);
    watcher.answered(report);
    return fence;
  }

  /** The same call again, later, over a connection of its own; nobody takes the answer. */
  #repeat(
    kind: "repeated-poll" | "repeated-report",
    call: (link: RpcLink, signal: AbortSignal) => Promise<unknown>,
  ): void {
    const { kernel, network, random, trace, view } = this.#parts;
    const master = network.listenerOf(MASTER);
    const lateMs = random.integer(LATE_MS.min, LATE_MS.max);
    kernel.after(lateMs, () => {
      // What was under way to a process of the master does not reach the next one.
      if (network.listenerOf(MASTER) !== master) return;
      trace.fault(kind, view.name, `${lateMs} ms late`);
      const link = this.#connectAs({ ...this.#parts, process: new Process() });
      call(link, new AbortController().signal).catch(() => undefined)
        .finally(() => link.close());
    });
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}
