/**
 * Orders for tests of the VM state machine: runtimes are letters, times are
 * short.
 *
 * @module
 */
import {
  type Order,
  Order as OrderSchema,
} from "../../roles/model/assignment.ts";
import { VmSpec } from "../../roles/model/vm_spec.ts";

export const VM_ID = "shop/web-0";
export const COPY = { id: VM_ID, incarnation: 1 };
const STORE = `/nix/store/${"a".repeat(32)}-image`;

/** A sha256-shaped name for a runtime: `hash("b")`. */
export function hash(letter: string): string {
  return letter.repeat(64);
}

/** A spec with short times and one http check. */
export function testSpec(more: Record<string, unknown> = {}): VmSpec {
  return VmSpec.parse({
    name: "web",
    cpuMilli: 100,
    memoryMib: 128,
    image: {
      toplevel: STORE,
      kernelPath: `${STORE}/kernel`,
      initrdPath: `${STORE}/initrd`,
    },
    network: { ports: [{ name: "http", guest: 80 }] },
    healthChecks: [{ name: "http", kind: "http", port: 80, failures: 1 }],
    update: { minHealthyTimeMs: 2000, healthyDeadlineMs: 10_000 },
    ...more,
  });
}

/** A spec whose guest sees the store of its host: only its user space differs from one letter to the next. */
export function switchableSpec(
  letter: string,
  more: Record<string, unknown> = {},
): VmSpec {
  return testSpec({
    image: {
      toplevel: `/nix/store/${letter.repeat(32)}-system`,
      kernelPath: `${STORE}/kernel`,
      initrdPath: `${STORE}/initrd`,
      cmdline: `quiet init=/nix/store/${letter.repeat(32)}-system/init`,
      root: "store",
    },
    ...more,
  });
}

/** An order for runtime `letter`, with the fallback runtime or a stop. */
export function testOrder(
  letter: string,
  options: {
    revision?: number;
    fallback?: string;
    spec?: VmSpec;
    fallbackSpec?: VmSpec;
    incarnation?: number;
    surge?: boolean;
  } = {},
): Order {
  const spec = options.spec ?? testSpec();
  return OrderSchema.parse({
    vm: VM_ID,
    incarnation: options.incarnation ?? 1,
    orderRevision: options.revision ?? 1,
    generation: letter.charCodeAt(0) - 96,
    commit: "abcdef",
    spec,
    runtimeHash: hash(letter),
    policyHash: hash("f"),
    surge: options.surge ?? false,
    fallback: options.fallback === undefined ? { kind: "stop" } : {
      kind: "spec",
      spec: options.fallbackSpec ?? spec,
      runtimeHash: hash(options.fallback),
      generation: options.fallback.charCodeAt(0) - 96,
    },
  });
}

/** What a fence may say of an exclusive VM. */
export const NO_GUARD = {
  kind: "shut",
  reason: "no guard",
  hostFault: true,
} as const;
export const LAPSED = {
  kind: "shut",
  reason: "lapsed",
  hostFault: false,
} as const;
export const HOLDING = { kind: "holding", reason: "unconfirmed" } as const;
export const openUnder = (lease: string) => ({ kind: "open", lease }) as const;
