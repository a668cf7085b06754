/**
 * The master on the wire: a Gate per connection, a Session per token, and
 * capabilities that offer only what the token's role may do; each is in an
 * rpc_*.ts of its own. Converts between wire and domain; decides nothing but
 * who may.
 *
 * @module
 */
import {
  Gate,
  type GateServer,
  Operator,
  Publisher,
  Session,
  type SessionServer,
  Tokens,
  Viewer,
  WorkerLink,
} from "../../rpc/generated/master.ts";
import { serverOf } from "../../rpc/mod.ts";
import {
  assertMayActAs,
  assertMayBeWorker,
  type EnrolRequest,
  type Identity,
  type TokenRole,
} from "../auth/mod.ts";
import { AppError } from "../model/errors.ts";
import { Name } from "../model/ids.ts";
import { parseWith } from "../model/parse.ts";
import type { Check, RpcDeps } from "./rpc_deps.ts";
import { operatorOf } from "./rpc_operator.ts";
import { publisherOf } from "./rpc_publisher.ts";
import { tokensOf } from "./rpc_tokens.ts";
import { viewerOf } from "./rpc_viewer.ts";
import { WorkerLinkObject } from "./rpc_worker.ts";

export type { RpcDeps } from "./rpc_deps.ts";

/** Rises when a method changes in a way that clients must know. */
const PROTOCOL = 1;

const ANONYMOUS: Identity = { role: "viewer", name: "anonymous", tokenId: "" };

function identifier(deps: RpcDeps, token: string): Check {
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
    enroll: (request) => enrol(deps, request),
  };
  return serverOf(Gate, gate);
}

/** Recorded after it is done: who asks the same again is answered, and recorded, again. */
async function enrol(
  { tokens, service, clock, random }: RpcDeps,
  { token, worker, proof }: EnrolRequest,
): Promise<{ token: string }> {
  const made = tokens.enrol({ token, worker, proof }, {
    now: clock.now(),
    random,
  });
  const by = { role: "worker", name: worker, tokenId: made.usedId };
  const verb = made.isRepeat ? "enrolled again" : "enrolled";
  await service.recordToken(by, verb, made.info);
  return { token: made.token };
}

function sessionOf(deps: RpcDeps, identify: Check): SessionServer {
  /** Refuses unless the role may; what is handed out asks again on every call. */
  const guard = (needed: TokenRole, what: string) => {
    const check: Check = () => {
      const identity = identify();
      assertMayActAs(identity, needed, what);
      return identity;
    };
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
      const worker = parseWith(Name, name, { what: "the worker's name" });
      const may = guard("worker", "act as a worker");
      const check: Check = () => {
        const identity = may();
        assertMayBeWorker(identity, worker);
        return identity;
      };
      check();
      return {
        link: serverOf(WorkerLink, new WorkerLinkObject(deps, check, worker)),
      };
    },
    tokens: () => ({
      tokens: serverOf(Tokens, tokensOf(deps, guard("admin", "manage tokens"))),
    }),
  };
}
