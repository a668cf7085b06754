/**
 * What must hold when the worker has come to rest after a kill. Pure: compares
 * what was ordered with what the host shows. Judges; never looks.
 *
 * @module
 */

/** A VM that should run, by what was ordered and whether that can be healthy. */
export interface Expected {
  vm: string;
  runtimeHash: string;
}

/** A machine as the host itself shows it. */
export interface SeenMachine {
  vm: string;
  /** Of its record; null: there is none. */
  runtimeHash: string | null;
  /** Two looks at the same machine agree on it, no two machines do. */
  identity: string;
}

/** Everything of ours on the host that is not a machine, by kind: a TAP, a process, a directory, a GC root ... */
export type Things = ReadonlyMap<string, readonly string[]>;

export interface Verdict {
  /** Should run and does not. */
  lost: string[];
  /** Runs and should not, or twice. */
  extra: string[];
  /** Is there for nothing that runs. */
  leaked: string[];
}

/** Compares. `things` of a kind that `allowed` does not name are all leaks. */
export function judge(
  expected: readonly Expected[],
  seen: readonly SeenMachine[],
  things: { found: Things; allowed: Things },
): Verdict {
  const verdict: Verdict = { lost: [], extra: [], leaked: [] };
  const left = [...seen];
  for (const { vm, runtimeHash } of expected) {
    const index = left.findIndex((machine) =>
      machine.vm === vm && machine.runtimeHash === runtimeHash
    );
    if (index < 0) verdict.lost.push(`${vm} with ${runtimeHash.slice(0, 8)}`);
    else left.splice(index, 1);
  }
  for (const { vm, runtimeHash, identity } of left) {
    const what = runtimeHash === null ? "no record" : runtimeHash.slice(0, 8);
    verdict.extra.push(`${vm} with ${what} (${identity})`);
  }
  for (const [kind, names] of things.found) {
    const allowed = new Set(things.allowed.get(kind));
    for (const name of names) {
      if (!allowed.has(name)) verdict.leaked.push(`${kind} ${name}`);
    }
  }
  return verdict;
}

/** True when nothing is wrong. */
export function isClean({ lost, extra, leaked }: Verdict): boolean {
  return lost.length + extra.length + leaked.length === 0;
}

/** `kills 200, lost 0, extra 0, leaked 0`. */
export function summary(verdicts: readonly Verdict[]): string {
  const sum = (of: keyof Verdict) =>
    verdicts.reduce((total, verdict) => total + verdict[of].length, 0);
  return `kills ${verdicts.length}, lost ${sum("lost")}, extra ${
    sum("extra")
  }, leaked ${sum("leaked")}`;
}
