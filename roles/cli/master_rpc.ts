/**
 * The real {@linkcode MasterClient}: Cap'n Proto over rpc/.
 *
 * @module
 */
import { TOKEN_ROLES, TokenInfo } from "../auth/mod.ts";
import { AppError } from "../model/errors.ts";
import { Counter } from "../model/ids.ts";
import { parseWith } from "../model/parse.ts";
import { connectRpc, type Session as RpcSession } from "../../rpc/mod.ts";
import {
  clusterStatusFromWire,
  generationSummaryFromWire,
  planFromWire,
  planRequestToWire,
  publishReplyFromWire,
  publishRequestToWire,
  whyFromWire,
} from "../../rpc/convert.ts";
import { Gate, type SessionClient } from "../../rpc/generated/master.ts";
import { z } from "zod";
import type {
  EnrolAsked,
  MasterClient,
  MasterTarget,
} from "./master_client.ts";
import { operatorMethods } from "./operator_rpc.ts";
import { vmMethods } from "./vm_rpc.ts";

/** A host that drops packets is told from a slow one after this. */
const CONNECT_TIMEOUT_MS = 10_000;
/** Publishing 10,000 specs takes a few seconds; more than this means that the master hangs. */
const CALL_TIMEOUT_MS = 60_000;
/** A guest's memory is written or read, after others that wait: longer than the master gives it. */
const LONG_CALL_TIMEOUT_MS = 16 * 60_000;

const Who = z.object({
  role: z.enum(TOKEN_ROLES),
  name: z.string(),
  tokenId: z.string(),
});
const Highest = z.object({
  generation: Counter,
  intentHash: z.string(),
  commit: z.string(),
});

/** Runs a call under a time-out whose timer ends with it. */
async function within<T>(
  ms: number,
  call: (options: { signal: AbortSignal }) => PromiseLike<T>,
): Promise<T> {
  const controller = new AbortController();
  const timer = setTimeout(
    () => controller.abort(new DOMException("timed out", "TimeoutError")),
    ms,
  );
  try {
    return await call({ signal: controller.signal });
  } finally {
    clearTimeout(timer);
  }
}

type CallOptions = { signal: AbortSignal };

/** The methods over a session. */
function methodsOf(
  session: SessionClient,
): Omit<MasterClient, "whoami" | typeof Symbol.asyncDispose> {
  const call = <T>(action: (options: CallOptions) => PromiseLike<T>) =>
    within(CALL_TIMEOUT_MS, action);
  // Each call asks for its capability anew, pipelined: one round trip, and only what the role may hold.
  return {
    ...operatorMethods(session, call),
    ...vmMethods(session, {
      call,
      long: (action) => within(LONG_CALL_TIMEOUT_MS, action),
    }),
    async status(cluster) {
      using viewer = session.viewer().viewer;
      const reply = await call((options) =>
        viewer.getClusterStatus({ cluster }, options)
      );
      return clusterStatusFromWire(reply.status);
    },
    async generations(cluster, limit) {
      using viewer = session.viewer().viewer;
      const reply = await call((options) =>
        viewer.generations({ cluster, limit }, options)
      );
      return reply.generations.map(generationSummaryFromWire);
    },
    async logs(vm, maxBytes) {
      using viewer = session.viewer().viewer;
      const { text, truncated } = await call((options) =>
        viewer.logs({ vm, maxBytes }, options)
      );
      return { text, truncated };
    },
    async rollback(cluster, generation) {
      using operator = session.operator().operator;
      const reply = await call((options) =>
        operator.rollback({ cluster, generation }, options)
      );
      return clusterStatusFromWire(reply.status);
    },
    async resume(cluster) {
      using operator = session.operator().operator;
      const reply = await call((options) =>
        operator.resume({ cluster }, options)
      );
      return clusterStatusFromWire(reply.status);
    },
    async retry(cluster, generation) {
      using operator = session.operator().operator;
      const reply = await call((options) =>
        operator.retry({ cluster, generation }, options)
      );
      return clusterStatusFromWire(reply.status);
    },
    async why(vm) {
      using viewer = session.viewer().viewer;
      const reply = await call((options) => viewer.why({ vm }, options));
      return whyFromWire(reply.why);
    },
    async plan(request) {
      using viewer = session.viewer().viewer;
      const wire = planRequestToWire(request);
      const reply = await call((options) => viewer.plan(wire, options));
      return planFromWire(reply.plan);
    },
    async publish(request) {
      using publisher = session.publisher().publisher;
      const wire = publishRequestToWire(request);
      return publishReplyFromWire(
        await call((options) => publisher.publishState(wire, options)),
      );
    },
    async highestGeneration(cluster) {
      using publisher = session.publisher().publisher;
      const reply = await call((options) =>
        publisher.highestGeneration({ cluster }, options)
      );
      return parseWith(Highest, reply, { what: "the master's answer" });
    },
    async createToken({ role, name, expiresAtMs, oneTime = false }) {
      using tokens = session.tokens().tokens;
      const params = { role, name, expiresAtMs: expiresAtMs ?? 0, oneTime };
      const { token, id } = await call((options) =>
        tokens.create(params, options)
      );
      return { token, id };
    },
    async listTokens() {
      using tokens = session.tokens().tokens;
      const reply = await call((options) => tokens.list({}, options));
      const plain = reply.tokens.map(({ oneTime, worker, ...info }) => ({
        ...info,
        expiresAtMs: info.expiresAtMs === 0 ? null : info.expiresAtMs,
        ...(oneTime ? { oneTime } : {}),
        ...(worker === "" ? {} : { worker }),
      }));
      return parseWith(z.array(TokenInfo), plain, {
        what: "the master's answer",
      });
    },
    async revokeToken(id) {
      using tokens = session.tokens().tokens;
      await call((options) => tokens.revoke({ id }, options));
    },
  };
}

/** What a user can do about a connection that did not come to a session. */
function explain(error: unknown, url: string): unknown {
  if (!(error instanceof AppError)) return error;
  if (error.message.includes("certificate")) {
    return new AppError("refused", `Cannot trust ${url}`, {
      cause: error,
      hint:
        "give the CA that `procurator tls init` made by --ca-file, and a name or address that is in the certificate",
    });
  }
  if (error.hint !== undefined) return error;
  return new AppError(error.code, `Cannot log in to ${url}`, {
    cause: error,
    hint:
      "is it the master's RPC address, with tls:// where it serves TLS and tcp:// where not?",
  });
}

/**
 * Connects and logs in.
 *
 * @throws {AppError} `unavailable` when nobody answers, `unauthenticated` when the token is worth nothing, `refused` when its certificate is not trusted.
 */
export async function connectMaster(
  target: MasterTarget,
): Promise<MasterClient> {
  try {
    return await openSession(target);
  } catch (error) {
    throw explain(error, target.url);
  }
}

/**
 * Exchanges a one-time token for a worker's own; nobody is logged in.
 *
 * @throws {AppError} what the master says, `unavailable` when nobody answers.
 */
export async function enrolWorker(
  target: Omit<MasterTarget, "token">,
  asked: EnrolAsked,
): Promise<string> {
  try {
    using connection = await within(
      CONNECT_TIMEOUT_MS,
      ({ signal }) => connectRpc({ ...target, signal }),
    );
    using gate = connection.bootstrap(Gate);
    const { token } = await within(
      CALL_TIMEOUT_MS,
      (options) => gate.enroll(asked, options),
    );
    return token;
  } catch (error) {
    throw explain(error, target.url);
  }
}

async function openSession(target: MasterTarget): Promise<MasterClient> {
  const connection = await within(
    CONNECT_TIMEOUT_MS,
    ({ signal }) =>
      connectRpc({ url: target.url, caCert: target.caCert, signal }),
  );
  return await loginOver(connection, target.token ?? "");
}

/** Logs in over a connection that is there; it is closed when that fails, and with the client. */
export async function loginOver(
  connection: Pick<RpcSession, "bootstrap" | "close" | "closed">,
  token: string,
): Promise<MasterClient> {
  const close = async () => {
    connection.close();
    await connection.closed;
  };
  try {
    using gate = connection.bootstrap(Gate);
    const { session } = await within(
      CONNECT_TIMEOUT_MS,
      (options) => gate.login({ token }, options),
    );
    return {
      ...methodsOf(session),
      async whoami() {
        const reply = await within(
          CALL_TIMEOUT_MS,
          (options) => session.whoami({}, options),
        );
        return parseWith(Who, reply, { what: "the master's answer" });
      },
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
