# A NixOS system for a VM, and that system as what the VM's `image` takes: kernel and initrd of its own, the rest read
# from the store that the worker shows to the guest.
{
  nixos = { nixpkgs, system, name, modules }:
    nixpkgs.lib.nixosSystem {
      inherit system;
      modules = [
        ../guest/agent.nix
        ../guest/store_root.nix
        { networking.hostName = name; }
      ] ++ modules;
    };

  image = { config, ... }:
    let inherit (config.system) build boot;
    in {
      toplevel = "${build.toplevel}";
      kernelPath = "${build.kernel}/${boot.loader.kernelFile}";
      initrdPath = "${build.initialRamdisk}/${boot.loader.initrdFile}";
      root = "store";
      cmdline = "console=ttyS0 panic=-1 init=${build.toplevel}/init";
    };
}
