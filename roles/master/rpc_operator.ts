/**
 * The operators' verbs over the wire.
 *
 * @module
 */
import { clusterStatusToWire } from "../../rpc/convert.ts";
import type { OperatorServer } from "../../rpc/generated/master.ts";
import { type Check, counter, notThere, type RpcDeps } from "./rpc_deps.ts";

export function operatorOf({ service }: RpcDeps, check: Check): OperatorServer {
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
