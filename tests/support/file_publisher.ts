/**
 * A master as ci sees it, in one JSON file, so that it outlives the process that publishes to it.
 *
 * @module
 */
import {
  AppError,
  type PublishReply,
  type PublishRequest,
} from "../../roles/model/mod.ts";
import type { Publisher } from "../../roles/ci/mod.ts";

/** What was published, oldest first. */
export function publishedIn(file: string): PublishRequest[] {
  try {
    return JSON.parse(Deno.readTextFileSync(file));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Publishes into `file`. While `away()` answers a text, it fails with that as `unavailable`. */
export function filePublisher(
  file: string,
  options: {
    away?: () => string | null;
    /** What `expectedRevision` must be; any when not given. */
    planRevision?: () => number;
  } = {},
): Publisher {
  const check = () => {
    const why = options.away?.() ?? null;
    if (why !== null) throw new AppError("unavailable", why);
  };
  const ofCluster = (cluster: string) =>
    publishedIn(file).filter((one) => one.cluster === cluster);
  return {
    highest(cluster) {
      check();
      const last = ofCluster(cluster).at(-1);
      return Promise.resolve({
        generation: last?.generation ?? 0,
        intentHash: last?.intentHash ?? "",
        commit: last?.commit ?? "",
      });
    },
    publish(request): Promise<PublishReply> {
      check();
      const last = ofCluster(request.cluster).at(-1)?.generation ?? 0;
      if (request.parent !== last) {
        throw new AppError("conflict", `the highest generation is ${last}`);
      }
      const revision = options.planRevision?.() ?? request.expectedRevision;
      if ((request.expectedRevision ?? revision) !== revision) {
        throw new AppError(
          "refused",
          `its plan was made at revision ${request.expectedRevision}, "${request.cluster}" is at revision ${revision}`,
        );
      }
      Deno.writeTextFileSync(
        `${file}.new`,
        JSON.stringify([...publishedIn(file), request]),
      );
      Deno.renameSync(`${file}.new`, file);
      const { cluster, generation, intentHash } = request;
      return Promise.resolve({
        cluster,
        generation,
        intentHash,
        state: "rolling",
        created: true,
      });
    },
  };
}
