/**
 * Guests with a switch-to-configuration of their own, built by nix: one flake
 * whose packages differ in their user space alone.
 *
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import { LIB_FILES } from "../../nix/examples/sample_project.ts";
import { Image } from "../../roles/model/vm_spec.ts";
import type { Nix } from "../../roles/nix/mod.ts";
import { runChecked } from "../../roles/process/mod.ts";
import { writeFiles } from "./files.ts";
import { testKernelFolder } from "./nix_store.ts";

/** The agent is killed, with what would start it again; nobody tells how the switch ended. */
const LOSES_AGENT = [
  "for dir in /proc/[0-9]*; do",
  "  pid=''${dir##*/}",
  '  [ "$pid" != "$PPID" ] || continue',
  '  grep -q "procurator-agen[t]" "$dir/cmdline" || continue',
  '  parent=$(sed -n "s/^PPid:[^0-9]*//p" "$dir/status")',
  '  [ "$parent" = 1 ] || kill -9 "$parent" || true',
  '  kill -9 "$pid" || true',
  "done",
].join("\n    ");

/** While the store has no such file a switch to `held` does not end. */
export const GO_ON = `${"a".repeat(32)}-go-on`;

/** By name, what is told to `mkStoreImage` of each. */
const IMAGES = {
  /** Answers, and tells its number. */
  first: `{ page = "first"; }`,
  second: `{ page = "second"; }`,
  /** Its switch ends when the host says so, having changed what is served. */
  held:
    `{ page = "held"; onSwitch = "until [ -e /nix/store/${GO_ON} ]; do sleep 0.2; done"; }`,
  /** Switches, and is never healthy. */
  unhealthy: `{ page = "unhealthy"; healthy = false; }`,
  /** Its switch ends with 4, having changed what is served. */
  failing: `{ page = "failing"; onSwitch = "echo a unit failed >&2; exit 4"; }`,
  /** Nobody answers on the guest channel any more. */
  lost: `{ page = "lost"; onSwitch = ''${LOSES_AGENT}''; }`,
} as const;

export type SwitchImageName = keyof typeof IMAGES;

/** Builds all of them into the store of `nix`, with their flake below `dir`. */
export async function switchImages(
  nix: Nix,
  dir: string,
): Promise<Record<SwitchImageName, Image>> {
  const flake = join(dir, "flake");
  const names = Object.keys(IMAGES) as SwitchImageName[];
  const packages = names.map((name) =>
    `    ${name} = (import ./procurator).mkStoreImage ` +
    `({ debian = ./debian; name = "${name}"; } // ${IMAGES[name]});`
  );
  const lib = Object.entries(LIB_FILES).map((
    [name, text],
  ) => [`procurator/${name}`, text]);
  const body = [
    "{ outputs = { self }: let packages = {",
    ...packages,
    "}; in {",
    // No image refers to the initrd and the kernel that boot it.
    "    packages.x86_64-linux = packages // { boots = derivation {",
    '      name = "boots"; system = "x86_64-linux"; builder = "${packages.first.boot}/busybox";',
    '      args = [ "sh" "-c" "echo ${packages.first.image.initrdPath} ${packages.first.image.kernelPath} >$out" ];',
    "    }; };",
    "    images = builtins.mapAttrs (_: made: made.image) packages;",
    "}; }",
  ];
  await writeFiles(flake, {
    ...Object.fromEntries(lib),
    "flake.nix": `${body.join("\n")}\n`,
  });
  const debian = join(flake, "debian");
  await runChecked("cp", ["-R", await testKernelFolder(), debian]);
  await nix.build(`path:${flake}`, [...names, "boots"]);
  const Images = z.record(z.enum(names), Image);
  return Images.parse(await nix.evalJson(`path:${flake}`, "images"));
}
