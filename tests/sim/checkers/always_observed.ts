/**
 * What is shown never goes back behind what a newer report said: a report that
 * comes late, after the master has answered a newer one, changes nothing.
 *
 * Looked at right after a late copy of a report has arrived: each VM of that
 * worker must be shown as the newest answered report says, or as one sent
 * since. A copy from a former process of the worker is left out: a master that
 * was started since cannot tell which of the two is older.
 *
 * @module
 */
import type {
  ObservedVm,
  WorkerReport,
} from "../../../roles/model/observed.ts";
import { CLUSTER } from "../catalogue.ts";
import type { MakeChecker } from "./checker.ts";

/** Reports of one worker that may be in force: the newest answered, and those sent since. */
const MAX_REPORTS = 50;

interface Sent {
  report: WorkerReport;
  isAnswered: boolean;
}

function shownOf(
  { state, runtimeHash, health, restarts }: Pick<
    ObservedVm,
    "state" | "runtimeHash" | "health" | "restarts"
  >,
): string {
  return `${state} ${runtimeHash?.slice(0, 8)} ${health} ${restarts} restarts`;
}

export const alwaysObserved: MakeChecker = ({ trace, master }) => {
  /** By worker; what this process of the master has answered. */
  const sent = new Map<string, Sent[]>();
  const look = ({ worker, process }: WorkerReport) => {
    const reports = sent.get(worker) ?? [];
    const newest = reports.findLastIndex(({ isAnswered }) => isAnswered);
    if (newest === -1 || master.service === null) return;
    if (reports[newest]?.report.process !== process) return;
    const possible = reports.slice(newest).map(({ report }) =>
      new Map(report.vms.map((vm) => [`${vm.vm}#${vm.incarnation}`, vm]))
    );
    const { vms } = master.service.views.getClusterStatus(CLUSTER);
    for (const vm of vms) {
      if (vm.worker !== worker) continue;
      const key = `${vm.id}#${vm.incarnation}`;
      const shown = shownOf({ ...vm, runtimeHash: vm.observed });
      const said = possible.flatMap((vms) => vms.get(key) ?? []).map(shownOf);
      // A worker that is lost, or back without a report, is shown without one.
      if (said.length === 0 || vm.observed === null || said.includes(shown)) {
        continue;
      }
      trace.broken(
        "always_observed",
        `${key} is shown as ${shown} after ${worker} said ${said.join(", ")}`,
      );
    }
  };
  return {
    masterUp: () => sent.clear(),
    reportSent(report) {
      const reports = sent.get(report.worker) ?? [];
      reports.push({ report, isAnswered: false });
      sent.set(report.worker, reports.slice(-MAX_REPORTS));
    },
    reportAnswered(report) {
      const found = sent.get(report.worker)?.find((each) =>
        each.report === report
      );
      if (found !== undefined) found.isAnswered = true;
    },
    reportRepeated: look,
  };
};
