/**
 * The master on the wire: a Gate per connection, a Session per token, and
 * capabilities that offer only what the token's role may do. Converts between
 * wire and domain; decides nothing but who may.
 *
 * A token is looked up again on every call, so that one that is revoked or
 * expires ends at once, also for sessions that were open before.
 *
 * @module
 */
import {
  assignmentToWire,
  clusterStatusToWire,
  generationSummaryToWire,
  observedVmToWire,
  orderFenceFromWire,
  publishReplyToWire,
  publishRequestFromWire,
  workerReportFromWire,
  workerStatusToWire,
} from "../../rpc/convert.ts";
import {
  Gate,
  type GateServer,
  Operator,
  type OperatorServer,
  Publisher,
  type PublisherServer,
  Session,
  type SessionServer,
  Tokens,
  type TokensServer,
  Viewer,
  type ViewerServer,
  WorkerLink,
  type WorkerLinkServer,
} from "../../rpc/generated/master.ts";
import type { WorkerClient } from "../../rpc/generated/worker.ts";
import { type Released, serverOf } from "../../rpc/mod.ts";
import {
  assertMayActAs,
  type Identity,
  TokenRequest,
  type TokenRole,
  type TokenTable,
} from "../auth/mod.ts";
import type { AnonymousRole } from "../config/mod.ts";
import { AppError } from "../model/errors.ts";
import { Counter, Name, VmId } from "../model/ids.ts";
import { parseWith } from "../model/parse.ts";
import type { Clock, Random } from "../model/ports.ts";
import type { MasterService } from "./service.ts";

/** Rises when a method changes in a way that clients must know. */
const PROTOCOL = 1;

/** What the wire side is built on. */
export interface RpcDeps {
  service: MasterService;
  tokens: Pick<
    TokenTable,
    "authenticate" | "create" | "list" | "revoke"
  >;
  anonymousRole: AnonymousRole;
  version: string;
  clock: Clock;
  random: Random;
  /** Called when the peer has logged in: from then on it may send large messages. */
  onLogin?: () => void;
}

/** Who calls now; throws once the token is worth nothing. */
type Identify = () => Identity;

const ANONYMOUS: Identity = { role: "viewer", name: "anonymous", tokenId: "" };

function identifier(deps: RpcDeps, token: string): Identify {
  if (token !== "") {
    return () => deps.tokens.authenticate(token, deps.clock.now());
  }
  return () => {
    // No browser speaks this protocol: being able to connect is being local.
    if (deps.anonymousRole !== "none") return ANONYMOUS;
    throw new AppError("unauthenticated", "This needs a token, none was sent", {
      hint: "run `procurator login URL` with a token",
    });
  };
}

function counter(value: number | bigint, what: string): number {
  return parseWith(Counter, value, { what });
}

/** The first thing every connection gets. */
export function gateOf(deps: RpcDeps) {
  const gate: GateServer = {
    login({ token }) {
      const identify = identifier(deps, token);
      identify();
      deps.onLogin?.();
      return { session: serverOf(Session, sessionOf(deps, identify)) };
    },
    version: () => ({ version: deps.version, protocol: PROTOCOL }),
  };
  return serverOf(Gate, gate);
}

function sessionOf(deps: RpcDeps, identify: Identify): SessionServer {
  /** Refuses unless the role may; what is handed out asks again on every call. */
  const guard = (needed: TokenRole, what: string) => {
    const check = () => assertMayActAs(identify(), needed, what);
    check();
    return check;
  };
  return {
    whoami: () => identify(),
    viewer: () => ({
      viewer: serverOf(Viewer, viewerOf(deps, guard("viewer", "read"))),
    }),
    operator: () => ({
      operator: serverOf(
        Operator,
        operatorOf(deps, guard("operator", "operate")),
      ),
    }),
    publisher: () => ({
      publisher: serverOf(
        Publisher,
        publisherOf(deps, guard("publisher", "publish")),
      ),
    }),
    workerLink({ name }) {
      const check = guard("worker", "act as a worker");
      const worker = parseWith(Name, name, { what: "the worker's name" });
      return {
        link: serverOf(WorkerLink, new WorkerLinkObject(deps, check, worker)),
      };
    },
    tokens: () => ({
      tokens: serverOf(Tokens, tokensOf(deps, guard("admin", "manage tokens"))),
    }),
  };
}

function notThere(): never {
  throw new AppError("unavailable", "This master does not offer that");
}

function viewerOf({ service }: RpcDeps, check: () => void): ViewerServer {
  const { views } = service;
  return {
    getClusterStatus({ cluster }) {
      check();
      return { status: clusterStatusToWire(views.getClusterStatus(cluster)) };
    },
    getWorker({ worker }) {
      check();
      const found = views.getWorker(worker);
      return {
        worker: workerStatusToWire(found.worker),
        vms: found.vms.map(observedVmToWire),
      };
    },
    generations({ cluster, limit }) {
      check();
      const found = views.generations(cluster, limit);
      return { generations: found.map(generationSummaryToWire) };
    },
    clusters() {
      check();
      return { clusters: views.clusters() };
    },
    logs({ vm, maxBytes }, { signal }) {
      check();
      const id = parseWith(VmId, vm, { what: "the VM's id" });
      return service.logs(id, maxBytes, signal);
    },
    plan: notThere,
    why: notThere,
    events: notThere,
    operations: notThere,
    operation: notThere,
  };
}

function operatorOf({ service }: RpcDeps, check: () => void): OperatorServer {
  return {
    async rollback({ cluster, generation }) {
      check();
      const number = counter(generation, "the generation");
      const status = await service.rollback(cluster, number);
      return { status: clusterStatusToWire(status) };
    },
    async resume({ cluster }) {
      check();
      return { status: clusterStatusToWire(await service.resume(cluster)) };
    },
    async retry({ cluster, generation }) {
      check();
      const number = counter(generation, "the generation");
      const status = await service.retry(cluster, number);
      return { status: clusterStatusToWire(status) };
    },
    pause: notThere,
    promote: notThere,
    fail: notThere,
    cordon: notThere,
    uncordon: notThere,
    drain: notThere,
    rebalance: notThere,
    cancel: notThere,
    removeWorker: notThere,
  };
}

function publisherOf({ service }: RpcDeps, check: () => void): PublisherServer {
  return {
    async publishState(params) {
      check();
      const request = publishRequestFromWire(params);
      return publishReplyToWire(await service.publishState(request));
    },
    highestGeneration({ cluster }) {
      check();
      return service.views.highestGeneration(cluster);
    },
  };
}

/** One worker's side of its session. */
class WorkerLinkObject implements WorkerLinkServer, Released {
  readonly #deps: RpcDeps;
  readonly #check: () => void;
  readonly #name: string;
  #registered = new DisposableStack();

  constructor(deps: RpcDeps, check: () => void, name: string) {
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
    return await this.#deps.service.pushData(report);
  }

  register({ worker }: { worker: WorkerClient }) {
    this.#check();
    this.#registered.dispose();
    this.#registered = new DisposableStack();
    const kept = this.#registered.use(worker.dup());
    this.#registered.use(this.#deps.service.register(this.#name, {
      logs: async (request, signal) => await kept.logs(request, { signal }),
    }));
  }

  /** The session has ended, or has given the link back. */
  released(): void {
    this.#registered.dispose();
  }
}

function tokensOf(
  { tokens, clock, random }: RpcDeps,
  check: () => void,
): TokensServer {
  return {
    create({ role, name, expiresAtMs }) {
      check();
      const request = parseWith(TokenRequest, {
        role,
        name,
        ...(expiresAtMs === 0 ? {} : { expiresAtMs }),
      }, { what: "the token that is asked for" });
      const made = tokens.create(request, { now: clock.now(), random });
      return { token: made.token, id: made.info.id };
    },
    list() {
      check();
      return {
        tokens: tokens.list().map((info) => ({
          ...info,
          expiresAtMs: info.expiresAtMs ?? 0,
        })),
      };
    },
    revoke({ id }) {
      check();
      tokens.revoke(id);
    },
  };
}
