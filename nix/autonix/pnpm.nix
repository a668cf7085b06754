# The packages of a pnpm-lock.yaml as arguments of a builder. nixpkgs had the two functions below pnpm at first, and
# has them beside it now; which format of what is fetched there is has to be said since then.
#
#   pnpmPackages { inherit pkgs source hash; pnpm = pkgs.pnpm_9; }
{ pkgs, source, hash, pnpm }:
let
  isBeside = pkgs ? fetchPnpmDeps;
  asked = {
    inherit hash;
    pname = "packages";
    version = "0";
    src = source;
  };
in
{
  pnpmDeps =
    if isBeside then pkgs.fetchPnpmDeps (asked // { inherit pnpm; fetcherVersion = 3; })
    else pnpm.fetchDeps (asked // { fetcherVersion = 2; });
  nativeBuildInputs = [ (if isBeside then pkgs.pnpmConfigHook else pnpm.configHook) ];
}
