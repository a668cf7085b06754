/**
 * Deliberate bugs, one at a time, that the simulator must notice: a proof that
 * its checkers see what they promise. A mutant is a small edit of the sources;
 * it is made in a copy of the tree (tests/tasks/mutants.ts), so that no
 * released code ever holds one.
 *
 * Its text must be found exactly once: a refactoring that moves it has to move
 * the mutant along. Pure.
 *
 * @module
 */

/** `find` is replaced by `put`; blanks in `find` match any white space. */
export interface Edit {
  /** Below the root of the repository. */
  file: string;
  find: string;
  put: string;
}

export interface Mutant {
  name: string;
  /** What a user would suffer from it. */
  harm: string;
  edits: readonly Edit[];
}

/** The bugs that issue 3 names, in its order, and those of what came after. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: "no epoch check",
    harm: "orders of a master's former life are obeyed",
    edits: [{
      file: "roles/worker/vms/core/vm_plan.ts",
      find: "const newer = compareFence(assignment, worker.fence);",
      put: "const newer = assignment.revision - worker.fence.revision;",
    }],
  },
  {
    name: "no revision check",
    harm: "an order that comes late undoes a newer one",
    edits: [{
      file: "roles/worker/vms/core/vm_plan.ts",
      find: "const newer = compareFence(assignment, worker.fence);",
      put: "const newer = assignment.leaseEpoch - worker.fence.leaseEpoch || " +
        "Math.abs(assignment.revision - worker.fence.revision);",
    }],
  },
  {
    name: "double assignment on reconnect",
    harm: "a worker that comes back runs what was placed elsewhere",
    edits: [{
      file: "roles/master/orders.ts",
      find: "if (!placement.leaving) orders.push(",
      put: "orders.push(",
    }],
  },
  {
    name: "restart forgets leases",
    harm: "a master that starts takes every silent worker for lost",
    edits: [{
      file: "roles/master/state.ts",
      find: "this.presences.renew(name, bootMs);",
      put: "this.presences.renew(name, bootMs - 100 * leaseMs);",
    }],
  },
  {
    name: "lease counted from receipt on the worker",
    harm: "an answer that comes late keeps an exclusive VM for too long",
    edits: [{
      file: "roles/worker/fencing/lease.ts",
      find: "await fence.extend(sentMs + leaseMs);",
      put: "await fence.extend(this.#options.clock.bootMs() + leaseMs);",
    }],
  },
  {
    name: "acknowledge before commit",
    harm: "a publisher is told yes, and a crash takes it back",
    edits: [{
      file: "roles/master/committer.ts",
      find: "try { await this.#commit(draft, events,",
      put:
        "try {\n      for (const { job, value } of done) job.resolve(value);\n" +
        "      await this.#commit(draft, events,",
    }],
  },
  {
    name: "overcommit by rounding",
    harm: "a host is given more than it has",
    edits: [{
      file: "roles/master/core/wanted.ts",
      find: "memoryMib: spec.memoryMib };",
      put: "memoryMib: Math.floor(spec.memoryMib / 64) * 64 };",
    }],
  },
  {
    name: "revert to a failed generation",
    harm: "a rollback brings up what is known not to work",
    edits: [{
      file: "roles/master/core/generations.ts",
      find: ".filter((doc) => doc.wasActive && doc.generation < active) .sort",
      put: ".filter((doc) => doc.generation < active)\n    .sort",
    }],
  },
  {
    name: "over-eviction",
    harm: "more VMs end than the one that comes needs",
    edits: [{
      file: "roles/master/core/preemption.ts",
      find: "return more === null ? null : [...must, ...more];",
      put: "return more === null ? null : [...must, ...rest];",
    }],
  },
  {
    name: "adoption by pid only",
    harm: "another process counts as the VM, which is never started again",
    edits: [{
      file: "vmm/core/run_record.ts",
      find:
        "if (facts.zombie || !facts.cmdline.includes(record.marker)) return",
      put: 'if (record.state.kind === "running") ' +
        "return record.state.pid === facts.pid;\n  if (facts.zombie) return",
    }],
  },
  {
    name: "missed wake-up of a long poll",
    harm: "an order waits for the worker's next heartbeat",
    edits: [{
      file: "roles/master/service.ts",
      find: "else for (const name of rung) this.#bell.ring(name);",
      put: "",
    }],
  },
  {
    name: "a stale observation wins",
    harm: "status shows what was, and decisions are built on it",
    edits: [{
      file: "roles/master/workers.ts",
      find: "report.sequence <= last.sequence",
      put: "report.sequence === last.sequence",
    }],
  },
  {
    name: "a refused spec applied again",
    harm: "a host goes round in circles with an image that does not start",
    edits: [{
      file: "roles/worker/vms/core/vm_state.ts",
      find: "order.orderRevision <= ledger.refused.orderRevision",
      put: "order.orderRevision < ledger.refused.orderRevision",
    }],
  },
  {
    name: "hold ignored",
    harm: "what an operator rolled back comes again with the next push",
    edits: [{
      file: "roles/master/core/generations.ts",
      find: "if (held) return waitHeld(change, generation);",
      put: "",
    }],
  },
  {
    name: "peers not told",
    harm: "a guest goes on asking for a peer where it is no longer",
    edits: [{
      file: "roles/master/networking.ts",
      find: "if (!raised.has(worker)) told.add(worker);",
      put: "",
    }],
  },
  {
    name: "a switch under way not on record",
    harm: "a worker that is killed in it takes a mixture for the new system",
    edits: [{
      file: "roles/worker/vms/core/vm_switch.ts",
      find:
        "setLedger(work, { switched: { ...vmm, now: target, isMixed: true } });",
      put:
        "setLedger(work, { switched: { ...vmm, now: target, isMixed: false } });",
    }],
  },
];

/** `find` as an expression in which blanks match any white space. */
function patternOf(find: string): RegExp {
  const words = find.trim().split(/\s+/).map((word) =>
    word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
  );
  return new RegExp(words.join("\\s+"), "g");
}

/**
 * The text with the edit made.
 *
 * @throws {Error} when `find` is not there exactly once.
 */
export function mutate(text: string, { file, find, put }: Edit): string {
  const count = [...text.matchAll(patternOf(find))].length;
  if (count !== 1) {
    throw new Error(
      `${file} has the text "${find}" ${count} times, not once: move the mutant along with the code`,
    );
  }
  return text.replace(patternOf(find), () => put);
}
