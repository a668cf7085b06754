/**
 * The operators' verbs over the wire.
 *
 * @module
 */
import {
  clusterStatusToWire,
  operationToWire,
  rebalanceToWire,
} from "../../rpc/convert.ts";
import type { OperatorServer } from "../../rpc/generated/master.ts";
import { MAX_REASON_CHARS } from "../model/operation.ts";
import { Name } from "../model/ids.ts";
import { parseWith } from "../model/parse.ts";
import { z } from "zod";
import { type Check, counter, type RpcDeps } from "./rpc_deps.ts";
import { vmActMethods } from "./rpc_vm.ts";

const Reason = z.string().max(MAX_REASON_CHARS);
const OperationId = z.string().max(64);
/** A year: who waits longer has no deadline. */
const DeadlineMs = z.number().int().min(0).max(365 * 86_400_000);

function workerName(name: string): string {
  return parseWith(Name, name, { what: "the worker's name" });
}

function reasonText(reason: string): string {
  return parseWith(Reason, reason, { what: "the reason" });
}

export function operatorOf(deps: RpcDeps, check: Check): OperatorServer {
  return { ...rolloutMethods(deps, check), ...machineMethods(deps, check) };
}

type RolloutMethod =
  | "rollback"
  | "resume"
  | "retry"
  | "pause"
  | "promote"
  | "fail";

/** Which published generation is active, and what becomes of a rollout. */
function rolloutMethods(
  { service }: RpcDeps,
  check: Check,
): Pick<OperatorServer, RolloutMethod> {
  return {
    async rollback({ cluster, generation }) {
      const by = check();
      const number = counter(generation, "the generation");
      const status = await service.rollback(cluster, number, by);
      return { status: clusterStatusToWire(status) };
    },
    async resume({ cluster }) {
      const status = await service.resume(cluster, check());
      return { status: clusterStatusToWire(status) };
    },
    async retry({ cluster, generation }) {
      const by = check();
      const number = counter(generation, "the generation");
      const status = await service.retry(cluster, number, by);
      return { status: clusterStatusToWire(status) };
    },
    async pause({ cluster, reason }) {
      const by = check();
      const status = await service.pause(cluster, reasonText(reason), by);
      return { status: clusterStatusToWire(status) };
    },
    async promote({ cluster }) {
      const status = await service.promote(cluster, check());
      return { status: clusterStatusToWire(status) };
    },
    async fail({ cluster, reason }) {
      const by = check();
      const status = await service.fail(cluster, reasonText(reason), by);
      return { status: clusterStatusToWire(status) };
    },
  };
}

/** Machines, and where VMs are. */
function machineMethods(
  deps: RpcDeps,
  check: Check,
): Omit<OperatorServer, RolloutMethod> {
  const { service } = deps;
  const { operations } = service;
  return {
    ...vmActMethods(deps, check),
    async cordon({ worker, reason }) {
      const by = check();
      const name = workerName(worker);
      const made = await operations.cordon(name, reasonText(reason), by);
      return { operation: operationToWire(made) };
    },
    async uncordon({ worker }) {
      const by = check();
      const made = await operations.uncordon(workerName(worker), by);
      return { operation: operationToWire(made) };
    },
    async drain({ worker, deadlineMs, force, reason }) {
      const by = check();
      const made = await operations.drain(workerName(worker), {
        deadlineMs: parseWith(DeadlineMs, deadlineMs, {
          what: "the deadline in milliseconds",
        }),
        force,
        reason: reasonText(reason),
      }, by);
      return { operation: operationToWire(made) };
    },
    async rebalance({ cluster, maxMoves, apply }) {
      const by = check();
      const { proposal, operation } = await operations.rebalance(
        service.views.clusterName(cluster),
        { maxMoves, apply },
        by,
      );
      return {
        proposal: rebalanceToWire(proposal),
        ...(operation === null
          ? {}
          : { operation: operationToWire(operation) }),
      };
    },
    async cancel({ operation }) {
      const by = check();
      const id = parseWith(OperationId, operation, {
        what: "the operation's id",
      });
      return { operation: operationToWire(await operations.cancel(id, by)) };
    },
    async removeWorker({ worker }) {
      const by = check();
      const made = await operations.removeWorker(workerName(worker), by);
      return { operation: operationToWire(made) };
    },
  };
}
