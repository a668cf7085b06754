# What a flake that `procurator init` wrote is made of, beside nix/lib. Needs nixpkgs, which the flake hands in.
#
#   source root                    the repository without what `init` wrote
#   application { pkgs; ... }      an application as a package, with its tests as `check`
#   dependencies { ... }           what a package manager fetches, with one hash for all of it
#   gleamPackages, pnpmPackages    the same for what Gleam and pnpm fetch, with functions of nixpkgs
#   named language set names       packages of nixpkgs by name, without those that it lacks
#   swiftLibraries pkgs            what Swift compiles against, where its compiler does not bring it
#   orEmpty file                   a file of the source, or "[]" where it is yet to be written
#   pythonPackages { ... }         the dependencies of a Python project, as nixpkgs has them
#   runs { name; package; ... }    the NixOS module that starts a package and keeps it running
#   merge ours yours               attribute sets one into the other; lists are replaced
#   knows what given known         `known`, or an error about names of `given` that are not among them
#   volume name                    what `fileSystems` of a NixOS system mounts a volume of its VM with
#   nixos { nixpkgs; name; ... }   a NixOS system for a VM
#   image system                   that system as the `image` of a VM
let
  inherit (builtins) attrNames concatStringsSep filter isAttrs mapAttrs;

  isPlain = value: isAttrs value && !(value ? type || value ? _type || value ? outPath);
  merge = ours: yours: ours // mapAttrs (key: value:
    if ours ? ${key} && isPlain ours.${key} && isPlain value then merge ours.${key} value else value
  ) yours;

  # Written by init: a change of it must not rebuild the applications.
  own = [ "flake.nix" "flake.lock" "procurator" ".git" ];
in
{
  inherit merge;
  knows = what: given: known:
    let strangers = filter (name: !(known ? ${name})) (attrNames given);
    in if strangers == [ ] then known else throw
      "${what}.${builtins.head strangers}: there is no such VM; there are ${concatStringsSep ", " (attrNames known)}";
  source = root: builtins.path {
    name = "source";
    path = root;
    filter = path: _: !(dirOf path == toString root && builtins.elem (baseNameOf path) own);
  };
  application = import ./application.nix;
  dependencies = import ./dependencies.nix;
  gleamPackages = import ./gleam.nix;
  named = import ./named.nix;
  orEmpty = file: if builtins.pathExists file then file else builtins.toFile "empty.json" "[]";
  pnpmPackages = import ./pnpm.nix;
  pythonPackages = import ./python.nix;
  swiftLibraries = pkgs: filter (package: package != null)
    (map (name: pkgs.swiftPackages.${name} or null) [ "Foundation" "Dispatch" "XCTest" ]);
  runs = import ./runs.nix;
  # Its serial is the first 20 bytes of its name; it is empty at first, and may grow while the VM is off.
  volume = name: {
    device = "/dev/disk/by-id/virtio-${builtins.substring 0 20 name}";
    fsType = "ext4";
    autoFormat = true;
    autoResize = true;
  };
  inherit (import ./nixos.nix) nixos image;
}
