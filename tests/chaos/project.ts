/**
 * The project that chaos runs push: `web` changes with each commit, `steady`
 * never does, so that its machine must be the same one after every kill.
 *
 * @module
 */
import { LIB_FILES } from "../../nix/examples/sample_project.ts";

/** The cluster's name. */
export const CLUSTER = "chaos";

/** What a commit says. */
export interface ChaosCommit {
  /** The page that `web` serves; makes the commit's image. */
  content: string;
  healthy: boolean;
  /** Real: Debian's kernel and a busybox initramfs. Else images of a few bytes, for the simulated driver. */
  real: boolean;
  replicas: number;
  /** From the order to healthy. */
  healthyDeadlineMs: number;
}

/** How long the simulated guests boot. Short: what is under test is what happens between the steps. */
const SIMULATED_BOOT_MS = 150;

const FLAKE = `{
  description = "Two kinds of machines: one that changes, one that stays";

  outputs = { self }:
    let
      procurator = import ./procurator;
      settings = builtins.fromJSON (builtins.readFile ./settings.json);

      real = { name, page, healthy }:
        procurator.mkMinimalImage { inherit name page healthy; debian = ./debian; };

      simulated = { name, page, healthy }:
        let file = derivation {
          inherit name page;
          system = "x86_64-linux";
          builder = "/bin/sh";
          args = [ "-c" "echo \\"$page\\" > $out" ];
        };
        in {
          toplevel = "\${file}";
          kernelPath = "\${file}";
          initrdPath = "\${file}";
          cmdline = "simulated.boot_ms=${SIMULATED_BOOT_MS}" + (if healthy then "" else " simulated.outcome=never");
        };

      vm = { name, replicas, page, healthy }: procurator.mkVm {
        inherit replicas;
        cpu = 0.25;
        memoryMib = 128;
        image = (if settings.real then real else simulated) { inherit name page healthy; };
        network.ports = [ { name = "http"; guest = 80; } ];
        healthChecks = [
          { name = "page"; kind = "http"; port = 80; path = "/healthz"; intervalMs = 200; graceMs = 0; }
        ];
        update = { minHealthyTimeMs = 300; inherit (settings) healthyDeadlineMs; progressDeadlineMs = 120000; };
      };
    in
    {
      inherit (procurator.mkCluster {
        cluster = "${CLUSTER}";
        vms.web = vm { name = "web"; inherit (settings) replicas healthy; page = settings.content; };
        vms.steady = vm { name = "steady"; replicas = 1; healthy = true; page = "steady"; };
      }) blueprintJSON;
    };
}
`;

/** The files of one commit; real ones need \`debian/\` beside them. */
export function projectFiles(commit: ChaosCommit): Record<string, string> {
  const files: Record<string, string> = {
    "flake.nix": FLAKE,
    "settings.json": JSON.stringify(commit, null, 2) + "\n",
  };
  for (const [name, text] of Object.entries(LIB_FILES)) {
    files[`procurator/${name}`] = text;
  }
  return files;
}
