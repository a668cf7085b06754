/**
 * A copy of a VM as it is reported: its state in words and figures. Pure.
 *
 * @module
 */
import type { ObservedVm } from "../../../model/observed.ts";
import { startHindrance } from "../../fencing/core/fencing.ts";
import { healthMessage, healthOf } from "./health.ts";
import {
  type GuestOn,
  isPaused,
  orderedOf,
  runs,
  runsAlone,
  type Vm,
  type Wanted,
  wantedOf,
} from "./vm_state.ts";

/** True when another copy's guest keeps this one from starting. */
function waitsForOther(vm: Vm, wanted: Wanted): boolean {
  return vm.isBeside && wanted.kind === "target" &&
    runsAlone(wanted.target.spec);
}

/** Why an exclusive VM that is ordered does not start; "" for all others. */
function fencingMessage(vm: Vm): string {
  const ordered = orderedOf(vm);
  if (ordered.kind !== "target") return "";
  return startHindrance(ordered.target.spec, vm.fencing) ?? "";
}

function stateWord(vm: Vm, wanted: Wanted): ObservedVm["state"] {
  switch (vm.guest.kind) {
    case "on":
      return isPaused(vm) ? "Paused" : "Running";
    case "switching":
    case "stopping":
      return "Running";
    case "starting":
      // The master must not take it for gone while a VMM is being started.
      return "Created";
    case "off":
      return wanted.kind === "target" ? "Created" : "Shutdown";
    case "ended":
    case "forgetting":
    case "forgotten":
      return "Shutdown";
  }
}

/** The host's failure that stands in the way; null when none does. */
function failureOf(vm: Vm, wanted: Wanted): ObservedVm["hostFailure"] {
  return vm.failure?.host ??
    (wanted.kind === "nothing" ? wanted.failure : null);
}

/** How what runs came to run; once it is committed, that is history. */
function changeOf(vm: Vm): string {
  const { refused, attempt } = vm.ledger;
  return refused !== null || attempt?.settled === false ? vm.change : "";
}

function messageOf(vm: Vm, wanted: Wanted, at: number): string {
  const refused = vm.ledger.refused;
  const parts: string[] = [];
  if (refused !== null) parts.push(`rolled back: ${refused.reason}`);
  const failure = failureOf(vm, wanted);
  if (failure !== null) parts.push(failure.message);
  if (vm.supply.kind === "fetching") parts.push(vm.supply.progress);
  switch (vm.guest.kind) {
    case "starting":
      parts.push(vm.change, "starting");
      break;
    case "switching":
      parts.push(vm.change);
      break;
    case "stopping":
      parts.push(vm.change, "stopping");
      break;
    case "ended":
      parts.push(vm.guest.reason);
      break;
    case "off":
      if (vm.guest.untilMs > at) {
        const waitMs = Math.ceil(vm.guest.untilMs - at);
        parts.push(vm.lastEnd, `starting again in ${waitMs} ms`);
      } else if (waitsForOther(vm, wanted)) {
        parts.push("waiting for the former copy to stop");
      } else if (failure === null) parts.push(fencingMessage(vm));
      break;
    case "on":
      parts.push(changeOf(vm));
      parts.push(isPaused(vm) ? "paused" : healthMessage(vm.guest.health));
      if (vm.publishing.kind === "waiting") parts.push(vm.publishing.message);
  }
  return parts.filter((part) => part !== "").join("; ").slice(0, 4096);
}

type Shown = Exclude<keyof ObservedVm, "healthyForMs">;

/** All but `healthyForMs`, which changes with every millisecond. A record: a field that is added must be named here. */
const SHOWN: Readonly<Record<Shown, true>> = {
  vm: true,
  incarnation: true,
  state: true,
  runtimeHash: true,
  generation: true,
  health: true,
  settled: true,
  restarts: true,
  address: true,
  ports: true,
  rolledBack: true,
  hostFailure: true,
  message: true,
  seconds: true,
  closureBytes: true,
  change: true,
};
const SHOWN_KEYS = Object.keys(SHOWN) as Shown[];

/** True when a report that says `after` has no news for one who knows `before`. */
export function looksSame(before: ObservedVm, after: ObservedVm): boolean {
  return SHOWN_KEYS.every((key) => {
    const [a, b] = [before[key], after[key]];
    if (a === b) return true;
    // Objects of a VM that did not change are mostly the very same ones.
    return typeof a === "object" && typeof b === "object" &&
      JSON.stringify(a) === JSON.stringify(b);
  });
}

/** Where it is reached first: its first port, or an address of its own. */
function addressOf({ desired }: Vm, { host, ports: [first] }: GuestOn): string {
  if (first !== undefined) return `${host}:${first.host}`;
  const own = desired.kind === "order" ? desired.order.network?.address : null;
  return host === own ? host : "";
}

/** Where users reach its ports: published ones at this host. */
function portsOf({ ports, forwarded }: GuestOn): ObservedVm["ports"] {
  if (forwarded === undefined) return ports;
  return ports.map((port) => {
    const found = forwarded.find(({ name }) => name === port.name);
    return found === undefined ? port : { ...port, host: found.publish };
  });
}

/** The VM as it is reported. */
export function observe(vm: Vm, at: number): ObservedVm {
  const on = vm.guest.kind === "on"
    ? vm.guest
    : vm.guest.kind === "stopping" || vm.guest.kind === "switching"
    ? vm.guest.was
    : null;
  const { attempt, refused, restarts } = vm.ledger;
  const wanted = wantedOf(vm);
  const current = attempt !== null && on !== null &&
      runs(on, attempt.target)
    ? attempt
    : null;
  // A guest that stands still answers nobody, and a mixture answers for nobody: what comes of a switch is not known yet.
  const isMixed = vm.guest.kind === "switching" || on?.isMixed === true;
  const judged = isPaused(vm) || isMixed ? null : on;
  // What is still under way is told by the message alone.
  const change = vm.guest.kind === "switching" ? "" : changeOf(vm);
  const since = judged?.health.healthySinceMs ?? null;
  return {
    vm: vm.id,
    incarnation: vm.incarnation,
    state: stateWord(vm, wanted),
    runtimeHash: on?.target.runtimeHash ?? null,
    generation: on?.target.generation ?? 0,
    health: judged === null
      ? "unknown"
      : healthOf(judged.health, judged.target.spec.healthChecks, at),
    healthyForMs: since === null ? null : Math.max(0, Math.round(at - since)),
    settled: current?.settled ?? false,
    restarts,
    address: on === null ? "" : addressOf(vm, on),
    ports: on === null ? [] : portsOf(on),
    rolledBack: refused,
    hostFailure: failureOf(vm, wanted),
    message: messageOf(vm, wanted, at),
    seconds: attempt?.seconds ?? { copy: null, boot: null, healthy: null },
    closureBytes: null,
    ...(change === "" ? {} : { change }),
  };
}
