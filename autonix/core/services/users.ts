/**
 * Who uses a service: the applications that claims name, and for a library what
 * is built with it.
 *
 * @module
 */
import type { AnalysedApplication } from "../../../roles/model/analysis.ts";
import { ownerOf } from "../applications.ts";
import { comparePaths, directoryOf, isWithin } from "../file_tree.ts";
import type { ServiceClaim } from "../detector.ts";
import { isVariableOf } from "./addresses.ts";
import { serviceKind } from "./catalog.ts";
import type { ServiceEntity } from "./identity.ts";

export type Application =
  & Pick<
    AnalysedApplication,
    "path" | "env" | "commands" | "dependsOn"
  >
  & Partial<Pick<AnalysedApplication, "name" | "frameworks">>;

export type Applications = ReadonlyMap<string, Application>;

/** Applications a directory stands for: the nearest at or above it, else those below. */
export function usersAt(path: string, applications: Applications): string[] {
  const owner = ownerOf(path, applications);
  if (owner !== null) return [owner.path];
  return startable(
    [...applications.values()].filter((one) => isWithin(one.path, path)),
  );
}

/** Those that something starts; libraries use no database of their own. */
function startable(applications: readonly Application[]): string[] {
  const started = applications.filter(({ commands }) =>
    commands.start !== null
  );
  return (started.length > 0 ? started : applications).map(({ path }) => path);
}

/**
 * Whom claims name. Who is named by himself outweighs a directory that holds
 * several; what runs for tests alone counts where nothing else does.
 */
function namedBy(
  { claims }: ServiceEntity,
  applications: Applications,
): Set<string> {
  const isTesting = ({ place }: ServiceClaim) =>
    place === "test" || place === "ci";
  const own: string[] = [];
  const among: string[] = [];
  const named = claims.filter(({ usedBy }) => usedBy !== null);
  const real = named.filter((claim) => !isTesting(claim));
  for (const { usedBy } of real.length > 0 ? real : named) {
    if (usedBy === null) continue;
    const isOwn = ownerOf(usedBy, applications) !== null;
    (isOwn ? own : among).push(...usersAt(usedBy, applications));
  }
  return new Set(own.length > 0 ? own : among);
}

export function usersOf(
  entity: ServiceEntity,
  applications: Applications,
): string[] {
  const users = namedBy(entity, applications);
  if (users.size === 0 && BESIDE_OTHERS.has(entity.kind)) return [];
  return [...users.size > 0 ? users : besideOf(entity, applications)]
    .sort(comparePaths);
}

/** They look at applications, which know nothing of them, or are there for another service. */
const BESIDE_OTHERS = new Set([
  "grafana",
  "kibana",
  "prometheus",
  "schema-registry",
  "zookeeper",
]);

/** Whom the files that speak of it lie beside: in an application rather than above several. */
function besideOf(
  { kind, claims }: ServiceEntity,
  applications: Applications,
): Set<string> {
  const own: string[] = [];
  const among: string[] = [];
  for (const { evidence } of claims) {
    const file = evidence[0]?.file ?? "";
    // A workflow or a compose file speaks for what lies beside and below it.
    const directory = /^\.[^/]+\//.test(file) ? "." : directoryOf(file);
    const below = startable(
      [...applications.values()].filter((one) => isWithin(one.path, directory)),
    );
    const paths = below.length > 0 ? below : usersAt(directory, applications);
    const isOwn = directory !== "." &&
      ownerOf(directory, applications) !== null;
    (isOwn ? own : among).push(...paths);
  }
  if (own.length > 0) return new Set(own);
  const only = new Set(among);
  // Of several that nothing of theirs links to it nobody can tell which.
  return only.size > 1 ? askingFor(kind, only, applications) : only;
}

/**
 * Those with a variable for a service of this kind: `SMTP_HOST`, `S3_ENDPOINT`.
 * An address of a database says too little of which of several it is.
 */
function askingFor(
  kind: string,
  paths: ReadonlySet<string>,
  applications: Applications,
): Set<string> {
  const service = serviceKind(kind);
  if (service === null || ["sql", "store"].includes(service.group ?? "")) {
    return new Set();
  }
  return new Set(
    [...paths].filter((path) =>
      applications.get(path)?.env.some(({ name }) =>
        isVariableOf(name, service)
      )
    ),
  );
}

/** Applications that are started and depend, over however many, on this one. */
function dependentsOf(path: string, applications: Applications): string[] {
  const seen = new Set([path]);
  const started: string[] = [];
  for (const here of seen) {
    for (const one of applications.values()) {
      if (seen.has(one.path) || !one.dependsOn.includes(here)) continue;
      seen.add(one.path);
      if (one.commands.start !== null) started.push(one.path);
    }
  }
  return started;
}

/** What makes pages, or a program of a telephone: built with a library that speaks to a database, it does not. */
const OF_VISITORS = new Set([
  "@docusaurus/core",
  "@rsbuild/core",
  "@vue/cli-service",
  "expo",
  "gatsby",
  "lit",
  "parcel",
  "preact",
  "react",
  "react-native",
  "react-scripts",
  "solid-js",
  "svelte",
  "vite",
  "vitepress",
  "vue",
]);

/** True for an application that runs where its visitors are. */
function isOfVisitors({ frameworks = [] }: Application): boolean {
  return frameworks.length > 0 &&
    frameworks.every(({ value }) => OF_VISITORS.has(value));
}

/** Who needs it running: for a library that speaks to it, what is built with that. */
export function startedBy(
  speakers: readonly string[],
  applications: Applications,
): string[] {
  const users = speakers.flatMap((path) => {
    if (applications.get(path)?.commands.start !== null) return [path];
    const dependents = dependentsOf(path, applications);
    const serving = dependents.filter((one) => {
      const application = applications.get(one);
      return application === undefined || !isOfVisitors(application);
    });
    if (serving.length > 0) return serving;
    return dependents.length > 0 ? dependents : [path];
  });
  return [...new Set(users)].sort(comparePaths);
}
