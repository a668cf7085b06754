/**
 * The real {@linkcode OperatorClient}: Cap'n Proto over rpc/.
 *
 * @module
 */
import {
  clusterStatusFromWire,
  eventFromWire,
  operationFromWire,
  rebalanceFromWire,
} from "../../rpc/convert.ts";
import {
  EventSink,
  type EventSinkServer,
  type SessionClient,
} from "../../rpc/generated/master.ts";
import { type Released, serverOf } from "../../rpc/mod.ts";
import { AppError } from "../model/errors.ts";
import type { OperatorClient } from "./operator_client.ts";

type CallOptions = { signal: AbortSignal };
/** Runs a call under a time-out. */
export type CallWithin = <T>(
  action: (options: CallOptions) => PromiseLike<T>,
) => Promise<T>;

/** What reads: each call asks for its capability anew, pipelined. */
function readingMethods(
  session: SessionClient,
  call: CallWithin,
): Pick<OperatorClient, "operations" | "operation" | "events"> {
  return {
    async operations(limit) {
      using viewer = session.viewer().viewer;
      const reply = await call((options) =>
        viewer.operations({ limit }, options)
      );
      return reply.operations.map(operationFromWire);
    },
    async operation(id) {
      using viewer = session.viewer().viewer;
      const reply = await call((options) => viewer.operation({ id }, options));
      return operationFromWire(reply.operation);
    },
    async events(filter, { take, signal }) {
      using viewer = session.viewer().viewer;
      const ended = Promise.withResolvers<void>();
      // A call that fails is told by itself; the sink is let go afterwards.
      ended.promise.catch(() => undefined);
      const server: EventSinkServer & Released = {
        push({ events, last }) {
          try {
            take(events.map(eventFromWire));
            if (last) ended.resolve();
          } catch (error) {
            ended.reject(error);
          }
        },
        // After the end nobody listens; before it the connection is gone.
        released: () =>
          ended.reject(
            new AppError("unavailable", "The master ended the stream"),
          ),
      };
      using sink = serverOf(EventSink, server);
      const stop = () => ended.resolve();
      signal.addEventListener("abort", stop, { once: true });
      try {
        const { subscription } = await call((options) =>
          viewer.events(
            { ...filter, topics: [...filter.topics], sink },
            options,
          )
        );
        using _held = subscription;
        if (!signal.aborted) await ended.promise;
      } finally {
        signal.removeEventListener("abort", stop);
      }
    },
  };
}

/** What operators do. */
function operatingMethods(
  session: SessionClient,
  call: CallWithin,
): Omit<OperatorClient, "operations" | "operation" | "events"> {
  return {
    async pause(cluster, reason) {
      using operator = session.operator().operator;
      const reply = await call((options) =>
        operator.pause({ cluster, reason }, options)
      );
      return clusterStatusFromWire(reply.status);
    },
    async promote(cluster) {
      using operator = session.operator().operator;
      const reply = await call((options) =>
        operator.promote({ cluster }, options)
      );
      return clusterStatusFromWire(reply.status);
    },
    async fail(cluster, reason) {
      using operator = session.operator().operator;
      const reply = await call((options) =>
        operator.fail({ cluster, reason }, options)
      );
      return clusterStatusFromWire(reply.status);
    },
    async cordon(worker, reason) {
      using operator = session.operator().operator;
      const reply = await call((options) =>
        operator.cordon({ worker, reason }, options)
      );
      return operationFromWire(reply.operation);
    },
    async uncordon(worker) {
      using operator = session.operator().operator;
      const reply = await call((options) =>
        operator.uncordon({ worker }, options)
      );
      return operationFromWire(reply.operation);
    },
    async drain(worker, { deadlineMs, force, reason }) {
      using operator = session.operator().operator;
      const reply = await call((options) =>
        operator.drain({ worker, deadlineMs, force, reason }, options)
      );
      return operationFromWire(reply.operation);
    },
    async rebalance(cluster, { maxMoves, apply }) {
      using operator = session.operator().operator;
      const reply = await call((options) =>
        operator.rebalance({ cluster, maxMoves, apply }, options)
      );
      return {
        proposal: rebalanceFromWire(reply.proposal),
        operation: reply.operation === undefined
          ? null
          : operationFromWire(reply.operation),
      };
    },
    async cancel(operation) {
      using operator = session.operator().operator;
      const reply = await call((options) =>
        operator.cancel({ operation }, options)
      );
      return operationFromWire(reply.operation);
    },
    async removeWorker(worker) {
      using operator = session.operator().operator;
      const reply = await call((options) =>
        operator.removeWorker({ worker }, options)
      );
      return operationFromWire(reply.operation);
    },
  };
}

/** The methods over a session. */
export function operatorMethods(
  session: SessionClient,
  call: CallWithin,
): OperatorClient {
  return {
    ...readingMethods(session, call),
    ...operatingMethods(session, call),
  };
}
