/**
 * No two live copies have one address, neither by what the master has committed
 * nor by what runs; and a copy keeps its own for its life.
 *
 * @module
 */
import type { MakeChecker } from "./checker.ts";

export const alwaysAddresses: MakeChecker = ({ plan, trace, hosts }) => {
  if (!plan.hasNetworks) return {};
  /** By copy, of all that are not known to be gone. */
  const addresses = new Map<string, string>();
  const broken = (message: string) => trace.broken("always_addresses", message);
  return {
    placementsCommitted(changes) {
      const touched = new Set<string>();
      for (const [key, doc] of changes) {
        const before = addresses.get(key);
        const after = doc?.address;
        if (before !== undefined && doc !== null && after !== before) {
          broken(`${key} had ${before} and has ${after ?? "none"} now`);
        }
        if (after === undefined) addresses.delete(key);
        else {
          addresses.set(key, after);
          if (after !== before) touched.add(after);
        }
      }
      if (touched.size === 0) return;
      for (const address of touched) {
        const holders = [...addresses].filter(([, each]) => each === address);
        if (holders.length < 2) continue;
        const names = holders.map(([key]) => key).join(" and ");
        broken(`${address} is given to ${names}`);
      }
    },
    vmStarted(host, { id, incarnation, address }) {
      if (address === undefined) return;
      for (const other of hosts) {
        for (const vm of other.running.values()) {
          const isSame = vm.id === id && vm.incarnation === incarnation;
          if (isSame || vm.address !== address) continue;
          broken(
            `${id} starts on ${host.name} at ${address}, where ${vm.id} runs on ${other.name}`,
          );
        }
      }
    },
  };
};
