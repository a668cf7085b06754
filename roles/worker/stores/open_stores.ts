/**
 * Opens what shows stores to guests, by what the configuration wants and this
 * host has.
 *
 * @module
 */
import type { Clock } from "../../model/ports.ts";
import type { DiskRoom } from "../closures/disk_room.ts";
import {
  chooseStoreShare,
  shareWord,
  type StoreShareChoice,
  type StoreShareWish,
} from "./core/store_share.ts";
import { StoreImages, type StoreSource } from "./images.ts";
import type { Vmm } from "../../../vmm/mod.ts";
import { ShareWatch } from "./share_watch.ts";
import { StoreProvision } from "./store_provision.ts";
import { storeTools } from "./tools.ts";
import { Virtiofsds } from "./virtiofsd.ts";

/** What stores are opened with. */
export interface OpenStoresOptions {
  stateDir: string;
  runDir: string;
  storeShare: StoreShareWish;
  virtiofsdPath?: string | undefined;
  /** Null: this host keeps no closures. */
  source: StoreSource | null;
  room: DiskRoom;
  vmm: Vmm;
  clock: Clock;
  onWarning: (message: string, error: unknown) => void;
}

/** The provision, and the attributes that tell the scheduler what this host can. */
export interface OpenStores {
  provision: StoreProvision;
  attributes: Record<string, string>;
  /** To be started once the guests are known; null: nothing to watch. */
  watch: ShareWatch | null;
}

export async function openStores(
  options: OpenStoresOptions,
): Promise<OpenStores> {
  const { stateDir, runDir, source, room, clock } = options;
  if (source === null) {
    const choice: StoreShareChoice = {
      kind: "none",
      reason: "this worker keeps no closures",
      hint: "set closures of the worker to nix",
    };
    return {
      provision: new StoreProvision({ choice, images: null, virtiofsds: null }),
      attributes: {},
      watch: null,
    };
  }
  const tools = await storeTools(options.virtiofsdPath);
  const choice = chooseStoreShare(options.storeShare, tools);
  // Also where guests get virtiofs now: images of another time are cleared up.
  const images = new StoreImages({
    dir: `${stateDir}/stores`,
    source,
    format: choice.kind === "image" ? choice.format : "squashfs",
    room,
    clock,
  });
  await images.open();
  room.add(images);
  // Also where guests get images now: those of former ones end with them.
  const virtiofsds = tools.virtiofsd === null ? null : new Virtiofsds({
    dir: `${runDir}/stores`,
    virtiofsd: tools.virtiofsd,
    source: source.storeDir,
    clock,
  });
  return {
    provision: new StoreProvision({ choice, images, virtiofsds }),
    attributes: { store: shareWord(choice) },
    watch: virtiofsds === null
      ? null
      : new ShareWatch({ ...options, virtiofsds }),
  };
}
