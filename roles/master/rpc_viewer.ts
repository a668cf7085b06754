/**
 * What a viewer may ask over the wire: everything, and change nothing.
 *
 * @module
 */
import {
  clusterStatusToWire,
  generationSummaryToWire,
  observedVmToWire,
  operationToWire,
  planRequestFromWire,
  planToWire,
  whyToWire,
  workerStatusToWire,
} from "../../rpc/convert.ts";
import type { ViewerServer } from "../../rpc/generated/master.ts";
import { VmId } from "../model/ids.ts";
import { parseWith } from "../model/parse.ts";
import { counter } from "../../rpc/convert/plain.ts";
import { type Check, type RpcDeps } from "./rpc_deps.ts";
import { vmViewMethods } from "./rpc_vm.ts";
import { eventsMethod } from "./rpc_events.ts";

export function viewerOf(deps: RpcDeps, check: Check): ViewerServer {
  const { service } = deps;
  const { views } = service;
  return {
    ...vmViewMethods(deps, check),
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
    async plan(params, { signal }) {
      check();
      const plan = await service.planner.plan(
        planRequestFromWire(params),
        signal,
      );
      return { plan: planToWire(plan) };
    },
    why({ vm }) {
      check();
      const id = parseWith(VmId, vm, { what: "the VM's id" });
      return { why: whyToWire(views.why(id)) };
    },
    events: eventsMethod(deps, check),
    operations({ limit }) {
      check();
      return {
        operations: service.operations.list(limit).map(operationToWire),
      };
    },
    operation({ id }) {
      check();
      return { operation: operationToWire(service.operations.get(id)) };
    },
    closureRoots({ cluster, after }) {
      check();
      return views.closureRoots(cluster, counter(after, "after"));
    },
  };
}
