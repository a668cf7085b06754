# What the flake offers.
{
  lib = import ./lib;
  checks.x86_64-linux = import ./checks.nix;
}
