# A NixOS system as what a VM's `image` takes: kernel and initrd of its own, the rest read from the store that the
# worker shows to the guest.
{ nixpkgs, system, name, modules }:
let
  inherit (nixpkgs.lib.nixosSystem {
    inherit system;
    modules = [
      ../guest/agent.nix
      ../guest/store_root.nix
      { networking.hostName = name; }
    ] ++ modules;
  }) config;
  inherit (config.system) build;
in
{
  toplevel = "${build.toplevel}";
  kernelPath = "${build.kernel}/${config.system.boot.loader.kernelFile}";
  initrdPath = "${build.initialRamdisk}/${config.system.boot.loader.initrdFile}";
  root = "store";
  cmdline = "console=ttyS0 panic=-1 init=${build.toplevel}/init";
}
