# A NixOS module: this host as a worker, with the guard of its exclusive VMs.
#
#   imports = [ procurator.nixosModules.worker ];
#   services.procurator.worker = {
#     enable = true;
#     executable = ./procurator;
#     settings = {
#       masterUrl = "tls://10.0.0.1:6440";
#       tokenFile = "/var/lib/procurator/worker.token";   # `procurator worker enroll` writes it
#       network.mode = "bridge";
#     };
#   };
#
# The units are those that `procurator worker unit` prints; tests/integration/nix_worker_test.ts compares them.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkEnableOption mkIf mkOption types;
  cfg = config.services.procurator.worker;

  stateDir = "/var/lib/procurator/worker";
  runDir = "/run/procurator/worker";
  guardDir = "/run/procurator/guard";

  # The packed executable brings a deno that is linked for other distributions: what it runs is taken out of it.
  program = pkgs.runCommand "procurator" { packed = cfg.executable; } ''
    offset=$(LC_ALL=C sed -n '/^offset=/{s/[^0-9]//g;p;q}' "$packed")
    mkdir $out
    tail -c "+$offset" "$packed" | tar -xz -C $out --exclude=deno
  '';
  settings = pkgs.writeText "worker.json" (builtins.toJSON cfg.settings);
  words = lib.concatMapStringsSep " " (word: ''"${lib.replaceStrings [ "\\" "\"" "%" "$" ] [ "\\\\" "\\\"" "%%" "$$" ] (toString word)}"'');

  network = cfg.settings.network or { };
  bridge = network.bridge or "pcr0";
  hasBridge = (network.mode or "user") != "user";
  hasTunnel = hasBridge && (network.underlay or "route") == "vxlan";
  # Cards and tunnel are called by it, as roles/worker/network/core/names.ts has it.
  tag = builtins.substring 0 4 (builtins.hashString "sha256" bridge);

  common = {
    wantedBy = [ "multi-user.target" ];
    path = cfg.packages;
    environment = { DENO_DIR = "/var/cache/procurator"; DENO_NO_UPDATE_CHECK = "1"; };
    unitConfig.StartLimitIntervalSec = 0;
  };
  commonService = {
    CacheDirectory = "procurator";
    CacheDirectoryMode = "0700";
    Restart = "always";
    RestartSec = 1;
    LimitNOFILE = 65536;
    TasksMax = "infinity";
  };
in
{
  options.services.procurator.worker = {
    enable = mkEnableOption "a worker of procurator";

    executable = mkOption {
      type = types.path;
      description = "dist/procurator, as `deno task compile` writes it.";
    };

    deno = mkOption {
      type = types.package;
      default = pkgs.deno;
      defaultText = "pkgs.deno";
      description = "The deno that runs it: 2.9 or later.";
    };

    command = mkOption {
      type = types.listOf types.str;
      default = [
        "${cfg.deno}/bin/deno" "run" "--allow-all" "--no-config" "--no-lock" "--no-remote" "--no-npm" "--quiet" "${program}/procurator.js"
      ];
      defaultText = "the executable's program, run by deno";
      description = "The words that run procurator; in place of executable and deno.";
    };

    settings = mkOption {
      type = types.attrsOf types.anything;
      default = { };
      description = ''
        The keys of the worker's configuration file, as README.md and roles/worker/config.ts have them; unknown ones
        end the worker with their name. The file is readable by all users: no secrets, their files are named.
      '';
    };

    vmmUser = mkOption {
      type = types.bool;
      default = true;
      description = "Make the user procurator-vmm, whom VMMs run as, with kvm as its group.";
    };

    packages = mkOption {
      type = types.listOf types.package;
      default = [
        pkgs.bash pkgs.coreutils pkgs.util-linux config.nix.package
        pkgs.cloud-hypervisor pkgs.qemu_kvm pkgs.virtiofsd pkgs.erofs-utils pkgs.squashfsTools
        pkgs.iproute2 pkgs.nftables pkgs.procps pkgs.dnsmasq
      ];
      defaultText = "cloud-hypervisor, QEMU, virtiofsd, and the tools of network and images";
      description = "What worker and guard find on their path.";
    };
  };

  config = mkIf cfg.enable {
    systemd.services.procurator-worker = common // {
      description = "Procurator worker";
      wants = [ "network-online.target" "procurator-guard.service" ];
      after = [ "network-online.target" "procurator-guard.service" ];
      # One step: between a stop and a start nobody would restart what ends.
      stopIfChanged = false;
      # Its heap is collected before it has grown to twice what is used.
      environment = common.environment // { DENO_V8_FLAGS = "--optimize-for-size"; };
      serviceConfig = commonService // {
        ExecStart = words (cfg.command ++ [
          "worker" "--config" settings "--state-dir" stateDir "--run-dir" runDir "--take-over"
        ]);
        # VMs run on when the worker ends, however it ends; the next one adopts them.
        KillMode = "process";
        OOMPolicy = "continue";
        Delegate = true;
        TimeoutStopSec = builtins.ceil ((cfg.settings.stopGraceMs or 10000) / 1000.0) + 60;
        RuntimeDirectory = "procurator/worker";
        RuntimeDirectoryMode = "0711";
        RuntimeDirectoryPreserve = true;
        StateDirectory = "procurator/worker";
        StateDirectoryMode = "0711";
      };
    };

    systemd.services.procurator-guard = common // {
      description = "Procurator guard of exclusive VMs";
      # Ending it ends the exclusive VMs of this host, which is its purpose.
      restartIfChanged = false;
      serviceConfig = commonService // {
        ExecStart = words (cfg.command ++ [ "guard" "--run-dir" guardDir ]);
        KillMode = "mixed";
        OOMScoreAdjust = -900;
        RuntimeDirectory = "procurator/guard";
        RuntimeDirectoryMode = "0700";
        RuntimeDirectoryPreserve = "restart";
      };
    };

    users.users = mkIf cfg.vmmUser {
      procurator-vmm = { isSystemUser = true; group = "kvm"; description = "VMMs of procurator"; };
    };

    boot.kernelModules = [ "tun" ];

    # The host's own firewall and DHCP client would keep guests from their leases, or take some themselves.
    networking = mkIf hasBridge {
      firewall.interfaces.${bridge} = { allowedUDPPorts = [ 53 67 ]; allowedTCPPorts = [ 53 ]; };
      # From other workers; from anybody else the worker's own rules drop it.
      firewall.allowedUDPPorts = lib.optional hasTunnel 4789;
      dhcpcd.denyInterfaces = [ bridge "p${tag}-*" "x${tag}" ];
    };
  };
}
