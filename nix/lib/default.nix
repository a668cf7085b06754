# procurator.lib: what a flake writes its cluster with. Pure Nix, no nixpkgs.
#
#   mkVm { cpu; memoryMib; image; ... }          a VM; the options are those of design's blueprint
#   mkCluster { cluster; placement?; vms = { name = mkVm ...; }; }
#     placement: "spread" (the default) over as many workers as possible, "pack" on as few
#     -> { blueprint, blueprintJSON, closures }  closures.NAME: what the VM needs, as one list of store paths
#   mkMinimalImage { debian; page; ... }         an image to begin with
#   mkStoreImage { debian; page; ... }           the same, its system read from a store (image.root = "store")
let
  inherit (builtins)
    attrNames concatStringsSep elemAt filter floor genList isAttrs isFloat isList isPath length mapAttrs removeAttrs
    stringLength substring toJSON toString;

  types = import ./types.nix;
  inherit (import ./blueprint.nix) blueprint;

  # One message is read at a time; the rest is counted.
  maxErrors = 8;

  fail = where: errors:
    let
      shown = genList (elemAt errors) (if length errors < maxErrors then length errors else maxErrors);
      more = length errors - length shown;
      lines = shown ++ (if more > 0 then [ "(and ${toString more} more)" ] else [ ]);
    in throw (
      if length errors == 1 then "procurator ${where}: ${elemAt errors 0}"
      else "procurator ${where}: ${toString (length errors)} errors:\n${concatStringsSep "\n" (map (line: "  ${line}") lines)}"
    );

  # Derivations and paths become store paths as text that carries its context, so that the closure can be built.
  storeText = value:
    if isPath value then "${value}"
    else if isAttrs value && value ? outPath then "${value.outPath}"
    else value;

  imageKeys = [ "toplevel" "kernelPath" "initrdPath" "diskImagePath" ];
  imageOf = value:
    let set = if isAttrs value && value ? image && value.type or null == "derivation" then value.image else value;
    in if !isAttrs set then set
    else mapAttrs (key: item: if builtins.elem key imageKeys then storeText item else item) set;

  vmOf = value:
    let bare = if isAttrs value && value._type or null == "procurator-vm" then value.options else value;
    in if isAttrs bare && bare ? image then bare // { image = imageOf bare.image; } else bare;
  # Nix 2.8 writes six digits of a number with a fraction: 1023.999 as 1024, 67108864.0 as 6.71089e+07. Whole numbers are
  # written as such, and cores by their thousandths.
  exact = value:
    if isFloat value && floor value == value then floor value
    else if isList value then map exact value
    else if isAttrs value then mapAttrs (_: exact) value
    else value;
  coresText = cpu:
    let
      milli = floor (cpu * 1000.0 + 0.5);
      whole = milli / 1000;
      rest = milli - whole * 1000;
    in toString whole + (if rest == 0 then "" else "." + substring 1 3 (toString (1000 + rest)));
  vmJSON = vm:
    let others = toJSON (removeAttrs vm [ "cpu" ]);
    in "{\"cpu\":${coresText vm.cpu},${substring 1 (stringLength others) others}";
  toText = { version, cluster, vms, placement ? null }:
    let
      entry = name: "${toJSON name}:${vmJSON vms.${name}}";
      # Left out it is the default, as for every other option.
      placed = if placement == null then "" else "\"placement\":${toJSON placement},";
    in "{\"version\":${toString version},\"cluster\":${toJSON cluster},${placed}\"vms\":{${concatStringsSep "," (map entry (attrNames vms))}}}";
in
{
  mkMinimalImage = import ./minimal_image.nix;
  mkStoreImage = import ./store_image.nix;

  mkVm = options:
    if isAttrs options then { _type = "procurator-vm"; inherit options; }
    else fail "mkVm" [ "must be given an attribute set, got ${types.show options}" ];

  mkCluster = arguments:
    let
      known = [ "cluster" "placement" "vms" ];
      strangers = map (key: types.unknown "" key known) (filter (key: !builtins.elem key known) (attrNames arguments));
      vms = if isAttrs (arguments.vms or null) then { vms = mapAttrs (_: vmOf) arguments.vms; } else { };
      candidate = removeAttrs arguments (attrNames (removeAttrs arguments known)) // vms // { version = 1; };
      errors =
        if !isAttrs arguments then [ "must be given an attribute set, got ${types.show arguments}" ]
        else strangers ++ blueprint.check "" candidate;
      checked = if errors == [ ] then exact candidate else fail "mkCluster" errors;
    in
    {
      blueprint = checked;
      blueprintJSON = toText checked;
      closures = mapAttrs (_: vm: map (key: vm.image.${key}) (filter (key: vm.image ? ${key}) imageKeys)) checked.vms;
    };
}
