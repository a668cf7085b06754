# A NixOS module: the guest's side of procurator's guest channel, for health checks of kind guest and command, for
# `procurator exec` and for switching in place.
#
#   imports = [ procurator.nixosModules.guest ];
#
# It runs ../lib/agent.sh with busybox alone, whatever else the system has: over virtio-serial under QEMU, over vsock
# under cloud-hypervisor. A host without either leaves both services waiting, which costs nothing.
{ lib, pkgs, ... }:
let
  script = pkgs.writeText "procurator-agent.sh" (builtins.readFile ../lib/agent.sh);
  agent = "${pkgs.busybox}/bin/sh ${script}";
  device = "dev-virtio\\x2dports-org.procurator.channel.device";

  common = {
    environment = {
      PROCURATOR_AGENT_DIR = "/run/procurator-agent";
      PROCURATOR_AGENT_SHELL = "${pkgs.busybox}/bin/sh";
      # What commands find: the system's programs first, whatever it is switched to.
      PATH = lib.mkForce "/run/wrappers/bin:/run/current-system/sw/bin:${pkgs.busybox}/bin";
    };
    # It runs the switch that would restart it.
    restartIfChanged = false;
    stopIfChanged = false;
    # However often it had to be begun again: without it nobody gets in any more.
    unitConfig = { X-StopOnRemoval = false; StartLimitIntervalSec = 0; };
  };
in
{
  boot.initrd.availableKernelModules = [ "virtio_console" "vmw_vsock_virtio_transport" ];

  systemd.services.procurator-agent = common // {
    description = "Guest channel of procurator over virtio-serial";
    wantedBy = [ device ];
    bindsTo = [ device ];
    after = [ device ];
    serviceConfig = {
      ExecStart = "${agent} org.procurator.channel";
      Restart = "always";
      RestartSec = 1;
      # Commands that were begun end with the worker's connection, not with the agent.
      KillMode = "process";
    };
  };

  # The port is vmm/cloud_hypervisor/vsock.ts'.
  systemd.sockets.procurator-agent-vsock = {
    description = "Guest channel of procurator over vsock";
    wantedBy = [ "sockets.target" ];
    unitConfig.ConditionPathExists = "/dev/vsock";
    socketConfig = {
      ListenStream = "vsock::1024";
      Accept = true;
      # The worker has one connection; a second one may come before the first is seen to have ended.
      MaxConnections = 4;
      # Connections of others are refused one by one; that many came is no reason to listen no more.
      TriggerLimitIntervalSec = 0;
    };
  };

  systemd.services."procurator-agent-vsock@" = common // {
    description = "Guest channel of procurator, one connection over vsock";
    # The host's number. Without it every user of the guest could have root by connecting to his own guest.
    environment = common.environment // { PROCURATOR_AGENT_PEER = "vsock:2"; };
    # One that was refused or killed is not kept to be looked at.
    unitConfig = common.unitConfig // { CollectMode = "inactive-or-failed"; };
    serviceConfig = {
      ExecStart = "${agent} -";
      StandardInput = "socket";
      StandardOutput = "socket";
      StandardError = "journal";
      KillMode = "process";
    };
  };
}
