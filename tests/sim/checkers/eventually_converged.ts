/**
 * What runs on the hosts is what the active generation asks for: every
 * instance once, with the right content, answering, and nothing else.
 *
 * @module
 */
import { CLUSTER } from "../catalogue.ts";
import type { Eventually } from "./checker.ts";

export const eventuallyConverged: Eventually = ({ master, hosts }) => {
  if (master.service === null) return "the master is down";
  const status = master.service.views.getClusterStatus(CLUSTER);
  const running = new Map<string, string>();
  for (const host of hosts) {
    host.look();
    // What has ended by itself may still be in the table of a driver that could not write.
    for (const vm of host.running.values()) {
      if (host.hasEnded(vm)) continue;
      if (running.has(vm.id)) return `${vm.id} runs twice`;
      running.set(vm.id, `${host.name} ${vm.incarnation} ${vm.runtimeHash}`);
      if (!host.answers(vm)) return `${vm.id} on ${host.name} does not answer`;
    }
  }
  for (const vm of status.vms) {
    const wanted = `${vm.worker} ${vm.incarnation} ${vm.desired}`;
    const found = running.get(vm.id);
    if (found !== wanted) {
      return `${vm.id} is ${found ?? "nowhere"}, not ${wanted}: ${vm.message}`;
    }
    if (vm.health !== "healthy" || vm.drift) {
      return `${vm.id} is ${vm.health} in the master's eyes`;
    }
    running.delete(vm.id);
  }
  const [extra] = running.keys();
  if (extra !== undefined) return `${extra} runs and nobody asks for it`;
  return status.convergencePercent === 100
    ? null
    : `convergence is ${status.convergencePercent} %`;
};
