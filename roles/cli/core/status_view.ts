/**
 * What `status` and `generations` print, from the master's answers.
 *
 * @module
 */
import type {
  ClusterStatus,
  GenerationSummary,
  VmStatus,
} from "../../model/mod.ts";
import type { Operation } from "../../model/operation.ts";
import { describeOperation } from "./operation_view.ts";
import {
  type Cell,
  duration,
  type Paint,
  plain,
  stateCell,
  table,
} from "./table.ts";

/** Hex digits of a commit or hash that people compare. */
const SHORT = 8;

/** True when nothing more will change by itself: all as desired, and no rollout under way. */
export function isConverged(status: ClusterStatus): boolean {
  if (status.convergencePercent < 100) return false;
  if (status.rollout === null) return true;
  if (status.rollout.state === "pending") return status.held !== null;
  return status.rollout.state !== "running" &&
    status.rollout.state !== "paused";
}

function stateOf(vm: VmStatus): Cell {
  if (vm.state === "Running") return vm.state;
  return { text: vm.state, tone: vm.state === "Shutdown" ? "bad" : "busy" };
}

function wantedOf(vm: VmStatus): Cell {
  if (vm.desired === null) return { text: "not wanted", tone: "busy" };
  if (vm.observed === null) return { text: "not running", tone: "busy" };
  return vm.drift ? { text: "drift", tone: "busy" } : "as desired";
}

function summary(
  status: ClusterStatus,
  paint: Paint,
  operations: readonly Operation[],
): string {
  const percent = `${status.convergencePercent} % converged`;
  const lines = [
    `${paint(plain(status.cluster || "(no cluster)"), "strong")}  ${
      status.activeGeneration === 0
        ? "no generation is active"
        : `generation ${status.activeGeneration} (${
          status.commit.slice(0, SHORT)
        }) is active`
    }, ${paint(percent, status.convergencePercent === 100 ? "good" : "busy")}`,
  ];
  if (status.held !== null) lines.push(paint(plain(status.held), "busy"));
  if (status.rollout !== null) {
    const { generation, state, message, waitingOn } = status.rollout;
    const tone = state === "failed" ? "bad" : "busy";
    // The message of a paused one says so itself.
    const said = message.replace(new RegExp(`^${state}(: |; |$)`), "");
    const more = said === "" ? "" : `: ${plain(said)}`;
    lines.push(`rollout of ${generation} ${paint(state, tone)}${more}`);
    if (waitingOn !== null) {
      lines.push(paint(plain(`waiting on ${waitingOn}`), "busy"));
    }
  }
  for (const operation of operations) {
    if (operation.state !== "running") continue;
    lines.push(paint(describeOperation(operation), "busy"));
  }
  return lines.join("\n") + "\n";
}

/** The status for people, with the operations that run. */
export function formatStatus(
  status: ClusterStatus,
  paint: Paint,
  operations: readonly Operation[] = [],
): string {
  const workers = status.workers.map((worker) => [
    worker.id,
    worker.cordoned === null
      ? stateCell(worker.state)
      : { text: `${worker.state}, cordoned`, tone: "busy" as const },
    `${worker.free.cpuMilli / 1000}/${worker.capacity.cpuMilli / 1000}`,
    `${worker.free.memoryMib}/${worker.capacity.memoryMib}`,
    Object.entries(worker.versions).map((pair) => pair.join(" ")).join(", "),
  ]);
  const vms = status.vms.map((vm) => [
    vm.surge ? `${vm.id} (surge)` : vm.id,
    vm.worker || "-",
    stateOf(vm),
    stateCell(vm.health),
    vm.generation === 0 ? "-" : String(vm.generation),
    wantedOf(vm),
    vm.address || "-",
    String(vm.restarts),
    vm.message,
  ]);
  const parts = [summary(status, paint, operations)];
  parts.push(
    workers.length === 0 ? "no worker has ever reported\n" : table(
      ["WORKER", "STATE", "FREE CPU", "FREE MIB", "VERSIONS"],
      workers,
      paint,
    ),
  );
  parts.push(
    vms.length === 0 ? "no VMs\n" : table(
      [
        "VM",
        "WORKER",
        "STATE",
        "HEALTH",
        "GEN",
        "WANTED",
        "ADDRESS",
        "RESTARTS",
        "MESSAGE",
      ],
      vms,
      paint,
    ),
  );
  return parts.join("\n");
}

/** What `resume` came to, in a line. */
export function describeResume(
  before: ClusterStatus,
  after: ClusterStatus,
): string {
  if (before.rollout?.state === "paused") {
    return `the rollout of ${before.rollout.generation} goes on\n`;
  }
  if (before.held === null) return "there was no hold: nothing changed\n";
  const now = `generation ${after.activeGeneration}`;
  if (after.rollout !== null && after.rollout.state !== "failed") {
    return `the hold is ended: generation ${after.rollout.generation} is rolled out\n`;
  }
  return after.activeGeneration === before.activeGeneration
    ? `the hold is ended; nothing newer waits, ${now} stays active\n`
    : `the hold is ended: ${now} is active\n`;
}

/** What `rollback` came to, in a line. */
export function describeRollback(after: ClusterStatus): string {
  return `generation ${after.activeGeneration} is active again and held there: newer ones wait until: procurator resume\n`;
}

/** What `retry` came to, in a line. */
export function describeRetry(
  after: ClusterStatus,
  generation: number,
): string {
  const { rollout } = after;
  if (rollout?.generation !== generation) {
    return `generation ${generation} is not the newest: it is not rolled out, but its content may be published again\n`;
  }
  return rollout.state === "pending"
    ? `generation ${generation} may run again; it waits: ${rollout.message}\n`
    : `generation ${generation} is rolled out again\n`;
}

/** What `pause` came to, in a line. */
export function describePause(after: ClusterStatus): string {
  return `the rollout of ${
    after.rollout?.generation ?? "-"
  } is paused until: procurator resume\n`;
}

/** What `promote` came to, in a line. */
export function describePromote(after: ClusterStatus): string {
  return after.rollout === null
    ? `generation ${after.activeGeneration} is active\n`
    : `the new copies of ${after.rollout.generation} become the main ones, and its rollout goes on\n`;
}

/** What `fail` came to, in a line. */
export function describeFail(after: ClusterStatus): string {
  return `the rollout has failed${
    after.rollout === null ? "" : `: ${plain(after.rollout.message)}`
  }\n`;
}

function seconds(value: number | null): string {
  return value === null ? "-" : value.toFixed(1);
}

/** The generations for people, newest first as the master sends them. */
export function formatGenerations(
  generations: readonly GenerationSummary[],
  nowMs: number,
  paint: Paint,
): string {
  if (generations.length === 0) return "nothing was published yet\n";
  const rows = generations.map((item) => [
    String(item.generation),
    stateCell(item.state),
    item.commit.slice(0, SHORT),
    item.repository,
    String(item.vms),
    `${duration(nowMs - item.publishedAtMs)} ago`,
    seconds(item.seconds.copy),
    seconds(item.seconds.place),
    seconds(item.seconds.boot),
    seconds(item.seconds.healthy),
    item.rollbackTarget === true ? "yes" : "-",
    item.reason,
  ]);
  return table(
    [
      "GEN",
      "STATE",
      "COMMIT",
      "REPOSITORY",
      "VMS",
      "PUBLISHED",
      "COPY",
      "PLACE",
      "BOOT",
      "HEALTHY",
      "ROLLBACK",
      "REASON",
    ],
    rows,
    paint,
  );
}
