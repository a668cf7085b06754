/**
 * No exclusive instance runs twice at any moment, on whatever hosts.
 *
 * @module
 */
import type { MakeChecker } from "./checker.ts";

export const alwaysExclusive: MakeChecker = ({ trace, hosts, workload }) => ({
  vmStarted(host, vm) {
    if (!workload.catalogue.exclusive.has(vm.runtimeHash)) return;
    trace.seen("start-exclusive", host.name, vm.id);
    for (const other of hosts) {
      // What a deadline has ended is gone from then on, whoever has noticed.
      if (other !== host) other.look();
      const twin = other.copies(vm.id).find((each) => each !== vm);
      if (twin === undefined) continue;
      trace.broken(
        "always_exclusive",
        `${vm.id} starts on ${host.name} while it runs on ${other.name}`,
      );
    }
  },
});
