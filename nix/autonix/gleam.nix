# The packages that a manifest.toml of Gleam names, by the checksums in it: nothing is left to hash.
#
#   gleamPackages { inherit pkgs; manifest = ./manifest.toml; } -> what `application` takes as `dependencies`
{ pkgs, manifest }:
let
  inherit (pkgs.lib) toLower;

  hex = builtins.filter (package: package.source or "" == "hex") (fromTOML (builtins.readFile manifest)).packages or [ ];
  archive = package: pkgs.fetchurl {
    url = "https://repo.hex.pm/tarballs/${package.name}-${package.version}.tar";
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
      mkdir "$packages/${package.name}"
      tar -xOf ${archive package} contents.tar.gz | tar -xz -C "$packages/${package.name}"
    '')}
    # Gleam asks the network for what is not told here.
    cat >"$packages/packages.toml" <<END
    [packages]
    ${each (package: ''${package.name} = "${package.version}"'')}
    END
  '';
}
