/**
 * What a worker refused is not started there again by the same order: only a
 * higher orderRevision of that copy may try the hash again.
 *
 * @module
 */
import { z } from "zod";
import { type Host, type RunningVm, STATE_DIR } from "../host.ts";
import type { MakeChecker } from "./checker.ts";

const Orders = z.object({
  orders: z.array(z.object({
    vm: z.string(),
    incarnation: z.number(),
    orderRevision: z.number(),
    runtimeHash: z.string(),
  })),
});
const Memory = z.object({
  vm: z.string(),
  incarnation: z.number(),
  lastHealthy: z.object({ runtimeHash: z.string() }).nullable(),
  refused: z.object({
    runtimeHash: z.string(),
    orderRevision: z.number(),
    reason: z.string(),
  }).nullable(),
});

export const alwaysRefused: MakeChecker = ({ trace }) => {
  /** By host and copy: hash to the highest orderRevision at which it was refused. */
  const refused = new Map<string, Map<string, number>>();
  const healthy = new Map<string, string>();
  /** By host, as text: they are asked for only when a refused hash starts. */
  const assignments = new Map<string, string>();
  const ordersOf = (host: string) => {
    const text = assignments.get(host);
    return text === undefined ? [] : Orders.parse(JSON.parse(text)).orders;
  };
  const look = (host: Host, vm: RunningVm) => {
    const { id, incarnation, runtimeHash } = vm;
    const at = refused.get(`${host.name} ${id}#${incarnation}`)?.get(
      runtimeHash,
    );
    if (at === undefined) return;
    const order = ordersOf(host.name).find((each) =>
      each.vm === id && each.incarnation === incarnation
    );
    if (order?.runtimeHash !== vm.runtimeHash) return;
    if (order.orderRevision > at) return;
    trace.broken(
      "always_refused",
      `${host.name} starts ${vm.id} ${
        vm.runtimeHash.slice(0, 8)
      } by order ${order.orderRevision}, refused at ${at}`,
    );
  };
  return {
    written(host, path, text) {
      if (path === `${STATE_DIR}/assignment.json`) {
        assignments.set(host.name, text);
      }
      if (!path.startsWith(`${STATE_DIR}/memory/`)) return;
      const memory = Memory.parse(JSON.parse(text));
      const key = `${host.name} ${memory.vm}#${memory.incarnation}`;
      const good = memory.lastHealthy?.runtimeHash;
      if (good !== undefined && healthy.get(key) !== good) {
        healthy.set(key, good);
        trace.seen("commit", host.name, `${memory.vm} ${good.slice(0, 8)}`);
      }
      if (memory.refused === null) return;
      const { runtimeHash, orderRevision, reason } = memory.refused;
      const known = refused.get(key) ?? new Map<string, number>();
      refused.set(key, known);
      if (orderRevision <= (known.get(runtimeHash) ?? -1)) return;
      known.set(runtimeHash, orderRevision);
      trace.seen(
        "roll-back",
        host.name,
        `${memory.vm} ${runtimeHash.slice(0, 8)} r${orderRevision}: ${reason}`,
      );
    },
    vmStarted: look,
    vmSwitched: look,
  };
};
