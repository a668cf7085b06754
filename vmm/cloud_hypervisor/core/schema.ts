/**
 * What we say to cloud-hypervisor and what we take of its answers. Pure.
 *
 * Its server ignores fields it does not know and accepts values it cannot boot
 * with, so what we send is held to a strict schema of our own. Its answers hold
 * more from version to version: of them only what we use is looked at.
 *
 * Source of the fields: vmm/src/api/openapi/cloud-hypervisor.yaml of the
 * project; tests/support/cloud_hypervisor/digest.ts compares.
 *
 * @module
 */
import { z } from "zod";

/** A path that a unix socket can have: longer ones cannot be bound. */
export const MAX_SOCKET_PATH_BYTES = 107;
/** Its own limit, `MAX_SUPPORTED_CPUS` of the releases with 8-bit APIC ids. */
export const MAX_VCPUS = 254;
/** virtio carries 20 bytes of a disk's serial; more is refused. */
const MAX_SERIAL_BYTES = 20;
/** Linux on x86-64 takes 2048 with the end. */
const MAX_CMDLINE = 2047;
/** Its loader copies both files into the guest's memory, which is far smaller. */
const MAX_BYTES = 2 ** 46;

const AbsolutePath = z.string().min(2).max(4096).regex(/^\/[^\0]*$/);
const SocketPath = AbsolutePath.refine(
  (path) => new TextEncoder().encode(path).byteLength <= MAX_SOCKET_PATH_BYTES,
  `longer than ${MAX_SOCKET_PATH_BYTES} bytes`,
);
/** Identifiers that begin with an underscore are its own. */
const DeviceId = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/);
const Bytes = z.number().int().min(1).max(MAX_BYTES);
const ByteSize = (text: string) => new TextEncoder().encode(text).byteLength;

const Disk = z.strictObject({
  id: DeviceId,
  path: AbsolutePath,
  readonly: z.boolean(),
  serial: z.string().refine((text) => ByteSize(text) <= MAX_SERIAL_BYTES),
  /** Without it versions from 51 on guess, and refuse writes to the first sector. */
  image_type: z.enum(["Raw", "Qcow2"]),
  backing_files: z.literal(true).optional(),
});

const Cpus = z.strictObject({
  boot_vcpus: z.number().int().min(1).max(MAX_VCPUS),
  max_vcpus: z.number().int().min(1).max(MAX_VCPUS),
}).refine(({ boot_vcpus, max_vcpus }) => boot_vcpus <= max_vcpus);

const Memory = z.strictObject({
  size: Bytes,
  hotplug_method: z.literal("VirtioMem"),
  hotplug_size: Bytes,
  /** virtiofs reads and writes the guest's memory from another process. */
  shared: z.literal(true).optional(),
});

const Net = z.strictObject({
  id: DeviceId,
  /** The kernel's limit for the name of an interface. */
  tap: z.string().regex(/^[A-Za-z0-9._-]{1,15}$/),
  mac: z.string().regex(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/),
});

const Fs = z.strictObject({
  id: DeviceId,
  tag: z.string().min(1).max(36),
  socket: SocketPath,
  num_queues: z.number().int().min(1).max(8),
  queue_size: z.number().int().min(16).max(1024),
});

const LandlockRule = z.strictObject({
  path: AbsolutePath,
  access: z.enum(["r", "w", "rw"]),
});

/** The body of `vm.create`. */
export const CreateBody = z.strictObject({
  cpus: Cpus,
  memory: Memory,
  payload: z.strictObject({
    kernel: AbsolutePath,
    initramfs: AbsolutePath,
    cmdline: z.string().max(MAX_CMDLINE).regex(/^[^\0\n\r]*$/),
  }),
  /** A letter for each: /dev/vda to /dev/vdz. */
  disks: z.array(Disk).max(26).optional(),
  net: z.array(Net).max(1).optional(),
  rng: z.strictObject({ src: z.literal("/dev/urandom") }),
  balloon: z.strictObject({
    size: z.literal(0),
    deflate_on_oom: z.literal(true),
  }),
  fs: z.array(Fs).max(1).optional(),
  serial: z.strictObject({ mode: z.literal("Socket"), socket: SocketPath }),
  console: z.strictObject({ mode: z.literal("Off") }),
  vsock: z.strictObject({
    id: DeviceId,
    cid: z.number().int().min(3),
    socket: SocketPath,
  }),
  pvpanic: z.literal(true),
  landlock_enable: z.boolean(),
  landlock_rules: z.array(LandlockRule).max(8).optional(),
});
export type CreateBody = z.output<typeof CreateBody>;

/** The body of `vm.resize`. */
export const ResizeBody = z.strictObject({
  desired_vcpus: z.number().int().min(1).max(MAX_VCPUS).optional(),
  desired_ram: Bytes.optional(),
  desired_balloon: z.number().int().min(0).max(MAX_BYTES).optional(),
});
export type ResizeBody = z.output<typeof ResizeBody>;

/** The body of `vm.snapshot`. */
export const SnapshotBody = z.strictObject({
  destination_url: z.string().regex(/^file:\/\/\//),
});

/** The body of `vm.restore`. */
export const RestoreBody = z.strictObject({
  source_url: z.string().regex(/^file:\/\/\//),
});

/** The answer of `vmm.ping`. */
export const Ping = z.object({ version: z.string().max(256) });

/** A VM's states, in its words. */
export const VmState = z.enum([
  "Created",
  "Running",
  "Shutdown",
  "Paused",
  "BreakPoint",
]);
export type VmState = z.output<typeof VmState>;

/** The answer of `vm.info`, as far as we look. */
export const Info = z.object({
  state: VmState,
  config: z.object({
    memory: z.object({
      size: z.number(),
      hotplugged_size: z.number().nullish(),
    }),
    disks: z.array(z.object({ id: z.string(), readonly: z.boolean() }))
      .nullish(),
  }),
});

/** What a snapshot says of its machine, as far as it differs from host to host and from start to start. */
export const SavedConfig = z.looseObject({
  disks: z.array(z.looseObject({ id: z.string() })).nullish(),
  net: z.array(z.looseObject({ id: z.string() })).nullish(),
  serial: z.looseObject({}),
  vsock: z.looseObject({}).nullish(),
});

/**
 * The answer of `vm.counters`, by device and name. A counter that was never
 * touched may read 2^64-1, which no number here can hold: null.
 */
export const Counters = z.record(
  z.string(),
  z.record(
    z.string(),
    z.number().transform((value) => Number.isSafeInteger(value) ? value : null),
  ),
);
export type Counters = z.output<typeof Counters>;
