/**
 * Random model values for properties, shared by the tests of what hashes,
 * converts or stores them.
 *
 * @module
 */
import fc from "fast-check";
import type { ObservedVm } from "../../roles/model/observed.ts";
import { VmSpec } from "../../roles/model/vm_spec.ts";

/** A store path. */
export const STORE = "/nix/store/00000000000000000000000000000000-x";
/** Of VMs, workers, ports. */
export const name = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/);
/** A value of a label. */
export const text = fc.string({ unit: "grapheme", maxLength: 40 }).filter((
  each,
) => !each.includes("\0"));
export const port = fc.integer({ min: 1, max: 65_535 });
const wait = fc.integer({ min: 1, max: 86_400_000 });
const map = fc.dictionary(
  fc.string({ minLength: 1, maxLength: 20 }).filter((key) =>
    key !== "__proto__" && !key.includes("\0")
  ),
  text,
  { maxKeys: 4, noNullPrototype: true },
);
const unique = (arbitrary: fc.Arbitrary<{ name: string }>) =>
  fc.uniqueArray(arbitrary, {
    selector: (each) => each.name,
    maxLength: 3,
  });
const rule = fc.record({
  attribute: name,
  operator: fc.constantFrom("=", "!=", "in", "version", "regexp"),
  value: fc.oneof(text, fc.array(text, { maxLength: 3 })),
});

/** Specs as the schema gives them: every key now its default, now another value. */
export const vmSpec = fc.record({
  name,
  cpuMilli: fc.integer({ min: 1, max: 1_024_000 }),
  memoryMib: fc.integer({ min: 16, max: 67_108_864 }),
  replicas: fc.integer({ min: 0, max: 10_000 }),
  priority: fc.integer({ min: -1000, max: 1000 }),
  fencing: fc.constantFrom("none", "exclusive"),
  image: fc.record({
    toplevel: fc.constant(STORE),
    kernelPath: fc.constant(`${STORE}/bzImage`),
    initrdPath: fc.constant(`${STORE}/initrd`),
    diskImagePath: fc.constant(`${STORE}/disk`),
    cmdline: fc.string({ maxLength: 30 }).filter((each) =>
      !/[\0\n]/.test(each)
    ),
    root: fc.constantFrom("initrd", "store"),
  }, {
    requiredKeys: ["toplevel", "kernelPath", "initrdPath", "cmdline", "root"],
  }),
  labels: map,
  env: map,
  network: fc.record({
    allowedDomains: fc.array(name, { maxLength: 3 }),
    allowedPeers: fc.array(name, { maxLength: 3 }),
    ports: unique(
      fc.record({ name, guest: port, publish: port }, {
        requiredKeys: ["name", "guest"],
      }),
    ),
    rateLimitMbit: fc.integer({ min: 1, max: 1_000_000 }),
  }, { requiredKeys: [] }),
  volumes: unique(
    fc.record({
      name,
      sizeMib: fc.integer({ min: 1, max: 67_108_864 }),
      mount: fc.constant("/data"),
    }),
  ),
  healthChecks: unique(
    fc.record({
      name,
      kind: fc.constantFrom("http", "tcp", "serial", "command", "guest"),
      port,
      path: fc.constant("/healthz"),
      match: fc.constant("READY"),
      command: fc.array(text, { minLength: 1, maxLength: 3 }),
      intervalMs: wait,
      timeoutMs: wait,
      graceMs: wait,
      successes: fc.integer({ min: 1, max: 100 }),
      failures: fc.integer({ min: 1, max: 100 }),
    }, { requiredKeys: ["name", "kind", "port", "match", "command"] }),
  ),
  update: fc.record({
    strategy: fc.constant("rolling"),
    maxParallel: fc.integer({ min: 1, max: 1000 }),
    canary: fc.integer({ min: 0, max: 1000 }),
    minAvailable: fc.integer({ min: 0, max: 10_000 }),
    minHealthyTimeMs: wait,
    healthyDeadlineMs: wait,
    progressDeadlineMs: wait,
    autoRevert: fc.boolean(),
    autoPromote: fc.boolean(),
  }, { requiredKeys: [] }),
  restart: fc.record({
    policy: fc.constantFrom("always", "on-failure", "never"),
    delayMs: wait,
    maxDelayMs: wait,
  }, { requiredKeys: [] }),
  constraints: fc.array(rule, { maxLength: 3 }),
  affinities: fc.array(
    fc.tuple(rule, fc.integer({ min: -100, max: 100 })).map((
      [rule, weight],
    ) => ({
      ...rule,
      weight,
    })),
    { maxLength: 3 },
  ),
  spread: fc.array(
    fc.record({ attribute: name, weight: fc.integer({ min: 0, max: 100 }) }),
    { maxLength: 3 },
  ),
  dependsOn: fc.array(name, { maxLength: 3 }),
  budget: fc.record({ bootMs: wait, closureMib: port }, { requiredKeys: [] }),
  backend: name,
}, {
  requiredKeys: ["name", "cpuMilli", "memoryMib", "image"],
}).map((plain): VmSpec => VmSpec.parse(plain));

const HEX = [..."0123456789abcdef"];
/** Hexadecimal digits: hashes, ids. */
export const hex = (length: number) =>
  fc.array(fc.constantFrom(...HEX), { minLength: length, maxLength: length })
    .map((digits) => digits.join(""));
export const counter = fc.maxSafeNat();
/** A replica of a VM of a cluster. */
export const vm = fc.tuple(name, name, fc.nat(999)).map((
  [cluster, vm, ordinal],
) => `${cluster}/${vm}-${ordinal}`);
const seconds = fc.option(fc.double({ min: 0, max: 1e6, noNaN: true }));

/** What a worker reports of a VM. */
export const observedVm: fc.Arbitrary<ObservedVm> = fc.tuple(
  fc.record({
    vm,
    incarnation: counter,
    state: fc.constantFrom("Created", "Running", "Paused", "Shutdown"),
    runtimeHash: fc.option(hex(64)),
    generation: counter,
    health: fc.constantFrom("unknown", "starting", "healthy", "unhealthy"),
    healthyForMs: fc.option(counter),
    settled: fc.boolean(),
    restarts: counter,
    address: text,
    ports: fc.array(fc.record({ name, guest: port, host: port }), {
      maxLength: 3,
    }),
    rolledBack: fc.option(fc.record({
      runtimeHash: hex(64),
      orderRevision: counter,
      generation: counter,
      reason: text,
    })),
    hostFailure: fc.option(fc.record({
      kind: fc.constantFrom("disk", "driver", "cache", "capacity"),
      message: text,
    })),
    message: text,
    seconds: fc.record({ copy: seconds, boot: seconds, healthy: seconds }),
    closureBytes: fc.option(counter),
  }),
  fc.option(text),
).map(([vm, change]) =>
  // Empty and absent are one on the wire.
  change === null || change === "" ? vm : { ...vm, change }
);
