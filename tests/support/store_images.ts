/**
 * Squashfs images of a store below a directory, for tests.
 *
 * @module
 */
import { systemClock } from "../../roles/clock/mod.ts";
import { createNix } from "../../roles/nix/mod.ts";
import { NixClosures } from "../../roles/worker/closures/nix.ts";
import { DiskRoom } from "../../roles/worker/closures/disk_room.ts";
import { StoreImages } from "../../roles/worker/stores/images.ts";

/** Images in `DIR/IMAGES` of what is in `DIR/store`; `roots` are needed. */
export async function storeImages(
  dir: string,
  images = "stores",
  roots: readonly string[] = [],
): Promise<StoreImages> {
  const nix = await createNix({ stateDir: dir, store: `${dir}/store` });
  const { store } = new NixClosures({
    nix,
    publicKeys: [],
    rootsDir: `${dir}/roots`,
  });
  return new StoreImages({
    dir: `${dir}/${images}`,
    source: { ...store, roots: () => [...roots] },
    format: "squashfs",
    room: new DiskRoom({
      rules: { keepDays: 1, minFreeMib: 1 },
      clock: systemClock,
      onWarning: (message, error) => {
        throw new Error(message, { cause: error });
      },
    }),
    clock: systemClock,
  });
}
