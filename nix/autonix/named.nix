# Packages of a set of nixpkgs by the names that a manifest has for them. What the set lacks is told and left out: a
# flake that does not evaluate helps nobody to find out.
#
#   named "OCaml" pkgs.ocamlPackages [ "lwt" "dream" ] -> [ ... ]
language: from: names:
builtins.concatMap
  (name:
    let
      package = from.${name} or null;
      # Some are marked as broken.
      isThere = package != null && (builtins.tryEval package.outPath).success;
    in if isThere then [ package ]
    else builtins.trace "procurator: nixpkgs has no ${language} package ${name}; it is left out" [ ])
  names
