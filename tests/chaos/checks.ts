/**
 * What must hold after a kill and a new start. Pure: compares what was seen
 * before the kill with what is there afterwards. Judges; never looks.
 *
 * @module
 */

/** A machine as the host knows it, without asking procurator. */
export interface Machine {
  id: string;
  /** Two looks at the same running machine agree on it, and no two machines do: pid and start time. */
  identity: string;
  /** What it boots. */
  image: string;
}

/** A generation as the master tells it. */
export interface SeenGeneration {
  generation: number;
  commit: string;
  state: string;
}

/** A VM as the master tells it. */
export interface SeenVm {
  id: string;
  health: string;
  drift: boolean;
  restarts: number;
  /** What it waits for or why it is not as it should be. */
  message: string;
}

/** What one look at the whole cluster found. */
export interface Snapshot {
  machines: Machine[];
  generations: SeenGeneration[];
}

/** The end of a round: a snapshot and the cluster's status. */
export interface Outcome extends Snapshot {
  convergencePercent: number;
  activeCommit: string;
  vms: SeenVm[];
}

/** What the round did. */
export interface RoundFacts {
  /** Seen just after the kill (the processes) and just before it (the rest). */
  before: Snapshot;
  after: Outcome;
  /** The commit this round pushed. */
  pushed: string;
  /** The commit that must be active now. */
  expectedActive: string;
  /** The pushed commit's own end. */
  expectedState: "active" | "failed";
  /** Every commit a push of which git acknowledged, oldest first. */
  acknowledged: readonly string[];
  /** Machines that may be replaced although their image stays: their start was not yet on record. */
  excused: ReadonlySet<string>;
}

type Check = (facts: RoundFacts) => string[];

function counted(items: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts;
}

const converged: Check = ({ after, expectedActive }) => [
  ...after.convergencePercent === 100
    ? []
    : [`convergence is ${after.convergencePercent} %, not 100`],
  ...after.activeCommit === expectedActive ? [] : [
    `the active commit is ${
      after.activeCommit || "none"
    }, not ${expectedActive}`,
  ],
];

const nothingLost: Check = ({ before, after, acknowledged }) => {
  const known = new Map(
    after.generations.map((entry) => [entry.generation, entry.commit]),
  );
  const commits = new Set(known.values());
  return [
    ...acknowledged.filter((commit) => !commits.has(commit)).map((commit) =>
      `commit ${commit} was pushed and acknowledged, but has no generation`
    ),
    ...before.generations.filter((entry) =>
      known.get(entry.generation) !== entry.commit
    ).map((entry) =>
      `generation ${entry.generation} (${entry.commit}) was published and is lost`
    ),
  ];
};

const oneGenerationPerCommit: Check = ({ after, pushed, expectedState }) => {
  const counts = counted(after.generations.map((entry) => entry.commit));
  const state = after.generations.find((entry) => entry.commit === pushed)
    ?.state;
  return [
    ...[...counts].filter(([, count]) => count > 1).map(([commit, count]) =>
      `commit ${commit} has ${count} generations`
    ),
    ...state === expectedState
      ? []
      : [`the pushed commit is ${state ?? "unknown"}, not ${expectedState}`],
  ];
};

const oneMachinePerVm: Check = ({ after }) => {
  const counts = counted(after.machines.map(({ id }) => id));
  const wanted = new Set(after.vms.map(({ id }) => id));
  return [
    ...[...counts].filter(([, count]) => count > 1).map(([id, count]) =>
      `${count} machines run for VM ${id}`
    ),
    ...[...counts.keys()].filter((id) => !wanted.has(id)).map((id) =>
      `a machine runs for VM ${id}, which nobody wants`
    ),
    ...[...wanted].filter((id) => !counts.has(id)).map((id) =>
      `no machine runs for VM ${id}`
    ),
  ];
};

const adopted: Check = ({ before, after, excused, expectedState }) => {
  const now = new Map(after.machines.map((machine) => [machine.id, machine]));
  return before.machines.flatMap((was) => {
    const is = now.get(was.id);
    // A commit that fails ends where it began: only machines it does not touch keep their identity.
    const touched = expectedState === "failed" && !was.id.includes("/steady-");
    if (is === undefined || is.image !== was.image || touched) return [];
    if (is.identity === was.identity || excused.has(was.id)) return [];
    return [
      `VM ${was.id} ran through the kill, but was started again (${was.identity} is now ${is.identity})`,
    ];
  });
};

const healthyAndNotRestarted: Check = ({ after }) =>
  after.vms.flatMap((vm) => [
    ...vm.health === "healthy" ? [] : [`VM ${vm.id} is ${vm.health}`],
    ...vm.drift ? [`VM ${vm.id} drifts`] : [],
    ...vm.restarts === 0
      ? []
      : [`VM ${vm.id} was restarted ${vm.restarts} times`],
  ]);

/** Every check by the name it has in the table. */
export const CHECKS = {
  converged,
  "nothing lost": nothingLost,
  "one generation per commit": oneGenerationPerCommit,
  "one machine per VM": oneMachinePerVm,
  adopted,
  healthy: healthyAndNotRestarted,
} as const satisfies Record<string, Check>;

/** What does not hold, as `CHECK: what`. Empty: everything holds. */
export function violations(facts: RoundFacts): string[] {
  return Object.entries(CHECKS).flatMap(([name, check]) =>
    check(facts).map((what) => `${name}: ${what}`)
  );
}
