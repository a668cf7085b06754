/**
 * No rollout is left undecided, and without a hold the newest generation is
 * active or has failed.
 *
 * @module
 */
import { CLUSTER } from "../catalogue.ts";
import type { Eventually } from "./checker.ts";

export const eventuallyRolloutsEnd: Eventually = ({ transitions, master }) => {
  const { cluster } = transitions;
  if (cluster === null) return "nothing was ever published";
  if (cluster.rollout?.state === "running") {
    const status = master.service?.views.getClusterStatus(CLUSTER);
    const { message, waitingOn } = status?.rollout ?? {};
    return `generation ${cluster.rollout.generation} is still being rolled out: ${message} (${waitingOn})`;
  }
  if (cluster.held) return null;
  for (const doc of transitions.generations.values()) {
    if (doc.state === "rolling" || doc.state === "pending") {
      return `generation ${doc.generation} is ${doc.state}`;
    }
    const isNewest = doc.generation === cluster.highest;
    if (isNewest && doc.state !== "active" && doc.state !== "failed") {
      return `the newest generation ${doc.generation} is ${doc.state}`;
    }
  }
  return null;
};
