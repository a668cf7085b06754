{
  description = "Web servers as virtual machines, from nothing but Debian's packages";

  # No inputs: it evaluates without a network. `procurator/` is a copy of nix/lib, `debian/` is what
  # fetch.sh unpacked; both are committed.
  outputs = { self }:
    let
      procurator = import ./procurator;
      settings = builtins.fromJSON (builtins.readFile ./settings.json);

      web = procurator.mkMinimalImage {
        name = "web";
        debian = ./debian;
        page = builtins.readFile ./page.html;
        inherit (settings) healthy;
      };

      cluster = procurator.mkCluster {
        inherit (settings) cluster;
        vms.web = procurator.mkVm {
          inherit (settings) replicas;
          cpu = 0.25;
          memoryMib = 128;
          image = web;
          network.ports = [ { name = "http"; guest = 80; } ];
          healthChecks = [
            {
              name = "page";
              kind = "http";
              port = 80;
              path = "/healthz";
              inherit (settings) intervalMs timeoutMs graceMs;
            }
          ];
          update = { inherit (settings) minHealthyTimeMs healthyDeadlineMs progressDeadlineMs; };
        };
      };
    in
    {
      # What procurator reads: nix eval --raw .#blueprintJSON
      inherit (cluster) blueprintJSON;

      packages.x86_64-linux.default = web;

      # ci builds every check before it publishes.
      checks.x86_64-linux.page = derivation {
        name = "page-is-not-empty";
        system = "x86_64-linux";
        builder = "${web.boot}/busybox";
        args = [ "sh" "-c" "[ -s ${./page.html} ] && echo ok > $out" ];
      };
    };
}
