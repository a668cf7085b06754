/**
 * The master over RPC, as the pages read it.
 *
 * @module
 */
import {
  MasterSession,
  type MasterSessionOptions,
} from "../master_session/mod.ts";
import {
  clusterStatusFromWire,
  generationSummaryFromWire,
} from "../../rpc/convert.ts";
import type { MasterView } from "./hub_data.ts";

/** A view of the master; dispose to end its session. */
export function masterView(
  options: MasterSessionOptions,
): MasterView & Disposable {
  const master = new MasterSession(options);
  return {
    clusters: () =>
      master.call(async (session, call) => {
        using viewer = session.viewer().viewer;
        return (await viewer.clusters({}, call)).clusters;
      }),
    status: (cluster) =>
      master.call(async (session, call) => {
        using viewer = session.viewer().viewer;
        return clusterStatusFromWire(
          (await viewer.getClusterStatus({ cluster }, call)).status,
        );
      }),
    generations: (cluster, limit) =>
      master.call(async (session, call) => {
        using viewer = session.viewer().viewer;
        const { generations } = await viewer.generations(
          { cluster, limit },
          call,
        );
        return generations.map(generationSummaryFromWire);
      }),
    [Symbol.dispose]: () => master[Symbol.dispose](),
  };
}
