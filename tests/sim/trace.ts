/**
 * What happened in a simulation: a line per transition, how often each kind of
 * fault and action was seen, and what was broken.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Kernel } from "./kernel.ts";

/** Every kind of fault; a summary in which one is zero says that the simulator lost it. */
export const FAULTS = [
  "delay",
  "connection-loss",
  "partition",
  "one-way-partition",
  "turning-partition",
  "repeated-report",
  "repeated-poll",
  "late-assignment",
  "repeated-publish",
  "reply-lost",
  "worker-crash",
  "worker-stop",
  "worker-crash-in-switch",
  "host-reboot",
  "guard-crash",
  "master-crash",
  "master-crash-in-commit",
  "clock-skew",
  "vm-never-boots",
  "vm-crashes",
  "vmm-killed",
  "pid-reused",
  "fetch-slow",
  "fetch-failed",
  "network-failed",
  "switch-refused",
  "probes-fail",
  "worker-disk-full",
  "master-disk-full",
  "master-disk-slow",
] as const;
export type Fault = typeof FAULTS[number];

/** What master, worker, publisher and operator do. */
export const ACTIONS = [
  "publish",
  "rollback",
  "resume",
  "retry",
  "pause",
  "promote-canaries",
  "fail-rollout",
  "cordon",
  "uncordon",
  "drain",
  "rebalance",
  "cancel",
  "logs",
  "follow",
  "roll-out",
  "promote",
  "fail",
  "supersede",
  "hold",
  "place",
  "update",
  "relabel",
  "reissue",
  "leave",
  "preempt",
  "forget",
  "avoid",
  "acknowledge",
  "settle",
  "new-term",
  "obey",
  "start",
  "start-exclusive",
  "stop",
  "switch",
  "end",
  "adopt",
  "commit",
  "roll-back",
] as const;
export type Seen = typeof ACTIONS[number];

/** Lines of one run at most: a run that writes more goes round in circles. */
const MAX_LINES = 200_000;

export class Trace {
  readonly lines: string[] = [];
  readonly counts = new Map<Fault | Seen, number>();
  /** The first broken promise; the run ends there. */
  violation: string | null = null;
  readonly #kernel: Kernel;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  line(where: string, text: string): void {
    this.lines.push(`${this.#kernel.nowMs} ${where} ${text}`);
    if (this.lines.length > MAX_LINES) this.broken("trace", "it never ends");
  }

  fault(kind: Fault, where: string, text = ""): void {
    this.#count(kind);
    this.line(where, `! ${kind} ${text}`);
  }

  seen(kind: Seen, where: string, text: string): void {
    this.#count(kind);
    this.line(where, `${kind} ${text}`);
  }

  #count(kind: Fault | Seen): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  }

  /** A promise was broken. */
  broken(checker: string, text: string): void {
    if (this.violation !== null) return;
    this.violation = `${checker}: ${text}`;
    this.line(checker, `BROKEN ${text}`);
  }

  /** Equal when the same happened at the same times. */
  digest(): string {
    return createHash("sha256").update(this.lines.join("\n")).digest("hex");
  }
}
