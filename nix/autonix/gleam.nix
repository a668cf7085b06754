# The packages that a manifest.toml of Gleam names, by the checksums in it: nothing is left to hash.
#
#   gleamPackages { inherit pkgs; manifest = ./manifest.toml; } -> what `application` takes as `dependencies`
{ pkgs, manifest }:
let
  inherit (pkgs.lib) toLower;

  hex = builtins.filter (package: package.source or "" == "hex") (fromTOML (builtins.readFile manifest)).packages or [ ];
  source = package: pkgs.beamPackages.fetchHex {
    pkg = package.name;
    version = package.version;
    sha256 = toLower package.outer_checksum;
  };
  each = line: builtins.concatStringsSep "\n" (map line hex);
in
pkgs.stdenvNoCC.mkDerivation {
  name = "gleam-packages";
  dontUnpack = true;
  installPhase = ''
    packages=$out/here/build/packages
    mkdir -p "$packages"
    ${each (package: ''
      cp -r ${source package} "$packages/${package.name}"
      chmod -R u+w "$packages/${package.name}"
    '')}
    # Gleam asks the network for what is not told here.
    cat >"$packages/packages.toml" <<END
    [packages]
    ${each (package: ''${package.name} = "${package.version}"'')}
    END
  '';
}
