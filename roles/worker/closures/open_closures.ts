/**
 * Opens what guests are made of on this host: closures, how they are shown to
 * guests, volumes, and the room for all of them on its disks.
 *
 * @module
 */
import type { TokenOf } from "../../config/mod.ts";
import { httpClient } from "../../http/mod.ts";
import type { Clock } from "../../model/ports.ts";
import { createNix, type Nix } from "../../nix/mod.ts";
import { type Closures, noClosures } from "./closures.ts";
import { NixClosures } from "./nix.ts";
import type { WorkerConfig } from "../config.ts";
import { DiskRoom } from "./disk_room.ts";
import type { Provision } from "../vms/provisions.ts";
import { openStores } from "../stores/open_stores.ts";
import { SimulatedVmm, type Vmm } from "../../../vmm/mod.ts";
import { Volumes } from "../stores/volumes.ts";
import { ClosureTransfer } from "./transfer.ts";

/** What it is opened with. */
export interface OpenClosuresOptions {
  config: WorkerConfig;
  /** In place of nix's. */
  closures: Closures | undefined;
  tokenOf: TokenOf;
  /** PEM text of the CA that the cache's certificate is from. */
  caCert: string | undefined;
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

/** Nothing where nix alone is to copy, or has to: from files. */
function openTransfer(
  { config, tokenOf, caCert, stack, onWarning }: OpenClosuresOptions,
  nix: Nix,
): { transfer?: ClosureTransfer } {
  const { cacheUrl: url, cachePublicKeys: publicKeys } = config;
  if (config.transfer === "nix" || url?.startsWith("http") !== true) return {};
  const client = stack.use(
    httpClient({ url, token: tokenOf("cache"), caCert }),
  );
  try {
    return {
      transfer: new ClosureTransfer({ client, nix, publicKeys, onWarning }),
    };
  } catch (error) {
    // nix says so too, with the first path that it is to trust by it.
    onWarning("closures come by nix copy alone", error);
    return {};
  }
}

async function openNixClosures(
  options: OpenClosuresOptions,
  room: DiskRoom,
): Promise<Closures> {
  const { config, tokenOf, clock, onWarning } = options;
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
    ...openTransfer(options, nix),
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
