/**
 * Why a worker cannot take an instance, in words; and why none can. Refuses by
 * what the worker is (`standingRefusal`), by what happened there
 * (`passingRefusal`), and by room. Ranks nothing.
 *
 * @module
 */
import type { Placement } from "../../model/blueprint.ts";
import type { VmSpec } from "../../model/vm_spec.ts";
import type { Avoid } from "./documents.ts";
import {
  publishedPorts,
  type Room,
  type Size,
  type WorkerRoom,
} from "./placing.ts";
import { attributeOf, describeRule, ruleHolds } from "./rules.ts";

/** What is to be placed, and what is known against some workers. */
export interface PlacingRequest {
  vm: string;
  spec: VmSpec;
  /** What must be free: at least the spec's size. */
  size: Size;
  avoid: readonly Avoid[];
  nowMs: number;
  /** Over as many workers as possible, or on as few; `spread` when not given. */
  policy?: Placement;
  /** Workers not to be considered: where it is now. */
  except?: string | readonly string[];
  /** The only worker that will do: where its volumes are. */
  only?: string;
  /** It is there already: a cordon keeps newcomers out, not what runs. */
  stays?: boolean;
  /** Only whether there is a place: who tries many does not read why there is none, and working it out looks at every worker. */
  isTrial?: boolean;
  /** How much of its closure a worker has, from 0 to 1; not given: not known, and it counts for nothing. */
  bytesPresent?: (worker: string) => number;
}

/** Refusals of `room`, `port` and `address` are the only ones that removing something can mend. */
export type RefusalKind =
  | "state"
  | "rule"
  | "port"
  | "address"
  | "avoided"
  | "room";

export interface Refusal {
  worker: string;
  kind: RefusalKind;
  reason: string;
}

export type Reason = Omit<Refusal, "worker">;

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

/** What a worker calls itself by in which no guest boots. */
const NO_DRIVER = "none";

function ruleRefusal(spec: VmSpec, worker: WorkerRoom): string | null {
  if (
    spec.fencing === "exclusive" && attributeOf(worker, "guard") !== "true"
  ) return "has no live guard, which an exclusive VM needs";
  const driver = attributeOf(worker, "driver");
  if (driver === NO_DRIVER) {
    const why = attributeOf(worker, "driver.why");
    return `boots no VM${why === undefined ? "" : `: ${why}`}`;
  }
  if (spec.backend !== undefined && spec.backend !== driver) {
    const by = driver === undefined
      ? "does not say by what it runs VMs"
      : `runs VMs by ${driver}`;
    return `${by}, it needs ${spec.backend}`;
  }
  const broken = spec.constraints.find((rule) => !ruleHolds(rule, worker));
  return broken === undefined ? null : `does not meet ${describeRule(broken)}`;
}

/** What keeps a spec off a worker whatever is free there. */
export function standingRefusal(
  spec: VmSpec,
  worker: WorkerRoom,
  stays: boolean,
): { kind: "state" | "rule"; reason: string } | null {
  if (worker.state !== "alive") {
    return { kind: "state", reason: `is ${worker.state}` };
  }
  if (worker.cordon !== null && !stays) {
    const reason = worker.cordon === ""
      ? "is cordoned"
      : `is cordoned: ${worker.cordon}`;
    return { kind: "state", reason };
  }
  const hindrance = worker.addressing?.hindrance ?? null;
  if (hindrance !== null && !stays) return { kind: "state", reason: hindrance };
  const rule = ruleRefusal(spec, worker);
  return rule === null ? null : { kind: "rule", reason: rule };
}

/** Each copy that holds room has an address at most: that fewer are held than there are is enough. */
function addressLack({ addressing, held }: WorkerRoom): string | null {
  return addressing === null || held < addressing.count
    ? null
    : `has given away all of its ${addressing.count} addresses`;
}

/** What keeps this request off a worker now, apart from room. */
export function passingRefusal(
  request: PlacingRequest,
  ports: readonly number[],
  worker: WorkerRoom,
): Reason | null {
  for (const port of ports) {
    const holder = worker.ports.get(port);
    if (holder !== undefined && holder !== request.vm) {
      return {
        kind: "port",
        reason: `has host port ${port} taken by ${holder}`,
      };
    }
  }
  const noAddress = request.stays === true ? null : addressLack(worker);
  if (noAddress !== null) return { kind: "address", reason: noAddress };
  const avoided = request.avoid.find((entry) =>
    entry.worker === worker.name && entry.untilMs > request.nowMs
  );
  return avoided === undefined
    ? null
    : { kind: "avoided", reason: `failed before: ${avoided.reason}` };
}

/** Why this worker cannot take the instance; null when it can. */
export function refusalOf(
  request: PlacingRequest,
  worker: WorkerRoom,
): Reason | null {
  const { spec, size, only, stays = false } = request;
  if (only !== undefined && worker.name !== only) {
    return { kind: "rule", reason: `is not ${only}, where it has to be` };
  }
  const refusal = standingRefusal(spec, worker, stays) ??
    passingRefusal(request, publishedPorts(spec), worker);
  if (refusal !== null) return refusal;
  const lack = lackOf(size, worker.free);
  return lack === null ? null : { kind: "room", reason: lack };
}

/** A worker that this request must not go to. */
export function isExcepted(request: PlacingRequest, worker: string): boolean {
  const { except } = request;
  return except !== undefined &&
    (typeof except === "string" ? except === worker : except.includes(worker));
}

/** What a size lacks somewhere. */
export function shortageOf(size: Size, free: Size): Size {
  return {
    cpuMilli: Math.max(0, size.cpuMilli - free.cpuMilli),
    memoryMib: Math.max(0, size.memoryMib - free.memoryMib),
  };
}

/** Why an instance has no place. */
export interface Nowhere {
  why: string;
  refused: Partial<Record<RefusalKind, number>>;
  /** Some worker has too little left: making room could help. */
  lacksRoom: boolean;
  /** What the worker that comes closest lacks; null when room is not what is missing. */
  lack: Size | null;
}

/** Refusals of one kind: how many, and the first of them. */
interface Refused {
  count: number;
  worker: string;
  reason: string;
}

/** Workers refused for room alone: those with most memory and with most cores. */
interface Largest {
  memory: WorkerRoom;
  cpu: WorkerRoom;
}

/** The order in which a user can do something about it. */
const KINDS_TOLD: readonly RefusalKind[] = [
  "state",
  "rule",
  "port",
  "address",
  "avoided",
];

function cores(cpuMilli: number): number {
  return Math.max(0, cpuMilli) / 1000;
}

function whyNoRoom(
  size: Size,
  { memory, cpu }: Largest,
): { text: string; lack: Size } {
  const freeMib = Math.max(0, memory.free.memoryMib);
  const needs = `needs ${size.memoryMib} MiB`;
  if (freeMib < size.memoryMib) {
    return {
      text: `${needs}: largest free is ${freeMib} MiB on "${memory.name}"`,
      lack: shortageOf(size, memory.free),
    };
  }
  const needCores = cores(size.cpuMilli);
  if (cpu.free.cpuMilli < size.cpuMilli) {
    return {
      text: `needs ${needCores} cores: largest free is ${
        cores(cpu.free.cpuMilli)
      } on "${cpu.name}"`,
      lack: shortageOf(size, cpu.free),
    };
  }
  return {
    text:
      `${needs} and ${needCores} cores on one worker: "${memory.name}" has ${freeMib} MiB and ${
        cores(memory.free.cpuMilli)
      } cores free`,
    lack: shortageOf(size, memory.free),
  };
}

/** Looks at every worker, which is why it is asked only when nothing fits; its sentence names one worker per kind of refusal. */
export function whyNowhere(request: PlacingRequest, room: Room): Nowhere {
  const kinds = new Map<RefusalKind, Refused>();
  let largest: Largest | null = null;
  for (const worker of room.ordered) {
    if (isExcepted(request, worker.name)) continue;
    const refusal = refusalOf(request, worker);
    if (refusal === null) continue;
    const { kind, reason } = refusal;
    const known = kinds.get(kind);
    if (known === undefined) {
      kinds.set(kind, { count: 1, worker: worker.name, reason });
    } else known.count++;
    if (kind !== "room") continue;
    largest ??= { memory: worker, cpu: worker };
    if (worker.free.memoryMib > largest.memory.free.memoryMib) {
      largest.memory = worker;
    }
    if (worker.free.cpuMilli > largest.cpu.free.cpuMilli) largest.cpu = worker;
  }
  const noRoom = largest === null ? null : whyNoRoom(request.size, largest);
  const told = KINDS_TOLD.flatMap((kind) => {
    const found = kinds.get(kind);
    if (found === undefined) return [];
    const more = found.count > 1 ? ` (and ${found.count - 1} more)` : "";
    return [`"${found.worker}" ${found.reason}${more}`];
  });
  const parts = noRoom === null ? told : [noRoom.text, ...told];
  const none = room.workers.size === 0
    ? "no worker is known"
    : "no other worker is known";
  return {
    why: parts.length === 0 ? none : parts.join("; "),
    refused: Object.fromEntries(
      [...kinds].map(([kind, { count }]) => [kind, count]),
    ),
    lacksRoom: noRoom !== null || kinds.has("port") || kinds.has("address"),
    lack: noRoom?.lack ?? null,
  };
}
