/**
 * VMs of applications and services: their NixOS modules, and what the
 * blueprint says of them.
 *
 * @module
 */
import type { ClusterPlan, Peer, PlannedApplication } from "./cluster_plan.ts";
import { because } from "./facts.ts";
import type { FlakeLines } from "./flake_lines.ts";
import { nixAttribute, nixList, nixString } from "./nix_text.ts";
import { RELEASE } from "./nixpkgs_release.ts";
import type { PlannedService } from "./service_plan.ts";

/** NixOS and a small server. */
const MEMORY_MIB = 512;
/** A JVM takes a quarter of it for its heap. */
const JVM_MEMORY_MIB = 1024;
const JVM = new Set(["java", "kotlin", "scala", "clojure"]);
/** NixOS boots in some 20 s where there is no KVM; a JVM then needs its time. */
const GRACE_MS = 120_000;
/** Sparse: it costs what is written. */
const VOLUME_MIB = 10_240;
/** Commented lines of one application; a repository may read hundreds of variables. */
const MAX_MISSING = 20;

/** The module that an application's VM runs. */
function applicationModule(
  lines: FlakeLines,
  planned: PlannedApplication,
): void {
  const { name, environment, missing, ports } = planned;
  const why = because(
    `${name} has a start command`,
    planned.application.commands.start?.evidence ?? [],
  );
  lines.block(`${name} = procurator.runs {`, "};", why, () => {
    lines.add(`name = ${nixString(name)};`, why);
    lines.add(`package = packages.${name};`, why);
    if (ports.length > 0) {
      lines.add(
        `ports = ${nixList(ports.map(({ value }) => String(value)))};`,
        because(
          "ports it listens on",
          ports.flatMap(({ because }) => because.evidence),
        ),
      );
    }
    if (environment.length > 0) {
      const reason = because("variables it reads");
      lines.block("environment = {", "};", reason, () => {
        for (const variable of environment) {
          if (variable.isShown) {
            lines.comment(
              "everybody who reads the repository knows this one",
              variable.because,
            );
          }
          lines.add(
            `${nixAttribute(variable.name)} = ${nixString(variable.value)};`,
            variable.because,
          );
        }
      });
    }
    for (const { name: variable, evidence } of missing.slice(0, MAX_MISSING)) {
      lines.comment(
        `${variable} is read and has no default: modules.${name}.systemd.services.${name}.environment.${variable} = "...";`,
        because(`${variable} is required`, evidence),
      );
    }
  });
}

/** What systemd does to a volume before anything starts. */
function volumeRules(directory: string, owner: string | undefined): string[] {
  const parent = "/var/lib/private";
  return [
    ...directory.startsWith(`${parent}/`)
      ? [`d ${parent} 0700 root root -`]
      : [],
    `R ${directory}/lost+found`,
    ...owner === undefined ? [] : [`d ${directory} 0750 ${owner} -`],
  ];
}

/** The module that a service's VM runs. */
function serviceModuleLines(
  lines: FlakeLines,
  planned: PlannedService,
): void {
  const { name, module, note, service } = planned;
  const why = planned.because;
  if (note !== null) lines.comment(note, why);
  lines.block(`${name} = { pkgs, ... }: {`, "};", why, () => {
    for (
      const option of module.options({
        name,
        database: planned.database,
        user: planned.user,
        package: planned.package,
      })
    ) {
      lines.add(option, why);
    }
    lines.add(
      `networking.firewall.allowedTCPPorts = ${
        nixList([module.port, ...module.morePorts ?? []].map(String))
      };`,
      because(`the port of ${service.kind}`, service.evidence),
    );
    if (module.dataDirectory !== undefined) {
      lines.add(
        `fileSystems.${
          nixString(module.dataDirectory)
        } = procurator.volume "data";`,
        because(`${service.kind} keeps its data there`, service.evidence),
      );
      lines.add(
        `systemd.tmpfiles.rules = ${
          nixList(
            volumeRules(module.dataDirectory, module.owner).map(nixString),
          )
        };`,
        because(
          "a new volume is root's, and not as empty as a database wants it",
          service.evidence,
        ),
      );
    }
    if (module.unfree !== undefined) {
      const names = nixList(module.unfree.map(nixString));
      lines.add(
        `nixpkgs.config.allowUnfreePredicate = package: builtins.elem (nixpkgs.lib.getName package) ${names};`,
        because(`${service.kind} has an unfree license`, service.evidence),
      );
    }
  });
}

/** One option of a list of names. */
function peerLine(
  lines: FlakeLines,
  option: string,
  peers: readonly Peer[],
): void {
  if (peers.length === 0) return;
  const names = nixList([...new Set(peers.map(({ name }) => name))].map(
    nixString,
  ));
  const why = because(
    [...new Set(peers.map(({ because }) => because.what))].join("; "),
    peers.flatMap(({ because }) => because.evidence),
  );
  lines.add(`${option} = ${names};`, why);
}

function imageLine(lines: FlakeLines, name: string): void {
  lines.add(
    `image = procurator.image systems.${name};`,
    because(`NixOS ${RELEASE} with machines.${name} and modules.${name}`),
  );
}

/** An application's entry of the blueprint. */
function applicationVm(
  lines: FlakeLines,
  planned: PlannedApplication,
): void {
  const { name, ports, peers, awaits, application } = planned;
  const why = because(
    `${name} has a start command`,
    application.commands.start?.evidence ?? [],
  );
  lines.block(
    `${name} = {`,
    "};",
    why,
    () => {
      lines.add("cpu = 1;", because("a core to begin with"));
      const isJvm = JVM.has(application.language.value);
      lines.add(
        `memoryMib = ${isJvm ? JVM_MEMORY_MIB : MEMORY_MIB};`,
        because(`enough for NixOS and ${application.language.value}`),
      );
      imageLine(lines, name);
      const [first] = ports;
      if (first === undefined) {
        lines.add(
          `healthChecks = [ { name = "unit"; kind = "command"; command = [ "systemctl" "is-active" "--quiet" ${
            nixString(`${name}.service`)
          } ]; graceMs = ${GRACE_MS}; } ];`,
          because("no port is known: what counts is that it runs"),
        );
      } else {
        const all = ports.map(({ value }, index) =>
          `{ name = ${
            nixString(index === 0 ? "main" : `port-${value}`)
          }; guest = ${value}; }`
        );
        lines.add(
          `network.ports = ${nixList(all)};`,
          because(
            "ports it listens on",
            ports.flatMap(({ because }) => because.evidence),
          ),
        );
        lines.add(
          `healthChecks = [ { name = "main"; kind = "tcp"; port = ${first.value}; graceMs = ${GRACE_MS}; } ];`,
          because("its first port", first.because.evidence),
        );
      }
      peerLine(lines, "network.allowedPeers", peers);
      peerLine(lines, "dependsOn", awaits);
    },
  );
}

/** A service's entry of the blueprint. */
function serviceVm(lines: FlakeLines, planned: PlannedService): void {
  const { name, module, service } = planned;
  lines.block(
    `${name} = {`,
    "};",
    planned.because,
    () => {
      lines.add("cpu = 1;", because("a core to begin with"));
      lines.add(
        `memoryMib = ${module.memoryMib ?? MEMORY_MIB};`,
        because(`enough for ${service.kind}`),
      );
      imageLine(lines, name);
      const port = because(`the port of ${service.kind}`, service.evidence);
      lines.add(
        `network.ports = [ { name = "main"; guest = ${module.port}; } ];`,
        port,
      );
      lines.add(
        `healthChecks = [ { name = "main"; kind = "tcp"; port = ${module.port}; graceMs = ${GRACE_MS}; } ];`,
        port,
      );
      if (module.dataDirectory !== undefined) {
        lines.add(
          `volumes = [ { name = "data"; sizeMib = ${VOLUME_MIB}; mount = ${
            nixString(module.dataDirectory)
          }; } ];`,
          because(`${service.kind} keeps its data there`),
        );
      }
    },
  );
}

/** Applications that have a VM. */
export function startedIn(plan: ClusterPlan): readonly PlannedApplication[] {
  return plan.applications.filter(({ start }) => start !== null);
}

/** What each VM runs, and the NixOS systems that are made of it. */
export function machineModules(
  lines: FlakeLines,
  plan: ClusterPlan,
  of: "the repository" | "the repositories",
): void {
  const why = because("what VMs run: a NixOS module for each");
  lines.block("machines = {", "};", why, () => {
    for (const planned of startedIn(plan)) applicationModule(lines, planned);
    for (const planned of plan.services) serviceModuleLines(lines, planned);
  });
  for (const { kind, evidence } of plan.leftOut) {
    lines.comment(
      `${kind} has no VM: NixOS has no module for it that procurator init knows`,
      because(`${kind} is a service of ${of}`, evidence),
    );
  }
  const each = because("each VM is a NixOS system of its own");
  lines.block(
    "systems = builtins.mapAttrs (name: module: procurator.nixos {",
    '}) (procurator.knows "modules" modules machines);',
    each,
    () => {
      lines.add("inherit nixpkgs system name;", each);
      lines.add(
        "modules = [ module (modules.${name} or { }) ];",
        because("what procurator init knows of it, and what you add to it"),
      );
    },
  );
}

/** What the blueprint says of each VM. */
export function machineVms(lines: FlakeLines, plan: ClusterPlan): void {
  for (const planned of startedIn(plan)) applicationVm(lines, planned);
  for (const planned of plan.services) serviceVm(lines, planned);
}
