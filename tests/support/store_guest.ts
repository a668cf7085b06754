/**
 * Guests whose system is read from a store, for tests that boot them: built by
 * nix/lib/store_image.nix into a store of the test's own.
 *
 * @module
 */
import { z } from "zod";
import { LIB_FILES } from "../../nix/examples/sample_project.ts";
import { Image } from "../../roles/model/vm_spec.ts";
import type { Nix } from "../../roles/nix/mod.ts";
import { runChecked } from "../../roles/process/mod.ts";
import { writeFiles } from "./files.ts";
import { testKernelFolder } from "./nix_store.ts";

/** What a guest tries, as root inside, and tells on its pages. */
const EXTRA = `
  say() { echo "$2" >/www/$1; }
  tries() { if "$@" </dev/null 2>/dev/null; then echo "did: $*" >>/www/evil; else echo refused >>/www/evil; fi; }
  ls /nix/store >/www/store
  top=$(cat /proc/cmdline); top=\${top##* init=}; top=\${top%%/init*}
  say top "$top"
  : >/www/evil
  tries touch /nix/store/evil
  tries touch "$top/evil"
  tries sh -c "echo evil >>$top/init"
  tries chmod 777 "$top/init"
  tries rm -f "$top/init"
  tries mv -f "$top/init" "$top/gone"
  tries mknod /nix/store/evil b 254 0
  tries ln -s /etc /nix/store/evil
  mount -o remount,rw /nix/store
  tries touch /nix/store/evil
  tries sh -c "echo evil >>$top/init"
  tries truncate -s 0 "$top/init"
  for disk in /sys/block/vd*; do
    device=/dev/\${disk##*/}
    case "$(cat $disk/serial)" in
    nix-store) tries dd if=/dev/zero of=$device bs=512 count=8 conv=fsync ;;
    data)
      count=$(dd if=$device bs=512 count=1 2>/dev/null | tr -d '\\0')
      count=$((\${count:-0} + 1))
      { echo $count; dd if=/dev/zero bs=512 count=1 2>/dev/null; } | dd of=$device bs=512 count=1 conv=fsync iflag=fullblock 2>/dev/null
      say count $count
      say size $(cat $disk/size)
      ;;
    esac
  done
  # What the image brings as / can be written, and is lost with the guest.
  if [ -e /www/mark ]; then say fresh no; else say fresh yes; fi
  touch /www/mark /etc/mark
`;

/** Builds one image for each page; gives what a spec's `image` is, by page. */
export async function buildStoreGuests(
  nix: Nix,
  dir: string,
  pages: readonly string[],
): Promise<Map<string, z.output<typeof Image>>> {
  const lib = Object.entries(LIB_FILES).map(([name, text]) =>
    [`procurator/${name}`, text] as const
  );
  await writeFiles(dir, {
    ...Object.fromEntries(lib),
    "extra.sh": EXTRA,
    "pages.json": JSON.stringify(pages),
    "flake.nix": `{
      outputs = { self }: let
        lib = import ./procurator;
        image = page: lib.mkStoreImage {
          debian = ./debian;
          inherit page;
          extra = builtins.readFile ./extra.sh;
        };
      in {
        images = builtins.toJSON (map (page: (image page).image)
          (builtins.fromJSON (builtins.readFile ./pages.json)));
      };
    }`,
  });
  await runChecked("cp", ["-r", await testKernelFolder(), `${dir}/debian`]);
  const { text, derivations } = await nix.evalWithContext(
    `path:${dir}`,
    "images",
  );
  await nix.realise(derivations);
  const images = z.array(Image).parse(JSON.parse(text));
  return new Map(pages.map((page, index) => {
    const image = images[index];
    if (image === undefined) throw new Error(`there is no image of ${page}`);
    return [page, image];
  }));
}
