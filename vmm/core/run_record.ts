/**
 * What a driver keeps of a VM in its run directory, so that the next process
 * finds it. Pure: the shape and the questions asked of it.
 *
 * `starting` is written before the VMM is spawned: a process that dies between
 * spawn and record leaves the marker by which the next one finds the VMM.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import {
  type CopyId,
  copyKey,
  Counter,
  Name,
  Sha256,
  VmId,
} from "../../roles/model/ids.ts";

/** Keys that a later version has added are left out: a step back must not end VMs that run. */
export const RunRecord = z.object({
  version: z.literal(1),
  id: VmId,
  incarnation: Counter,
  runtimeHash: Sha256,
  /** Another boot: nothing of this can run. */
  bootId: z.string().min(1).max(64),
  marker: z.uuid(),
  host: z.string().max(64),
  ports: z.array(
    z.strictObject({ name: Name, guest: Counter, host: Counter }),
  ).max(64),
  startedAtMs: Counter,
  /** It is a guard's child. */
  guarded: z.literal(true).optional(),
  /** Its network card on this host: it is reached at `host` then, at the guest's own ports. */
  tap: z.string().max(15).optional(),
  state: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("starting") }),
    z.strictObject({
      kind: z.literal("running"),
      pid: z.number().int().min(1),
      /** Field 22 of /proc/PID/stat: a pid that was used again has another one. */
      startTicks: Counter,
    }),
  ]),
});
export type RunRecord = z.output<typeof RunRecord>;

/**
 * The name of a VM's directory: ids may be 140 characters long and hold a
 * slash, a unix socket's path 107 bytes. 64 bits of a hash tell the few
 * thousand VMs of a host apart.
 */
export function directoryName(id: string): string {
  return createHash("sha256").update(id).digest("hex").slice(0, 16);
}

/** The name of a copy's own directory: as short, and another one for each incarnation. */
export function copyDirectoryName(copy: CopyId): string {
  return directoryName(copyKey(copy));
}

/** A process as /proc shows it. */
export interface ProcessFacts {
  pid: number;
  startTicks: number;
  /** Ended, waiting to be reaped. */
  zombie: boolean;
  cmdline: string;
}

/** The record of a VM whose process is known. */
export type Recorded = RunRecord & {
  state: Extract<RunRecord["state"], { kind: "running" }>;
};

/** The record of a VM that runs as this process. */
export function recordedOf(
  record: RunRecord,
  { pid, startTicks }: ProcessFacts,
): Recorded {
  return { ...record, state: { kind: "running", pid, startTicks } };
}

/** True when `facts` is the very process of this record. */
export function isOurs(record: RunRecord, facts: ProcessFacts): boolean {
  if (facts.zombie || !facts.cmdline.includes(record.marker)) return false;
  return record.state.kind === "starting" ||
    (record.state.pid === facts.pid &&
      record.state.startTicks === facts.startTicks);
}

/** Each VMM has its record in its environment too: a file can be damaged while the VM runs. */
const RECORD_VARIABLE = "PROCURATOR_VM";

/** What a VMM is started with beside its other environment. */
export function recordEnv(record: RunRecord): Record<string, string> {
  return { [RECORD_VARIABLE]: JSON.stringify(record) };
}

/** The record in the text of /proc/PID/environ; null when it has none. */
export function recordInEnv(environ: string): RunRecord | null {
  const name = `${RECORD_VARIABLE}=`;
  const word = environ.split("\0").find((each) => each.startsWith(name));
  try {
    return RunRecord.parse(JSON.parse(word?.slice(name.length) ?? ""));
  } catch {
    return null;
  }
}

/** The driver that begins processes with this command line; null when none of ours does. */
export function driverOfCommand(cmdline: string): string | null {
  if (cmdline.includes(" --api-socket ")) return "cloud-hypervisor";
  return cmdline.includes(" -pidfile ") ? "qemu" : null;
}

/** pid, state and start time from the text of /proc/PID/stat; null when it is not one. */
export function parseProcStat(
  text: string,
): { pid: number; state: string; startTicks: number } | null {
  // The program's name is in parentheses and may hold spaces and parentheses itself.
  const open = text.indexOf("(");
  const close = text.lastIndexOf(")");
  if (open < 0 || close < open) return null;
  const rest = text.slice(close + 2).split(" ");
  const pid = Number(text.slice(0, open));
  const startTicks = Number(rest[19]);
  const state = rest[0] ?? "";
  if (!Number.isInteger(pid) || !Number.isInteger(startTicks)) return null;
  return { pid, state, startTicks };
}
