# What the flake offers.
{
  lib = import ./lib;
  nixosModules.guest = ./guest/agent.nix;
  checks.x86_64-linux = import ./checks.nix;
}
