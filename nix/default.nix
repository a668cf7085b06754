# What the flake offers.
{
  lib = import ./lib;
  nixosModules = {
    # Sets, since `nix flake check` takes no paths for modules.
    guest.imports = [ ./guest/agent.nix ];
    worker.imports = [ ./modules/worker.nix ];
  };
  checks.x86_64-linux = import ./checks.nix;
}
