/**
 * What a publisher was told is published survives every crash of the master.
 *
 * @module
 */
import type { MasterService } from "../../../roles/master/service.ts";
import type { PublishRequest } from "../../../roles/model/generation.ts";
import { CLUSTER } from "../catalogue.ts";
import type { MakeChecker } from "./checker.ts";

/** More than are ever published in one run. */
const ALL = 1000;

export const alwaysAcknowledged: MakeChecker = ({ trace, master }) => {
  const promised = new Map<number, PublishRequest>();
  const look = (service: MasterService) => {
    if (promised.size === 0) return;
    const known = new Map(
      service.views.generations(CLUSTER, ALL).map((
        doc,
      ) => [doc.generation, doc]),
    );
    for (const [generation, { commit, intentHash }] of promised) {
      const doc = known.get(generation);
      if (doc?.commit === commit && doc.intentHash === intentHash) continue;
      trace.broken(
        "always_acknowledged",
        `generation ${generation} was acknowledged and is ${
          doc === undefined ? "gone" : "another"
        }`,
      );
    }
  };
  return {
    published(request) {
      promised.set(request.generation, request);
      if (master.service !== null) look(master.service);
    },
    masterUp: look,
  };
};
