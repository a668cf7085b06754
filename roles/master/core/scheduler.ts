/**
 * Where an instance goes: feasible -> rank -> place. Every refusal and every
 * score is kept as a value, for it is what the user reads. Never overcommits,
 * never decides when something is placed (reconciler.ts does).
 *
 * @module
 */
import type { Constraint, VmSpec } from "../../model/vm_spec.ts";
import type { Avoid } from "./documents.ts";
import {
  groupOf,
  publishedPorts,
  type Room,
  type Size,
  type WorkerRoom,
} from "./placing.ts";

/** What is to be placed, and what is known against some workers. */
export interface PlacingRequest {
  vm: string;
  spec: VmSpec;
  /** What must be free: at least the spec's size. */
  size: Size;
  avoid: readonly Avoid[];
  nowMs: number;
  /** A worker not to be considered: where it is now. */
  except?: string;
  /** The only worker to be considered: where its volumes are. */
  only?: string;
}

export interface Score {
  worker: string;
  score: number;
  /** Each part by name, so that "why there?" has an answer. */
  parts: Readonly<Record<string, number>>;
}

/** `room` refusals are the only ones that removing something can mend. */
export type RefusalKind = "state" | "rule" | "port" | "avoided" | "room";

export interface Refusal {
  worker: string;
  kind: RefusalKind;
  reason: string;
}

export interface Placing {
  /** null: nowhere. */
  worker: string | null;
  scores: Score[];
  refusals: Refusal[];
  /** Why nowhere; empty when it was placed. */
  why: string;
  /** Some worker has too little left: making room could help. */
  lacksRoom: boolean;
}

/** Refusals named in one message. */
const MAX_SHOWN = 3;

/** Spreading replicas outweighs free room, which is at most 100. */
const SAME_GROUP_PENALTY = 1000;

function attributeOf(worker: WorkerRoom, name: string): string | undefined {
  return name === "worker" ? worker.name : worker.attributes[name];
}

/** Operators this version evaluates; publish.ts refuses the others. */
export const OPERATORS = new Set<Constraint["operator"]>(["=", "!=", "in"]);

/** Whether a rule holds on a worker; a missing attribute equals nothing. */
export function ruleHolds(
  rule: Pick<Constraint, "attribute" | "operator" | "value">,
  worker: WorkerRoom,
): boolean {
  const values = Array.isArray(rule.value) ? rule.value : [rule.value];
  const found = attributeOf(worker, rule.attribute);
  const isIn = found !== undefined && values.includes(found);
  return rule.operator === "!=" ? !isIn : isIn;
}

function describeRule(rule: Constraint): string {
  const value = Array.isArray(rule.value) ? rule.value.join(", ") : rule.value;
  return `${rule.attribute} ${rule.operator} ${value}`;
}

type Reason = Omit<Refusal, "worker">;

function lackOf(size: Size, free: Size): string | null {
  if (free.memoryMib < size.memoryMib) {
    return `has ${
      Math.max(0, free.memoryMib)
    } MiB free, it needs ${size.memoryMib} MiB`;
  }
  if (free.cpuMilli < size.cpuMilli) {
    return `has ${Math.max(0, free.cpuMilli) / 1000} cores free, it needs ${
      size.cpuMilli / 1000
    }`;
  }
  return null;
}

function ruleRefusal(spec: VmSpec, worker: WorkerRoom): string | null {
  if (spec.fencing === "exclusive" && worker.attributes.guard !== "true") {
    return "has no live guard, which an exclusive VM needs";
  }
  const { driver } = worker.attributes;
  if (
    spec.backend !== undefined && driver !== undefined &&
    spec.backend !== driver
  ) return `runs VMs by ${driver}, it needs ${spec.backend}`;
  const broken = spec.constraints.find((rule) => !ruleHolds(rule, worker));
  return broken === undefined ? null : `does not meet ${describeRule(broken)}`;
}

/** Why this worker cannot take the instance; null when it can. */
export function refusalOf(
  request: PlacingRequest,
  worker: WorkerRoom,
): Reason | null {
  const { spec } = request;
  if (worker.state !== "alive") {
    return { kind: "state", reason: `is ${worker.state}` };
  }
  const rule = ruleRefusal(spec, worker);
  if (rule !== null) return { kind: "rule", reason: rule };
  for (const port of publishedPorts(spec)) {
    const holder = worker.ports.get(port);
    if (holder !== undefined && holder !== request.vm) {
      return {
        kind: "port",
        reason: `has host port ${port} taken by ${holder}`,
      };
    }
  }
  const avoided = request.avoid.find((entry) =>
    entry.worker === worker.name && entry.untilMs > request.nowMs
  );
  if (avoided !== undefined) {
    return { kind: "avoided", reason: `failed before: ${avoided.reason}` };
  }
  const lack = lackOf(request.size, worker.free);
  return lack === null ? null : { kind: "room", reason: lack };
}

function scoreOf(request: PlacingRequest, worker: WorkerRoom): Score {
  const { spec } = request;
  const share = (free: number, all: number) => all === 0 ? 0 : free / all;
  const parts: Record<string, number> = {
    freeRoom: 50 * share(worker.free.memoryMib, worker.capacity.memoryMib) +
      50 * share(worker.free.cpuMilli, worker.capacity.cpuMilli),
    sameVm: -SAME_GROUP_PENALTY * (worker.groups.get(groupOf(request.vm)) ?? 0),
    affinity: spec.affinities.reduce(
      (sum, rule) => sum + (ruleHolds(rule, worker) ? rule.weight : 0),
      0,
    ),
  };
  const score = Object.values(parts).reduce((sum, part) => sum + part, 0);
  return { worker: worker.name, score, parts };
}

/** Minus the weight for each instance of the group that shares the attribute's value. */
function spreadOf(
  request: PlacingRequest,
  worker: WorkerRoom,
  room: Room,
): number {
  let penalty = 0;
  for (const { attribute, weight } of request.spec.spread) {
    const mine = attributeOf(worker, attribute);
    if (mine === undefined) continue;
    for (const other of room.workers.values()) {
      if (attributeOf(other, attribute) !== mine) continue;
      penalty -= weight * (other.groups.get(groupOf(request.vm)) ?? 0);
    }
  }
  return penalty;
}

function whyNowhere(refusals: readonly Refusal[]): string {
  if (refusals.length === 0) return "no worker is known";
  const shown = refusals.slice(0, MAX_SHOWN).map(({ worker, reason }) =>
    `"${worker}" ${reason}`
  );
  const more = refusals.length > MAX_SHOWN
    ? ` (and ${refusals.length - MAX_SHOWN} more)`
    : "";
  return shown.join("; ") + more;
}

/** Picks a worker, or says why there is none. Equal scores go to the first by name. */
export function choosePlace(request: PlacingRequest, room: Room): Placing {
  const scores: Score[] = [];
  const refusals: Refusal[] = [];
  let lacksRoom = false;
  for (const worker of room.workers.values()) {
    if (worker.name === request.except) continue;
    if (worker.name !== (request.only ?? worker.name)) continue;
    const refusal = refusalOf(request, worker);
    if (refusal !== null) {
      refusals.push({ worker: worker.name, ...refusal });
      lacksRoom ||= refusal.kind === "room" || refusal.kind === "port";
      continue;
    }
    const score = scoreOf(request, worker);
    const spread = spreadOf(request, worker, room);
    scores.push({
      ...score,
      score: score.score + spread,
      parts: { ...score.parts, spread },
    });
  }
  scores.sort((a, b) =>
    b.score - a.score ||
    (a.worker < b.worker ? -1 : a.worker > b.worker ? 1 : 0)
  );
  const best = scores[0];
  return {
    worker: best === undefined ? null : best.worker,
    scores,
    refusals,
    why: best === undefined ? whyNowhere(refusals) : "",
    lacksRoom,
  };
}
