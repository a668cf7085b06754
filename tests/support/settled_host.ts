/**
 * What most tests of the VM state machine begin with, and what they look at.
 *
 * @module
 */
import assert from "node:assert/strict";
import { observe } from "../../roles/worker/vms/core/vm_report.ts";
import { HostModel } from "./worker_host_model.ts";
import { hash, testOrder, testSpec } from "./worker_orders.ts";

/** The VM as it is reported now. */
export function observed(host: HostModel) {
  return observe(host.vm, host.at);
}

/** A host on which runtime a is settled. */
export function settledOn(letter = "a", spec = testSpec()): HostModel {
  const host = new HostModel();
  host.healthy.add(hash(letter));
  host.order(testOrder(letter, { spec }));
  host.run(3000);
  assert.equal(observed(host).settled, true);
  host.done = [];
  return host;
}

/** What was done, but for probes. */
export function kinds(host: HostModel): string[] {
  return host.done.map(({ kind }) => kind).filter((kind) => kind !== "probe");
}
