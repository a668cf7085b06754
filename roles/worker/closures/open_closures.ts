/**
 * Opens what guests are made of on this host: closures, how they are shown to
 * guests, volumes, and the room for all of them on its disks.
 *
 * @module
 */
import type { TokenOf } from "../../config/mod.ts";
import type { Clock } from "../../model/ports.ts";
import { createNix } from "../../nix/mod.ts";
import { type Closures, noClosures } from "./closures.ts";
import { NixClosures } from "./nix.ts";
import type { WorkerConfig } from "../config.ts";
import { DiskRoom } from "./disk_room.ts";
import type { Provision } from "../vms/provisions.ts";
import { openStores } from "../stores/open_stores.ts";
import { SimulatedVmm, type Vmm } from "../../../vmm/mod.ts";
import { Volumes } from "../stores/volumes.ts";

/** What it is opened with. */
export interface OpenClosuresOptions {
  config: WorkerConfig;
  /** In place of nix's. */
  closures: Closures | undefined;
  tokenOf: TokenOf;
  vmm: Vmm;
  clock: Clock;
  stack: AsyncDisposableStack;
  onWarning: (message: string, error: unknown) => void;
}

/** What guests are made of, open. */
export interface OpenedClosures {
  closures: Closures;
  /** In the order in which a start asks for them; after control groups and users. */
  provisions: Provision[];
  /** How stores are shown here: for constraints. */
  attributes: Record<string, string>;
  /** Looks for room on this worker's disks; absent: nothing is written to them. */
  room?: Pick<DiskRoom, "require">;
  /** Begins to clear up and to watch: once all is known that is needed. */
  start: () => void;
}

async function openNixClosures(
  { config, tokenOf, clock, onWarning }: OpenClosuresOptions,
  room: DiskRoom,
): Promise<Closures> {
  const nix = await createNix({
    stateDir: config.stateDir,
    cache: { url: config.cacheUrl, token: tokenOf("cache") },
    ...(config.nixStore === undefined ? {} : { store: config.nixStore }),
    ...(config.caFile === undefined ? {} : { caFile: config.caFile }),
  });
  return new NixClosures({
    nix,
    publicKeys: config.cachePublicKeys,
    rootsDir: `${config.stateDir}/roots`,
    ...(config.cacheUrl === undefined ? {} : { cacheUrl: config.cacheUrl }),
    keeping: {
      dir: `${config.stateDir}/kept`,
      keepDays: config.gc.keepDays,
      room,
      clock,
      onWarning,
    },
  });
}

export async function openClosures(
  options: OpenClosuresOptions,
): Promise<OpenedClosures> {
  const { config, vmm, clock, stack, onWarning } = options;
  const room = new DiskRoom({ rules: config.gc, clock, onWarning });
  stack.defer(() => room.stop());
  const closures = options.closures ??
    (config.closures === "none"
      ? noClosures
      : await openNixClosures(options, room));
  if (vmm instanceof SimulatedVmm) {
    // It opens no files.
    const start = () => room.start();
    return { closures, provisions: [], attributes: {}, start };
  }
  const volumes = new Volumes({
    dir: `${config.stateDir}/volumes`,
    room,
    onWarning,
  });
  const stores = await openStores({
    stateDir: config.stateDir,
    runDir: config.runDir,
    storeShare: config.storeShare,
    virtiofsdPath: config.virtiofsdPath,
    source: closures.store ?? null,
    room,
    vmm,
    clock,
    onWarning,
  });
  const { watch } = stores;
  stack.defer(() => watch?.stop());
  return {
    closures,
    provisions: [volumes, stores.provision],
    attributes: stores.attributes,
    room,
    start: () => {
      room.start();
      watch?.start();
    },
  };
}
