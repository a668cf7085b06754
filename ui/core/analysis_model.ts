/**
 * From what is told of a commit to what a page says of it. Pure. Every text of
 * a repository becomes one plain line: a name must not turn the reading
 * direction.
 *
 * @module
 */
import { plainLine } from "../../autonix/core/graph/plain_line.ts";
import { countsOf } from "../../autonix/core/views/counts.ts";
import type {
  AnalysedApplication,
  AnalysedService,
  Analysis,
} from "../../roles/model/analysis.ts";
import type { AnalysisView } from "../data.ts";

/** Nobody reads on; the API and the command line have all of them. */
export const MAX_SHOWN = 50;
/** Of the variables, services and names in one cell. */
const MAX_LISTED = 12;
/** A command as it is read; the rest of a longer one says nothing. */
const MAX_TEXT = 400;
const MAX_NAME = 120;
/** More are no picture on a page. */
export const MAX_PICTURED = 120;
const MAX_EDGES = 1_000;

export function text(value: string | number): string {
  return plainLine(String(value), MAX_TEXT);
}

export function shortText(value: string | number): string {
  return plainLine(String(value), MAX_NAME);
}

function listed(values: readonly (string | number)[], most = MAX_LISTED) {
  const shown = values.slice(0, most).map(shortText).join(", ");
  const more = values.length - most;
  return more > 0 ? `${shown} and ${more} more` : shown;
}

/** A name on the left, a value on the right. */
export interface Row {
  name: string;
  value: string;
  isCode: boolean;
}

function row(name: string, value: string, isCode = false): Row[] {
  return value === "" ? [] : [{ name, value, isCode }];
}

/** `typescript 5.4`. */
export function languageOf(application: AnalysedApplication): string {
  const { language, runtimeVersion } = application;
  return [language.value, runtimeVersion?.value ?? ""].map(shortText)
    .join(" ").trim();
}

export function frameworksOf({ frameworks }: AnalysedApplication): string {
  return listed(frameworks.map(({ value }) => value), 4);
}

export function startOf({ commands }: AnalysedApplication): string {
  return commands.start === null ? "" : text(commands.start.value);
}

/** Those without which it does not run. */
function neededOf({ env }: AnalysedApplication): string[] {
  return env.filter((one) => one.required && one.default === undefined)
    .map(({ name }) => name);
}

/** All that a page says of an application, besides its name. */
export function applicationRows(
  application: AnalysedApplication,
  services: readonly AnalysedService[],
): Row[] {
  const { path, packageManager, commands, ports, dependsOn } = application;
  const { nativeLibraries } = application;
  const used = services.filter(({ usedBy }) => usedBy.includes(path));
  const command = (name: string, fact: { value: string } | null) =>
    row(name, fact === null ? "" : text(fact.value), true);
  return [
    ...row("Language", languageOf(application)),
    ...row("Frameworks", frameworksOf(application)),
    ...row("Packages by", packageManager?.value ?? ""),
    ...command("Install", commands.install),
    ...command("Build", commands.build),
    ...command("Start", commands.start),
    ...command("Test", commands.test),
    ...row("Listens on", listed(ports.map(({ value }) => value))),
    ...row("Needs set", listed(neededOf(application)), true),
    ...row("Speaks to", listed(used.map(({ kind }) => kind))),
    ...row("Built with", listed(dependsOn)),
    ...row("Libraries", listed(nativeLibraries.map(({ value }) => value))),
  ];
}

export function usersOf(service: AnalysedService): string {
  return listed(service.usedBy);
}

export function variablesOf(service: AnalysedService): string {
  return listed(service.env);
}

/** `postgres 16, redis`: each kind and version once. */
export function servicesLine(services: readonly AnalysedService[]): string {
  const names = services.map(({ kind, version }) =>
    version === null ? kind : `${kind} ${version}`
  );
  return listed([...new Set(names)]);
}

export function isNothing({ applications, services }: Analysis): boolean {
  return applications.length === 0 && services.length === 0;
}

/** Why nothing was found. */
export function whyNothing({ unknown }: Analysis): string {
  const [first] = unknown;
  return first === undefined ? "" : text(first.why);
}

export { countsOf };

/** Whether there is something to draw, and not too much of it. */
export function drawingOf(
  { graph }: Pick<AnalysisView, "graph">,
): "drawn" | "too much" | "nothing" {
  const { nodes, edges } = graph;
  if (nodes.length < 2) return "nothing";
  const isTooMuch = nodes.length > MAX_PICTURED || edges.length > MAX_EDGES;
  return isTooMuch ? "too much" : "drawn";
}

/** Where the page of a commit is. */
export function analysisPath(
  repository: string,
  which: { branch?: string | undefined; commit?: string | undefined } = {},
): string {
  const query = new URLSearchParams();
  if (which.branch !== undefined) query.set("branch", which.branch);
  if (which.commit !== undefined) query.set("commit", which.commit);
  const words = query.toString();
  return `/repositories/${repository}/analysis${
    words === "" ? "" : `?${words}`
  }`;
}

/** Where its picture is, with so many nodes side by side. */
export function drawingPath(
  repository: string,
  commit: string,
  columns: number,
): string {
  const query = new URLSearchParams({ commit, columns: String(columns) });
  return `/repositories/${repository}/analysis/graph.svg?${query}`;
}
