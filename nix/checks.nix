# The lib's own tests: pure evaluation, asserted before a derivation that only says so. `nix flake check` runs them.
let
  inherit (builtins) attrNames concatStringsSep deepSeq filter fromJSON hasContext length toJSON tryEval;
  lib = import ./lib;
  types = import ./lib/types.nix;
  inherit (import ./lib/blueprint.nix) blueprint;

  path = name: "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-${name}";
  image = { toplevel = path "top"; kernelPath = path "linux" + "/bzImage"; initrdPath = path "top" + "/initrd"; };
  vm = { cpu = 0.5; memoryMib = 128; inherit image; };
  cluster = vms: { version = 1; cluster = "shop"; inherit vms; };
  errorsOf = vms: blueprint.check "" (cluster vms);
  web = changes: errorsOf { web = vm // changes; };

  # What is wrong, and what is said about it.
  errors = {
    placement = {
      got = blueprint.check "" (cluster { } // { placement = "tight"; });
      want = [ ''placement: must be one of "spread", "pack", got "tight"'' ];
    };
    missing-key = { got = errorsOf { web = { cpu = 1; inherit image; }; }; want = [ "vms.web.memoryMib: is missing; it must be a whole number from 16 to 67108864" ]; };
    near-key = { got = web { memoryMiB = 3; }; want = [ ''vms.web.memoryMiB: is not an option; did you mean "memoryMib"?'' ]; };
    far-key = { got = web { budget.xxxxxxxxxxxx = 3; }; want = [ "vms.web.budget.xxxxxxxxxxxx: is not an option; the options are bootMs, closureMib" ]; };
    odd-key = { got = web { budget."a b.c" = 3; }; want = [ ''vms.web.budget."a b.c": is not an option; the options are bootMs, closureMib'' ]; };
    enum = {
      got = web { healthChecks = [ { name = "a"; kind = "htp"; } ]; };
      want = [ ''vms.web.healthChecks[0].kind: must be one of "http", "tcp", "serial", "command", "guest", got "htp"'' ];
    };
    check-needs-port = {
      got = web { healthChecks = [ { name = "a"; kind = "http"; } ]; };
      want = [ ''vms.web.healthChecks[0].port: is missing; a check of kind "http" needs it'' ];
    };
    check-needs-match = {
      got = web { healthChecks = [ { name = "a"; kind = "serial"; } ]; };
      want = [ ''vms.web.healthChecks[0].match: is missing; a check of kind "serial" needs it'' ];
    };
    bounds = { got = web { priority = 1001; }; want = [ "vms.web.priority: must be a whole number from -1000 to 1000, got 1001" ]; };
    fraction = { got = web { memoryMib = 128.5; }; want = [ "vms.web.memoryMib: must be a whole number from 16 to 67108864, got 128.5" ]; };
    kind-of-value = { got = web { env = [ ]; }; want = [ "vms.web.env: must be an attribute set of at most 64 entries, got a list" ]; };
    null-value = { got = web { backend = null; }; want = [ "vms.web.backend: must be text of 1 to 63 characters, got null" ]; };
    store-path = {
      got = web { image = image // { kernelPath = "/boot/vmlinuz"; }; };
      want = [ ''vms.web.image.kernelPath: must be a path below /nix/store/<hash>-<name>, got "/boot/vmlinuz"'' ];
    };
    name = { got = errorsOf { "Web_1" = vm; }; want = [ "vms.Web_1: the name must be 1 to 63 lower-case letters, digits or inner hyphens" ]; };
    stranger = { got = web { dependsOn = [ "db" ]; }; want = [ ''vms.web.dependsOn: there is no VM "db" in this blueprint; there are web'' ]; };
    peer = { got = web { network.allowedPeers = [ "db" ]; }; want = [ ''vms.web.network.allowedPeers: there is no VM "db" in this blueprint; there are web'' ]; };
    twice = {
      got = web { network.ports = [ { name = "a"; guest = 1; } { name = "b"; guest = 2; } { name = "a"; guest = 3; } ]; };
      want = [ ''vms.web.network.ports: "a" is there twice'' ];
    };
    exclusive = {
      got = web { fencing = "exclusive"; update.strategy = "canary"; };
      want = [ ''vms.web.update.strategy: must be "rolling" for an exclusive VM, which is stopped, then started; got "canary"'' ];
    };
    volumes = {
      got = web { volumes = [ { name = "data"; sizeMib = 1; mount = "/data"; } ]; update.strategy = "blue-green"; };
      want = [ ''vms.web.update.strategy: must be "rolling" for a VM with volumes, which is stopped, then started; got "blue-green"'' ];
    };
    several = { got = length (web { cpu = 0; replicas = -1; image = 3; }); want = 3; };
  };

  # What is accepted, and what comes of it.
  throws = value: !(tryEval (deepSeq value true)).success;
  made = lib.mkCluster { cluster = "shop"; vms.web = lib.mkVm vm; };
  values = {
    plain = { got = fromJSON made.blueprintJSON; want = cluster { web = vm; }; };
    cores = {
      got = map (cpu: (fromJSON (lib.mkCluster { cluster = "shop"; vms.web = vm // { inherit cpu; }; }).blueprintJSON).vms.web.cpu)
        [ 0.001 0.1 0.25 1 2.0 1.005 33.333 1000.001 1023.999 1024 ];
      want = [ 0.001 0.1 0.25 1 2 1.005 33.333 1000.001 1023.999 1024 ];
    };
    whole-with-fraction = {
      got = (fromJSON (lib.mkCluster { cluster = "shop"; vms.web = vm // { memoryMib = 67108864.0; budget.bootMs = 1234567.0; }; }).blueprintJSON).vms.web;
      want = vm // { memoryMib = 67108864; budget.bootMs = 1234567; };
    };
    no-vm-at-all = { got = fromJSON (lib.mkCluster { cluster = "shop"; vms = { }; }).blueprintJSON; want = cluster { }; };
    closures = { got = made.closures; want = { web = [ image.toplevel image.kernelPath image.initrdPath ]; }; };
    vm-without-mkVm = { got = (lib.mkCluster { cluster = "shop"; vms.web = vm; }).blueprintJSON; want = made.blueprintJSON; };
    image-of-derivation = {
      got = (lib.mkCluster { cluster = "shop"; vms.web = vm // { image = { type = "derivation"; inherit image; }; }; }).blueprintJSON;
      want = made.blueprintJSON;
    };
    context-is-kept = {
      got = hasContext (lib.mkCluster { cluster = "shop"; vms.web = vm // { image = image // { toplevel = "${./lib}"; }; }; }).blueprintJSON;
      want = true;
    };
    unknown-argument = { got = throws (lib.mkCluster { cluster = "shop"; vm.web = vm; }).blueprintJSON; want = true; };
    no-vms = { got = throws (lib.mkCluster { cluster = "shop"; }).blueprintJSON; want = true; };
    not-a-set = { got = throws (lib.mkVm 3); want = true; };
    code-points = { got = map types.codePoints [ "" "abc" "é" "€" "😀" ]; want = [ 0 3 1 1 1 ]; };
    distance = { got = [ (types.distance "" "abc") (types.distance "kitten" "sitting") (types.distance "a" "a") ]; want = [ 3 3 0 ]; };
  };

  cases = errors // values;
  failed = filter (name: cases.${name}.got != cases.${name}.want) (attrNames cases);
  report = map (name: "${name}:\n  want ${toJSON cases.${name}.want}\n  got  ${toJSON cases.${name}.got}") failed;
in
{
  lib =
    if failed != [ ] then throw "nix/checks.nix:\n${concatStringsSep "\n" report}"
    else derivation {
      name = "procurator-lib-checks";
      system = "x86_64-linux";
      builder = "/bin/sh";
      args = [ "-c" "echo ${toString (length (attrNames cases))} cases hold > $out" ];
    };
}
