/**
 * An acknowledged rollback holds: until somebody resumes, the active
 * generation stays and nothing is rolled out.
 *
 * @module
 */
import type { MakeChecker } from "./checker.ts";

export const alwaysHold: MakeChecker = ({ trace, transitions }) => {
  /** Null: not held, or nobody can say. */
  let heldAt: number | null = null;
  /** Requests under way: one of them may come after the rollback. */
  let resuming = 0;
  const look = () => {
    const doc = transitions.cluster;
    if (heldAt === null || doc === null) return;
    const isRolling = doc.rollout?.state === "running";
    if (doc.held && doc.active === heldAt && !isRolling) return;
    trace.broken(
      "always_hold",
      `held at ${heldAt}, but active is ${doc.active}, ${
        isRolling ? `${doc.rollout?.generation} rolls out` : "nothing rolls out"
      }, held is ${doc.held}`,
    );
  };
  return {
    operating: () => heldAt = null,
    resuming() {
      heldAt = null;
      resuming++;
    },
    resumed() {
      heldAt = null;
      resuming--;
    },
    rolledBack(active) {
      if (resuming > 0) return;
      heldAt = active;
      look();
    },
    clusterCommitted: look,
  };
};
