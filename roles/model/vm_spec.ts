/**
 * What a VM is meant to be: the blueprint's `Vm` parsed into a `VmSpec`.
 *
 * A blueprint gives `cpu` in cores; inside, on the wire and in hashes it is
 * `cpuMilli`. Every default of design.md stands here and nowhere else.
 *
 * @module
 */
import { z } from "zod";
import { Name, StorePath } from "./ids.ts";

/** Linux on x86-64 cuts a longer command line silently. */
const MAX_CMDLINE = 2047;
/** 24 hours: no health wait or back-off is meant to be longer. */
const MAX_WAIT_MS = 86_400_000;
/** Longest list inside one VM: far above real use, small enough to check in microseconds. */
const MAX_ITEMS = 64;

const Milliseconds = z.number().int().min(0).max(MAX_WAIT_MS);
const PositiveMs = z.number().int().min(1).max(MAX_WAIT_MS);
const Port = z.number().int().min(1).max(65_535);
const ShortText = z.string().max(1024).refine(
  (text) => !text.includes("\0"),
  "must not contain NUL",
);
const LabelMap = z.record(z.string().min(1).max(63), ShortText)
  .refine(
    (map) => Object.keys(map).length <= MAX_ITEMS,
    `must have at most ${MAX_ITEMS} entries`,
  );

/** What the VM boots; store paths on the worker, closures of `toplevel`, kernel and initrd are fetched. */
export const Image = z.strictObject({
  toplevel: StorePath,
  kernelPath: StorePath,
  initrdPath: StorePath,
  diskImagePath: StorePath.optional(),
  cmdline: z.string().max(MAX_CMDLINE).regex(/^[^\0\n]*$/, "must be one line")
    .default(""),
  /**
   * What the guest's system is read from: the initrd holds all of it, or the
   * closure of `toplevel` is there read-only at /nix/store.
   */
  root: z.enum(["initrd", "store"]).default("initrd"),
});

/** A guest port, and the host port it is published on, if any. */
export const PortSpec = z.strictObject({
  name: Name,
  guest: Port,
  publish: Port.optional(),
});

export const Network = z.strictObject({
  allowedDomains: z.array(z.string().min(1).max(253)).max(MAX_ITEMS).default(
    [],
  ),
  allowedPeers: z.array(Name).max(MAX_ITEMS).default([]),
  ports: z.array(PortSpec).max(MAX_ITEMS).default([]),
  rateLimitMbit: z.number().int().min(1).max(1_000_000).optional(),
});

export const Volume = z.strictObject({
  name: Name,
  sizeMib: z.number().int().min(1).max(67_108_864),
  mount: z.string().max(255).regex(/^\/[^\0\n]*$/, "must be an absolute path"),
});

/**
 * One health check. `http`: GET `path` on guest `port`, 2xx and, if given, a body that contains `match`.
 * `tcp`: a connection to `port`. `serial`: a console line that contains `match`. `command`: runs inside
 * the guest over the guest channel. `guest`: the channel's ready.
 */
export const HealthCheck = z.strictObject({
  name: Name,
  kind: z.enum(["http", "tcp", "serial", "command", "guest"]),
  port: Port.optional(),
  path: z.string().max(1024).regex(
    /^\/[^\s\0]*$/,
    "must begin with / and hold no spaces",
  ).optional(),
  match: z.string().min(1).max(256).optional(),
  command: z.array(ShortText).min(1).max(MAX_ITEMS).optional(),
  intervalMs: PositiveMs.default(1000),
  timeoutMs: PositiveMs.default(2000),
  graceMs: Milliseconds.default(0),
  successes: z.number().int().min(1).max(100).default(1),
  failures: z.number().int().min(1).max(100).default(3),
}).superRefine((check, context) => {
  const need = (key: "port" | "match" | "command") => {
    if (check[key] === undefined) {
      context.addIssue({
        code: "custom",
        path: [key],
        message: `a ${check.kind} check needs it`,
      });
    }
  };
  if (check.kind === "http" || check.kind === "tcp") need("port");
  if (check.kind === "serial") need("match");
  if (check.kind === "command") need("command");
});

export const Update = z.strictObject({
  strategy: z.enum(["rolling", "canary", "blue-green"]).default("rolling"),
  maxParallel: z.number().int().min(1).max(1000).default(1),
  canary: z.number().int().min(0).max(1000).default(0),
  minAvailable: z.number().int().min(0).max(10_000).optional(),
  minHealthyTimeMs: Milliseconds.default(10_000),
  healthyDeadlineMs: PositiveMs.default(300_000),
  progressDeadlineMs: PositiveMs.default(600_000),
  autoRevert: z.boolean().default(true),
  autoPromote: z.boolean().default(false),
});

export const Restart = z.strictObject({
  policy: z.enum(["always", "on-failure", "never"]).default("always"),
  delayMs: Milliseconds.default(1000),
  maxDelayMs: Milliseconds.default(60_000),
});

/** A rule over a worker's attributes and labels. */
export const Constraint = z.strictObject({
  attribute: z.string().min(1).max(63),
  operator: z.enum(["=", "!=", "in", "version", "regexp"]).default("="),
  value: z.union([ShortText, z.array(ShortText).max(MAX_ITEMS)]),
});

export const Affinity = z.strictObject({
  attribute: z.string().min(1).max(63),
  operator: z.enum(["=", "!=", "in", "version", "regexp"]).default("="),
  value: z.union([ShortText, z.array(ShortText).max(MAX_ITEMS)]),
  weight: z.number().int().min(-100).max(100).default(50),
});

export const Spread = z.strictObject({
  attribute: z.string().min(1).max(63),
  weight: z.number().int().min(0).max(100).default(50),
});

export const Budget = z.strictObject({
  bootMs: PositiveMs.optional(),
  closureMib: z.number().int().min(1).max(67_108_864).optional(),
});

/** The part of a VM's shape that the blueprint and the spec share. */
const common = {
  replicas: z.number().int().min(0).max(10_000).default(1),
  memoryMib: z.number().int().min(16).max(67_108_864),
  labels: LabelMap.default({}),
  priority: z.number().int().min(-1000).max(1000).default(0),
  image: Image,
  env: LabelMap.default({}),
  network: Network.prefault({}),
  volumes: z.array(Volume).max(MAX_ITEMS).default([]),
  healthChecks: z.array(HealthCheck).max(MAX_ITEMS).default([]),
  update: Update.prefault({}),
  restart: Restart.prefault({}),
  fencing: z.enum(["none", "exclusive"]).default("none"),
  constraints: z.array(Constraint).max(MAX_ITEMS).default([]),
  affinities: z.array(Affinity).max(MAX_ITEMS).default([]),
  spread: z.array(Spread).max(MAX_ITEMS).default([]),
  dependsOn: z.array(Name).max(MAX_ITEMS).default([]),
  budget: Budget.prefault({}),
  backend: z.string().min(1).max(63).optional(),
};

/** Rules over more than one field of a VM. */
function checkTogether(
  vm: {
    fencing: string;
    volumes: { name: string }[];
    update: { strategy: string };
    network: { ports: { name: string }[] };
    healthChecks: { name: string }[];
  },
  context: z.RefinementCtx,
): void {
  const stateful = vm.fencing === "exclusive" || vm.volumes.length > 0;
  if (stateful && vm.update.strategy !== "rolling") {
    const why = vm.fencing === "exclusive"
      ? "an exclusive VM"
      : "a VM with volumes";
    context.addIssue({
      code: "custom",
      path: ["update", "strategy"],
      message:
        `${vm.update.strategy} is not possible for ${why}, which is stopped, then started: use rolling`,
    });
  }
  const lists = [
    ["volumes", vm.volumes],
    ["healthChecks", vm.healthChecks],
    ["network.ports", vm.network.ports],
  ] as const;
  for (const [path, items] of lists) {
    if (items.length < 2) continue;
    const names = items.map((item) => item.name);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) {
      context.addIssue({
        code: "custom",
        path: path.split("."),
        message: `"${twice}" is there twice`,
      });
    }
  }
}

/** A VM as the master, the worker and the wire know it. */
export const VmSpec = z.strictObject({
  name: Name,
  cpuMilli: z.number().int().min(1).max(1_024_000),
  ...common,
}).superRefine(checkTogether);

/** A VM as a blueprint writes it: `cpu` in cores, the name is its key. */
export const BlueprintVm = z.strictObject({
  cpu: z.number().min(0.001).max(1024).refine(
    (cpu) => Math.abs(cpu * 1000 - Math.round(cpu * 1000)) < 1e-6,
    "must be a multiple of 0.001 cores",
  ),
  ...common,
}).superRefine(checkTogether);

export type VmSpec = z.output<typeof VmSpec>;
export type Image = z.output<typeof Image>;
export type HealthCheck = z.output<typeof HealthCheck>;
export type Update = z.output<typeof Update>;
export type Constraint = z.output<typeof Constraint>;
export type Volume = z.output<typeof Volume>;
export type PortSpec = z.output<typeof PortSpec>;
