# The NixOS module that starts a package of `application` and keeps it running, as a user of its own.
{ name, package, environment ? { }, ports ? [ ] }:
let
  # systemd has words that begin with a percent sign.
  plain = builtins.replaceStrings [ "%" ] [ "%%" ];
  folders = package.folders or [ ];
  state = map (folder: "${name}/${folder}") folders;
in
{
  systemd.services.${name} = {
    description = name;
    wantedBy = [ "multi-user.target" ];
    wants = [ "network-online.target" ];
    after = [ "network-online.target" ];
    # A service may take its time to be there, a database to be made: it is begun again until it runs.
    startLimitIntervalSec = 0;
    environment = builtins.mapAttrs (_: plain) ({ HOME = "/var/lib/${name}"; } // environment);
    serviceConfig = {
      ExecStart = "${package}/bin/${name}-start";
      Restart = "always";
      RestartSec = 1;
      DynamicUser = true;
      StateDirectory = [ name ] ++ state;
      # The package is read-only; what it writes beside its sources is kept with its state.
      BindPaths = map (folder: "/var/lib/${name}/${folder}:${package}/share/application/${folder}") folders;
      # Ports below 1024 are the application's to take: the VM is its own.
      AmbientCapabilities = [ "CAP_NET_BIND_SERVICE" ];
    };
  };
  networking.firewall.allowedTCPPorts = ports;
}
