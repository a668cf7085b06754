/**
 * What a project of .NET is: a program, a library, a test; and which frameworks
 * it uses.
 *
 * `aspnetcore` is whatever is built with the web SDK or refers to
 * Microsoft.AspNetCore.App; the rest is called by its package, in lower case.
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import type { Dependency } from "../../draft.ts";
import { itemsNamed, type ProjectFile, property } from "./project_file.ts";

const TEST_PACKAGES = new Set([
  "microsoft.net.test.sdk",
  "xunit",
  "xunit.v3",
  "nunit",
  "mstest",
  "mstest.testframework",
  "tunit",
  "expecto",
  "benchmarkdotnet",
]);

/** How test projects are called: `Shop.Tests`, `Shop.Api.IntegrationTests`, `Shop.Specs`. */
const TEST_NAME = /(?:^|[._-])(?:[A-Z][A-Za-z]{0,40})?(?:Tests?|Specs)$/;

export function isTest(
  project: ProjectFile,
  packages: readonly Dependency[],
): boolean {
  const told = property(project, "IsTestProject")?.value.toLowerCase();
  return told === "true" || project.sdk.startsWith("MSTest.Sdk") ||
    told !== "false" && (TEST_NAME.test(project.stem) ||
        packages.some(({ name }) => TEST_PACKAGES.has(name.toLowerCase())));
}

export interface Framework {
  name: string;
  /** Listens for requests. */
  isServer: boolean;
  evidence: Evidence;
}

/** By the beginning of a package's name. */
const BY_PACKAGE: readonly (readonly [string, string, boolean])[] = [
  ["Giraffe", "giraffe", true],
  ["Saturn", "saturn", true],
  ["Suave", "suave", true],
  ["Falco", "falco", true],
  ["Oxpecker", "oxpecker", true],
  ["Bolero.Server", "bolero", true],
  ["Carter", "carter", true],
  ["FastEndpoints", "fastendpoints", true],
  ["Nancy", "nancy", true],
  ["ServiceStack", "servicestack", true],
  ["Microsoft.Orleans.Server", "orleans", true],
  ["Grpc.AspNetCore", "grpc", true],
  ["Umbraco.Cms", "umbraco", true],
  ["OrchardCore.Application", "orchardcore", true],
  ["Microsoft.AspNetCore.Components.WebAssembly.Server", "blazor", true],
  ["Microsoft.AspNetCore.Components.WebAssembly", "blazor", false],
  ["Microsoft.Azure.Functions.Worker", "azure-functions", false],
  ["Microsoft.NET.Sdk.Functions", "azure-functions", false],
  ["Amazon.Lambda", "aws-lambda", false],
  ["Avalonia", "avalonia", false],
  ["Microsoft.Maui", "maui", false],
  ["Uno.WinUI", "uno", false],
  ["Discord.Net", "discord.net", false],
  ["Quartz", "quartz", false],
  ["Hangfire", "hangfire", false],
  ["MassTransit", "masstransit", false],
];
/** Frameworks that start a server of their own, and where that listens. */
export const OWN_PORTS: ReadonlyMap<string, number> = new Map([
  // `func start`.
  ["azure-functions", 7071],
]);
/** Properties that are set to true. */
const BY_PROPERTY: readonly (readonly [string, string])[] = [
  ["UseMaui", "maui"],
  ["UseWPF", "wpf"],
  ["UseWindowsForms", "winforms"],
  ["IsAspireHost", "aspire"],
];

function usesPackage(name: string, wanted: string): boolean {
  return name === wanted || name.startsWith(`${wanted}.`);
}

export function frameworksOf(
  project: ProjectFile,
  packages: readonly Dependency[],
): Framework[] {
  const own = { file: project.file, line: 1 };
  const found = new Map<string, Framework>();
  const add = (name: string, isServer: boolean, evidence: Evidence) => {
    if (!found.has(name)) found.set(name, { name, isServer, evidence });
  };
  if (/\bMicrosoft\.NET\.Sdk\.Web\b/.test(project.sdk)) {
    add("aspnetcore", true, own);
  }
  if (project.sdk.includes("Sdk.BlazorWebAssembly")) add("blazor", false, own);
  if (project.sdk.includes("Aspire.AppHost.Sdk")) add("aspire", false, own);
  for (
    const { include, node, file } of itemsNamed(project, "FrameworkReference")
  ) {
    if (include === "Microsoft.AspNetCore.App") {
      add("aspnetcore", isProgram(project), { file, line: node.line });
    }
  }
  for (const { name, isDev, evidence } of packages) {
    if (isDev) continue;
    const known = BY_PACKAGE.find(([wanted]) => usesPackage(name, wanted));
    if (known !== undefined) add(known[1], known[2], evidence);
    if (
      name === "Microsoft.AspNetCore.App" || name === "Microsoft.AspNetCore.All"
    ) {
      add("aspnetcore", true, evidence);
    }
  }
  for (const [name, framework] of BY_PROPERTY) {
    const told = property(project, name);
    if (told?.value.toLowerCase() === "true") {
      add(framework, false, told.evidence);
    }
  }
  return [...found.values()];
}

/** Something that can be started: its output is no library. */
export function isProgram(project: ProjectFile): boolean {
  const type = property(project, "OutputType")?.value.toLowerCase();
  if (type !== undefined) return type === "exe" || type === "winexe";
  return /\bMicrosoft\.NET\.Sdk\.(?:Web|Worker)\b|Aspire\.AppHost\.Sdk/.test(
    project.sdk,
  );
}
