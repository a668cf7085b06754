/**
 * What a driver finds of its predecessor: VMMs that run are taken over, those
 * that cannot be are ended, records of what is gone are cleared.
 *
 * Owns no VM itself: what is taken over is handed to `watchOver`.
 *
 * @module
 */
import type { Clock } from "../../roles/model/ports.ts";
import {
  type ProcessFacts,
  type Recorded,
  recordedOf,
  type RunRecord,
} from "../core/run_record.ts";
import { recoverRecord } from "./recover.ts";
import type { RunDirectory } from "./run_directory.ts";
import type { GuardedVmm, Spawner } from "./spawner.ts";
import { endStray, type VmProcesses } from "./vm_process.ts";

/** Most VMs looked at side by side: sockets and /proc reads are cheap. */
const ADOPT_PARALLEL = 16;

/** What adopting is done with. */
export interface AdoptDeps {
  bootId: string;
  directory: RunDirectory;
  processes: VmProcesses;
  clock: Clock;
  spawner?: Spawner;
  /** Takes a VM that runs over; one that does not answer is an error. */
  watchOver: (record: Recorded) => Promise<void>;
  onWarning: (message: string, error: unknown) => void;
}

/** Looks after everything in the run directory. */
export async function adoptVms(deps: AdoptDeps): Promise<void> {
  const { bootId, directory, onWarning } = deps;
  const damaged: { path: string; error: unknown }[] = [];
  const records = await directory.records((path, error) =>
    damaged.push({ path, error })
  );
  for (const each of damaged) {
    const record = await recoverRecord(each, deps);
    if (record !== null) records.push(record);
  }
  await endStrays(deps, records);
  const guarded = new Map(
    (await deps.spawner?.list() ?? []).map((vmm) => [vmm.marker, vmm]),
  );
  await endUnrecorded(deps, records, guarded);
  const waiting = [...records];
  const adoptNext = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { id } = next;
      const adopted = next.bootId === bootId
        ? adoptOne(deps, next, guarded.get(next.marker))
        : directory.clear(next);
      // One VM that can be neither adopted nor ended must not keep the others from being looked after.
      await adopted.catch((error) => onWarning(`cannot end ${id}`, error));
    }
  };
  await Promise.all(Array.from({ length: ADOPT_PARALLEL }, adoptNext));
}

/** What holds a pidfile of ours and has no record. */
async function endStrays(
  { directory, clock, onWarning }: AdoptDeps,
  records: readonly RunRecord[],
): Promise<void> {
  const known = new Set(records.map((record) => directory.paths(record).pid));
  for (const path of await directory.pidPaths()) {
    if (known.has(path)) continue;
    await endStray(path, clock).catch((error) =>
      onWarning(`cannot end what runs by ${path}`, error)
    );
  }
}

/** What the guard runs and no record tells of, nobody could manage. */
async function endUnrecorded(
  { spawner, onWarning }: AdoptDeps,
  records: readonly RunRecord[],
  guarded: ReadonlyMap<string, GuardedVmm>,
): Promise<void> {
  const recorded = new Set(records.map(({ marker }) => marker));
  for (const { marker, vm } of guarded.values()) {
    if (recorded.has(marker)) continue;
    await spawner?.kill(marker).catch((error) =>
      onWarning(`cannot end ${vm}`, error)
    );
  }
}

async function adoptOne(
  deps: AdoptDeps,
  record: RunRecord,
  guarded: GuardedVmm | undefined,
): Promise<void> {
  const facts = await deps.processes.find(record);
  // Nothing would end an exclusive VM in time that no guard with a deadline ahead knows.
  const isKept = record.guarded !== true ||
    (guarded !== undefined && guarded.pid === facts?.pid &&
      guarded.startTicks === facts.startTicks);
  if (facts !== null && isKept) {
    try {
      return await deps.watchOver(await recordAdopted(deps, record, facts));
    } catch (error) {
      deps.onWarning(`cannot adopt ${record.id}, ending it`, error);
    }
  }
  await deps.processes.abandon(record);
}

/** A record that cannot be written now is found by its marker once more: no reason to end a VM that runs. */
async function recordAdopted(
  { directory, onWarning }: AdoptDeps,
  record: RunRecord,
  facts: ProcessFacts,
): Promise<Recorded> {
  const { state } = record;
  if (state.kind === "running") return { ...record, state };
  const full = recordedOf(record, facts);
  await directory.write(full).catch((error) =>
    onWarning(`cannot record ${record.id}`, error)
  );
  return full;
}
