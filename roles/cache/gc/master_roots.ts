/**
 * The generations that the master keeps, of every cluster, read over its RPC
 * as a viewer.
 *
 * @module
 */
import { z } from "zod";
import {
  MasterSession,
  type MasterSessionOptions,
} from "../../master_session/mod.ts";
import { Counter, Name, StorePath } from "../../model/ids.ts";
import { parseWith } from "../../model/parse.ts";
import type { ViewerClient } from "../../../rpc/generated/master.ts";
import { baseOf } from "./core/base_of.ts";
import type { Root, RootSource } from "./root_source.ts";

const Reply = z.object({
  generations: z.array(z.object({
    cluster: Name,
    generation: Counter,
    paths: z.array(StorePath),
  })),
  more: z.boolean(),
});

/** A source that asks the master at `url`; dispose to end its session. */
export function masterRoots(
  options: MasterSessionOptions,
): RootSource & Disposable {
  const master = new MasterSession(options);
  return {
    name: "master",
    read: (signal) =>
      master.call(async (session, call) => {
        using viewer = session.viewer().viewer;
        const { clusters } = await viewer.clusters({}, call);
        const roots: Root[] = [];
        for (const cluster of clusters) {
          roots.push(...await rootsOf(viewer, cluster, call));
        }
        return roots;
      }, signal),
    [Symbol.dispose]: () => master[Symbol.dispose](),
  };
}

/** Page by page, ascending: what is published in between comes at the end. */
async function rootsOf(
  viewer: ViewerClient,
  cluster: string,
  call: { signal: AbortSignal },
): Promise<Root[]> {
  const roots: Root[] = [];
  for (let after = 0;;) {
    const { generations, more } = parseWith(
      Reply,
      await viewer.closureRoots({ cluster, after }, call),
      { what: "the master's answer" },
    );
    for (const { generation, paths } of generations) {
      const label = `generation ${generation} of ${cluster}`;
      for (const path of paths) roots.push({ label, base: baseOf(path) });
    }
    const last = generations.at(-1);
    if (!more || last === undefined) return roots;
    after = last.generation;
  }
}
