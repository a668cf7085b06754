/**
 * Turns for commands that must not overlap in one store. Within this process
 * only: a store belongs to one role, whose directory lock keeps others out.
 *
 * @module
 */

/** Commands that must not overlap in one store wait here for their turn, by store. */
const turns = new Map<string, Promise<unknown>>();

/** Runs `work` after what came before it for the same store, whether that failed or not. */
export function inTurn<T>(store: string, work: () => Promise<T>): Promise<T> {
  const before = turns.get(store) ?? Promise.resolve();
  const mine = before.then(work, work);
  const settled = mine.then(() => undefined, () => undefined);
  turns.set(store, settled);
  settled.then(() => {
    if (turns.get(store) === settled) turns.delete(store);
  });
  return mine;
}
