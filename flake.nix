{
  description = "From a Git commit to healthy virtual machines";

  # No inputs: everything evaluates without a network.
  outputs = { self }: import ./nix;
}
