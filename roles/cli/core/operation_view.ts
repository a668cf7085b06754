/**
 * What `operations`, `drain`, `rebalance`, `events` and `audit` print.
 *
 * @module
 */
import type { Event } from "../../model/event.ts";
import type { Operation, Rebalance } from "../../model/operation.ts";
import { duration, type Paint, plain, stateCell, table } from "./table.ts";

/** Moves shown of a proposal; --json has them all. */
const MAX_SHOWN_MOVES = 50;

/** An operation in a line, as it is reported while it runs and when it has ended. */
export function describeOperation(operation: Operation): string {
  const { id, state, done, total, message } = operation;
  const count = total === 0 ? "" : ` ${done}/${total}`;
  return plain(`${id} ${state}${count}: ${message}`);
}

/** The operations for people, newest first as the master sends them. */
export function formatOperations(
  operations: readonly Operation[],
  nowMs: number,
  paint: Paint,
): string {
  if (operations.length === 0) return "no operations\n";
  const rows = operations.map((item) => [
    item.id,
    item.target,
    item.state === "done"
      ? { text: item.state, tone: "good" as const }
      : stateCell(item.state),
    item.total === 0 ? "-" : `${item.done}/${item.total}`,
    `${duration(nowMs - item.createdAtMs)} ago`,
    item.by.name,
    item.reason === "" ? item.message : `${item.message} (${item.reason})`,
  ]);
  return table(
    ["ID", "TARGET", "STATE", "DONE", "ASKED", "BY", "MESSAGE"],
    rows,
    paint,
  );
}

/** What a rebalance would do. */
export function formatRebalance(proposal: Rebalance, paint: Paint): string {
  const { moves, message } = proposal;
  if (moves.length === 0) return `${plain(message)}\n`;
  const shown = moves.slice(0, MAX_SHOWN_MOVES);
  const rows = shown.map(({ vm, fromWorker, toWorker, reason }) => [
    vm,
    fromWorker,
    toWorker,
    reason,
  ]);
  const more = moves.length > shown.length
    ? `and ${moves.length - shown.length} more\n`
    : "";
  return `${table(["VM", "FROM", "TO", "REASON"], rows, paint)}${more}${
    plain(message)
  }\n`;
}

/** `2026-11-23 04:05:06`, in UTC: events of several machines are compared. */
function timeText(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 19).replace("T", " ");
}

const TOPIC_CHARS = "generation".length;

/** One event in a line. */
export function formatEvent(event: Event, paint: Paint): string {
  const { index, atMs, topic, cluster, subject, message, by } = event;
  const of = cluster === "" || subject.startsWith(`${cluster}/`)
    ? subject
    : `${cluster} ${subject}`;
  const who = by.role === "system" ? "" : `  by ${by.name}`;
  return `${paint(String(index).padStart(6), "quiet")}  ${
    paint(timeText(atMs), "quiet")
  }  ${topic.padEnd(TOPIC_CHARS)}  ${paint(plain(of), "strong")}  ${
    plain(message)
  }${paint(plain(who), "quiet")}\n`;
}

/** One line of the audit record: who first. */
export function formatAudit(event: Event, paint: Paint): string {
  const { index, atMs, topic, cluster, subject, message, by } = event;
  const token = by.tokenId === "" ? "no token" : `token ${by.tokenId}`;
  const of = cluster === "" || subject.startsWith(`${cluster}/`)
    ? subject
    : `${cluster} ${subject}`;
  return `${paint(String(index).padStart(6), "quiet")}  ${
    paint(timeText(atMs), "quiet")
  }  ${paint(plain(`${by.name} (${by.role}, ${token})`), "strong")}  ${topic} ${
    plain(of)
  }: ${plain(message)}\n`;
}
