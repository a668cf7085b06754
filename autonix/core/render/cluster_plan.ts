/**
 * What becomes of an analysis: which packages there are, which VMs, and who
 * speaks to whom.
 *
 * Decides; writes no Nix. An application without a start command is a package
 * and no VM; a service that NixOS has no module for is told and left out.
 *
 * @module
 */
import type {
  AnalysedApplication,
  AnalysedService,
  Analysis,
  EnvVariable,
} from "../../../roles/model/analysis.ts";
import { type Call, isOfBrowser } from "../cluster/calls.ts";
import { joinPath } from "../file_tree.ts";
import { FormatError } from "../formats/node.ts";
import { parseToml } from "../formats/toml.ts";
import { hostIn } from "../services/addresses.ts";
import { type BuildPlan, buildPlan } from "./builders/mod.ts";
import { NO_RUNTIME } from "./builders/plan.ts";
import {
  environmentOf,
  planCheck,
  type PlannedCall,
  type PlannedCheck,
  type PlannedVariable,
} from "./environment_plan.ts";
import { type Because, because, type RenderFacts } from "./facts.ts";
import { Names } from "./names.ts";
import { type RuntimeName, RUNTIMES } from "./nixpkgs_release.ts";
import { runtimesOf } from "./runtimes_of.ts";
import { packagePath } from "./service_modules.ts";
import {
  type PlannedService,
  planService,
  variablesOf,
} from "./service_plan.ts";
import { type StartCommand, startCommand } from "./start_command.ts";
import { chooseLine } from "./version_choice.ts";

/** A blueprint's lists hold no more. */
const MAX_ITEMS = 64;

export interface PlannedRuntime {
  /** `pkgs.nodejs_20`. */
  package: string;
  name: RuntimeName;
  /** Where it is not what was asked for. */
  note: string | null;
  because: Because;
}

export interface Peer {
  name: string;
  because: Because;
}

export interface PlannedApplication {
  name: string;
  application: AnalysedApplication;
  runtimes: readonly PlannedRuntime[];
  build: BuildPlan;
  /** Names of manifests in its directory that do not parse. */
  broken: readonly string[];
  start: StartCommand | null;
  ports: readonly { value: number; because: Because }[];
  environment: readonly PlannedVariable[];
  /** Read, required, and nowhere given. */
  missing: readonly EnvVariable[];
  check: PlannedCheck;
  /** VMs it speaks to. */
  peers: readonly Peer[];
  /** Those of them that are started before it. */
  awaits: readonly Peer[];
}

export interface ClusterPlan {
  applications: readonly PlannedApplication[];
  services: readonly PlannedService[];
  /** Services without a VM. */
  leftOut: readonly AnalysedService[];
}

function planRuntimes(application: AnalysedApplication): PlannedRuntime[] {
  const asked = application.runtimeVersion;
  return runtimesOf(application).flatMap((name, index) => {
    const choice = chooseLine(
      RUNTIMES[name],
      index === 0 ? asked?.value ?? null : null,
    );
    if (choice === null) return [];
    const version = index === 0 && asked !== null ? ` ${asked.value}` : "";
    return [{
      name,
      package: packagePath(choice.line.attribute),
      note: choice.note,
      because: because(
        `${application.language.value}${version}`,
        (index === 0 ? asked : null)?.evidence ??
          application.language.evidence,
      ),
    }];
  });
}

/** Nix reads these while it evaluates, and stops at one that is broken. */
function brokenManifests(
  { language, path }: AnalysedApplication,
  facts: RenderFacts,
): string[] {
  if (language.value !== "python") return [];
  return ["pyproject.toml", "Pipfile"].filter((name) => {
    const text = facts.text(joinPath(path, name) ?? name);
    if (text === null) return false;
    try {
      parseToml(text);
      return false;
    } catch (error) {
      if (error instanceof FormatError) return true;
      throw error;
    }
  });
}

/** Who waits for whom: what leads back to where it began is dropped, as nobody could be the first. */
function withoutCircles(
  applications: readonly PlannedApplication[],
): PlannedApplication[] {
  const byName = new Map(applications.map((one) => [one.name, one]));
  const done = new Set<string>();
  const kept = new Map<string, readonly Peer[]>();
  // A stack of its own: a chain of a thousand packages is no reason to fail.
  for (const first of applications) {
    const stack = [{ name: first.name, at: 0 }];
    const open = new Set([first.name]);
    if (done.has(first.name)) continue;
    while (stack.length > 0) {
      const top = stack.at(-1);
      if (top === undefined) break;
      const peers = kept.get(top.name) ?? byName.get(top.name)?.peers ?? [];
      kept.set(top.name, peers);
      const next = peers[top.at++];
      if (next === undefined) {
        done.add(top.name);
        open.delete(top.name);
        stack.pop();
      } else if (open.has(next.name)) {
        top.at -= 1;
        kept.set(top.name, peers.filter((peer) => peer !== next));
      } else if (byName.has(next.name) && !done.has(next.name)) {
        open.add(next.name);
        stack.push({ name: next.name, at: 0 });
      }
    }
  }
  return applications.map((one) => ({
    ...one,
    awaits: kept.get(one.name) ?? one.peers,
  }));
}

/** The port that is dialled where the other one listens there, else its first. */
function portOf(
  { value }: Call,
  to: AnalysedApplication | undefined,
): number | null {
  const dialled = hostIn(value)?.port ?? null;
  const ports = to?.ports.map((port) => port.value) ?? [];
  return ports.find((port) => port === dialled) ?? ports[0] ?? dialled;
}

/** What is known of the repository while its applications are planned one by one. */
interface Planning {
  facts: RenderFacts;
  services: readonly PlannedService[];
  calls: readonly Call[];
  byPath: ReadonlyMap<string, AnalysedApplication>;
  /** VMs of applications, by the path of each. */
  machines: ReadonlyMap<string, string>;
}

interface Named {
  application: AnalysedApplication;
  name: string;
  start: StartCommand | null;
}

function planServices(
  { services, applications }: Analysis,
  names: Names,
): Pick<ClusterPlan, "leftOut"> & { services: PlannedService[] } {
  const planned: PlannedService[] = [];
  const leftOut: AnalysedService[] = [];
  for (const service of services) {
    const variables = variablesOf(service, applications);
    const one = planService(service, names, variables);
    if (one === null) leftOut.push(service);
    else planned.push(one);
  }
  return { services: planned, leftOut };
}

/** VMs that an application depends on by its packages. */
function linkedTo(
  { application, name }: Named,
  machines: Planning["machines"],
) {
  return application.dependsOn.flatMap((path): Peer[] => {
    const peer = machines.get(path);
    const why = because(`${application.path} depends on ${path}`);
    return peer === undefined || peer === name
      ? []
      : [{ name: peer, because: why }];
  });
}

function calledBy(path: string, planning: Planning): PlannedCall[] {
  return planning.calls.flatMap((call): PlannedCall[] => {
    const peer = planning.machines.get(call.to);
    if (call.from !== path || peer === undefined) return [];
    const port = portOf(call, planning.byPath.get(call.to));
    return [{ name: peer, port, call }];
  });
}

function planApplication(
  named: Named,
  planning: Planning,
): PlannedApplication {
  const { application, name, start } = named;
  const { facts, services, machines } = planning;
  const own = services.filter(({ service }) =>
    service.usedBy.includes(application.path)
  );
  const called = calledBy(application.path, planning);
  const runtimes = planRuntimes(application);
  const peers = [
    ...own.map((one) => ({ name: one.name, because: one.because })),
    ...linkedTo(named, machines),
    ...called.filter(({ call }) => !isOfBrowser(call.variable ?? ""))
      .map(({ name: peer, call }) => ({
        name: peer,
        because: because(`${name} speaks to ${peer}`, [call.evidence]),
      })),
  ].slice(0, MAX_ITEMS);
  const runtime = runtimes[0]?.package ?? NO_RUNTIME;
  return {
    name,
    application,
    start,
    runtimes,
    broken: brokenManifests(application, facts),
    build: buildPlan({ application, facts, runtime, name }),
    ports: application.ports.slice(0, MAX_ITEMS).map(
      ({ value, evidence }) => ({
        value,
        because: because("a port it listens on", evidence),
      }),
    ),
    ...environmentOf(application, own, called),
    check: planCheck(application, own),
    peers,
    awaits: peers,
  };
}

export function planCluster(
  analysis: Analysis,
  facts: RenderFacts,
  calls: readonly Call[] = [],
): ClusterPlan {
  const names = new Names();
  const named = analysis.applications.map((application): Named => ({
    application,
    name: names.take(application.name),
    start: startCommand(application),
  }));
  const { services, leftOut } = planServices(analysis, names);
  const started = named.filter(({ start }) => start !== null);
  const planning: Planning = {
    facts,
    services,
    calls,
    byPath: new Map(analysis.applications.map((one) => [one.path, one])),
    machines: new Map(
      started.map((one) => [one.application.path, one.name]),
    ),
  };
  const applications = named.map((one) => planApplication(one, planning));
  return { applications: withoutCircles(applications), services, leftOut };
}
