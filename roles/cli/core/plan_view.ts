/**
 * What `plan` prints: what would change, grouped by kind, what the closures
 * come to, and the revision that a push can be bound to.
 *
 * @module
 */
import type {
  ClosureChange,
  Plan,
  PlanChange,
  PlanChangeKind,
} from "../../model/mod.ts";
import { type Cell, type Paint, plain, table, type Tone } from "./table.ts";

/** Hex digits of a commit that people compare. */
const SHORT = 8;
const MIB = 1024 * 1024;
/** Lines of one kind, and closures: two screens. --json has all. */
const MAX_SHOWN = 100;
/** Reasons why sizes are not known, and names for each. */
const MAX_REASONS = 10;
const MAX_NAMES = 5;
/** Workers in the line of a closure. */
const MAX_COPIES = 4;

/** What stands before a line, its tone; the order in which kinds are shown. */
const KINDS = {
  pending: ["?", "bad"],
  destroy: ["-", "bad"],
  create: ["+", "good"],
  replace: ["~", "busy"],
  switch: ["~", "busy"],
  move: [">", "busy"],
  relabel: ["=", "quiet"],
  keep: [" ", "quiet"],
} as const satisfies Record<PlanChangeKind, readonly [string, Tone]>;

const ORDER = Object.keys(KINDS) as PlanChangeKind[];

/** True when publishing would do anything to any VM. */
export function hasChanges(plan: Plan): boolean {
  return plan.changes.some(({ kind }) => kind !== "keep");
}

function groupsOf(plan: Plan): [PlanChangeKind, PlanChange[]][] {
  const groups = Map.groupBy(plan.changes, ({ kind }) => kind);
  return ORDER.flatMap((kind) => {
    const group = groups.get(kind);
    return group === undefined ? [] : [[kind, group]];
  });
}

function head(plan: Plan, paint: Paint): string {
  const commit = plan.commit === "" ? "" : ` (${plan.commit.slice(0, SHORT)})`;
  const after = plan.activeGeneration === 0
    ? "no generation is active"
    : `generation ${plan.activeGeneration} is active`;
  const lines = [
    `${
      paint(plain(plan.cluster), "strong")
    }  generation ${plan.nextGeneration}${commit}, ${after}`,
  ];
  if (plan.refused !== null) {
    lines.push(`${paint("refused:", "bad")} ${plain(plan.refused)}`);
  }
  if (plan.held !== null) lines.push(paint(plain(plan.held), "busy"));
  return lines.join("\n") + "\n";
}

function counts(plan: Plan): string {
  const said = groupsOf(plan).map(([kind, group]) => `${group.length} ${kind}`);
  if (plan.refused !== null) return "";
  if (!hasChanges(plan)) {
    return plan.changes.length === 0
      ? "no VMs, before or after\n"
      : `no changes: ${plan.changes.length} VMs stay as they are\n`;
  }
  return `${said.join(", ")}\n`;
}

function placeOf({ fromWorker, toWorker }: PlanChange): string {
  if (fromWorker === "" || fromWorker === toWorker) return toWorker || "-";
  return toWorker === "" ? fromWorker : `${fromWorker} -> ${toWorker}`;
}

function changeRows(plan: Plan): Cell[][] {
  const rows: Cell[][] = [];
  for (const [kind, group] of groupsOf(plan)) {
    if (kind === "keep") continue;
    const [sign, tone] = KINDS[kind];
    for (const change of group.slice(0, MAX_SHOWN)) {
      rows.push([
        { text: `${sign} ${kind}`, tone },
        change.vm,
        placeOf(change),
        change.reason,
      ]);
    }
    if (group.length > MAX_SHOWN) {
      const more = `and ${group.length - MAX_SHOWN} more`;
      rows.push([{ text: `${sign} ${kind}`, tone }, more, "", ""]);
    }
  }
  return rows;
}

/** Bytes as MiB with one digit behind the point. */
function mib(bytes: number): string {
  return (bytes / MIB).toFixed(1);
}

function copiesOf({ copies }: ClosureChange): string {
  const shown = copies.slice(0, MAX_COPIES).map(({ worker, bytes }) =>
    `${worker} ${mib(bytes)}`
  );
  const more = copies.length - shown.length;
  return shown.join(", ") + (more > 0 ? `, and ${more} more` : "");
}

function closureRow(closure: ClosureChange): Cell[] {
  return [
    closure.vm,
    `+${closure.pathsAdded} -${closure.pathsRemoved}`,
    `+${mib(closure.bytesAdded)} -${mib(closure.bytesRemoved)}`,
    mib(closure.totalBytes),
    closure.kernelChanged ? "changed" : "same",
    copiesOf(closure),
  ];
}

function closures(plan: Plan, paint: Paint): string {
  const known = plan.closures.filter((closure) => closure.known);
  const rows = known.slice(0, MAX_SHOWN).map(closureRow);
  const more = known.length > MAX_SHOWN
    ? `and ${known.length - MAX_SHOWN} more\n`
    : "";
  const head = [
    "CLOSURE",
    "PATHS",
    "MIB",
    "TOTAL MIB",
    "KERNEL",
    "MIB TO COPY",
  ];
  return (rows.length === 0 ? "" : table(head, rows, paint) + more) +
    unknown(plan.closures.filter((closure) => !closure.known));
}

/** Mostly all for one reason: the cache is away, or nobody said where it is. */
function unknown(closures: readonly ClosureChange[]): string {
  const groups = Map.groupBy(closures, ({ message }) => message);
  return [...groups].slice(0, MAX_REASONS).map(([message, group]) => {
    const names = group.slice(0, MAX_NAMES).map(({ vm }) => vm).join(", ");
    const more = group.length - MAX_NAMES;
    const others = more > 0 ? ` and ${more} more` : "";
    return plain(`sizes of ${names}${others} are not known: ${message}`) + "\n";
  }).join("");
}

function foot(plan: Plan, paint: Paint): string {
  const revision = `plan revision ${plan.planRevision}`;
  if (plan.refused !== null) return `${revision}\n`;
  return `${
    paint(revision, "strong")
  }; to publish on this plan only: git push -o check-index=${plan.planRevision}\n`;
}

/** The plan for people. */
export function formatPlan(plan: Plan, paint: Paint): string {
  const rows = changeRows(plan);
  const parts = [
    head(plan, paint) + counts(plan),
    rows.length === 0
      ? ""
      : table(["CHANGE", "VM", "WORKER", "WHY"], rows, paint),
    closures(plan, paint),
    foot(plan, paint),
  ];
  return parts.filter((part) => part !== "").join("\n");
}
