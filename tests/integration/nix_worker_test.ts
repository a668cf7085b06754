/**
 * The NixOS module of a worker, evaluated without nixpkgs: it makes the units
 * that `worker unit` prints, and what a host's own services must leave alone.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { runChecked } from "../../roles/process/mod.ts";
import { tapPrefix, vxlanName } from "../../roles/worker/network/core/names.ts";
import { VXLAN_PORT } from "../../roles/worker/network/core/ruleset_base.ts";
import { serviceUnits } from "../../roles/worker/mod.ts";
import { tempDir } from "../support/temp.ts";

const MODULE = new URL("../../nix/modules/worker.nix", import.meta.url)
  .pathname;
const FLAKE = new URL("../../nix/default.nix", import.meta.url).pathname;

/** As much of nixpkgs' lib and of a package set as a module is made of. */
const HOST = `
settings: let
  lib = {
    mkEnableOption = description: { default = false; };
    mkOption = option: option;
    mkIf = isOn: value: if isOn then value else { };
    types = builtins.listToAttrs (map (name: { inherit name; value = null; })
      [ "path" "package" "str" "bool" "anything" ])
      // { listOf = type: null; attrsOf = type: null; };
    concatMapStringsSep = between: f: list: builtins.concatStringsSep between (map f list);
    optional = isOn: value: if isOn then [ value ] else [ ];
    inherit (builtins) replaceStrings;
  };
  package = name: "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-\${name}";
  pkgs = builtins.listToAttrs (map (name: { inherit name; value = package name; }) [
    "deno" "bash" "coreutils" "util-linux" "cloud-hypervisor" "qemu_kvm" "virtiofsd"
    "erofs-utils" "squashfsTools" "iproute2" "nftables" "procps" "dnsmasq"
  ]) // {
    runCommand = name: env: script: package name;
    writeText = name: text: package name;
  };
  module = import ${MODULE} {
    inherit lib pkgs;
    config = { nix.package = package "nix"; services.procurator.worker = cfg; };
  };
  defaults = builtins.mapAttrs (name: option: option.default or null)
    module.options.services.procurator.worker;
  cfg = defaults // { enable = true; executable = "/procurator"; } // settings;
in module.config
`;

interface Service {
  serviceConfig: Record<string, string | number | boolean>;
  unitConfig: Record<string, string | number | boolean>;
  restartIfChanged?: boolean;
  wants?: string[];
  after?: string[];
  path: string[];
  environment: Record<string, string>;
}

interface Host {
  systemd: { services: Record<string, Service> };
  users: { users: Record<string, { group: string; isSystemUser: boolean }> };
  networking: {
    firewall?: {
      interfaces: Record<string, { allowedUDPPorts: number[] }>;
      allowedUDPPorts: number[];
    };
    dhcpcd?: { denyInterfaces: string[] };
  };
}

async function valueOf(expression: string): Promise<unknown> {
  await using dir = await tempDir("module");
  await Deno.writeTextFile(`${dir.path}/host.nix`, HOST);
  const text = await runChecked("nix-instantiate", [
    "--eval",
    "--strict",
    "--json",
    "-E",
    `let host = import ${dir.path}/host.nix; in ${expression}`,
  ], { env: { NIX_CONF_DIR: dir.path, NIX_STATE_DIR: dir.path } });
  return JSON.parse(text);
}

async function evaluated(settings: string): Promise<Host> {
  return await valueOf(`host ${settings}`) as Host;
}

/** `Key=value` of a section, without what says how NixOS is to treat it. */
function settingsOf(text: string, section: string): Record<string, string> {
  const [, rest = ""] = text.split(`[${section}]\n`);
  const lines = (rest.split(/^\[/m)[0] ?? "").split("\n")
    .filter((line) => /^[A-Z][A-Za-z]*=/.test(line));
  return Object.fromEntries(lines.map((line) => {
    const at = line.indexOf("=");
    return [line.slice(0, at), line.slice(at + 1)];
  }));
}

function asText(settings: Service["serviceConfig"]): Record<string, string> {
  const text = (value: string | number | boolean) =>
    typeof value === "boolean" ? (value ? "yes" : "no") : String(value);
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [key, text(value)]),
  );
}

Deno.test("the NixOS module of a worker makes the units that `worker unit` prints", async () => {
  const { systemd: { services }, users } = await evaluated(
    '{ command = [ "/opt/procurator" ]; settings.stopGraceMs = 2500; }',
  );
  const units = serviceUnits({
    command: ["/opt/procurator"],
    config: "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-worker.json",
    runDir: "/run/procurator/worker",
    stateDir: "/var/lib/procurator/worker",
    stopGraceMs: 2500,
  });
  for (const { name, text } of units) {
    const service = services[name.replace(/\.service$/, "")];
    ok(service !== undefined, name);
    const { CacheDirectory: _, CacheDirectoryMode: __, ...made } = asText(
      service.serviceConfig,
    );
    made["ExecStart"] = (made["ExecStart"] ?? "").replaceAll('"', "");
    const { Environment = "", ...asked } = settingsOf(text, "Service");
    deepEqual(made, asked, name);
    const [key = "", value] = Environment.split("=");
    equal(service.environment[key], value, name);
    const unit = settingsOf(text, "Unit");
    equal(
      String(service.unitConfig["StartLimitIntervalSec"]),
      unit["StartLimitIntervalSec"],
    );
    deepEqual(service.wants?.join(" "), unit["Wants"]);
    deepEqual(service.after?.join(" "), unit["After"]);
    equal(
      service.restartIfChanged === false,
      text.includes("\nX-RestartIfChanged=false\n"),
      name,
    );
  }
  deepEqual(users.users["procurator-vmm"]?.group, "kvm");
});

Deno.test("the flake's modules are what `nix flake check` takes for modules", async () => {
  const offered = await valueOf(
    `builtins.mapAttrs (name: builtins.typeOf) (import ${FLAKE}).nixosModules`,
  );
  deepEqual(offered, { guest: "set", worker: "set" });
});

Deno.test("the NixOS module lets guests reach the host's leases and names, and its DHCP client leave their cards alone", async () => {
  const user = await evaluated("{ }");
  deepEqual(user.networking, {});
  const exec = user.systemd.services["procurator-worker"]?.serviceConfig;
  match(
    String(exec?.["ExecStart"]),
    /-deno\/bin\/deno" "run" .*procurator\.js" "worker" "--config"/,
  );
  const { firewall, dhcpcd } = (await evaluated(
    '{ settings.network = { mode = "bridge"; bridge = "br-shop"; underlay = "vxlan"; }; }',
  )).networking;
  deepEqual(firewall?.interfaces["br-shop"]?.allowedUDPPorts, [53, 67]);
  deepEqual(firewall?.allowedUDPPorts, [VXLAN_PORT]);
  deepEqual(dhcpcd?.denyInterfaces, [
    "br-shop",
    `${tapPrefix("br-shop")}*`,
    vxlanName("br-shop"),
  ]);
});
