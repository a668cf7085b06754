/**
 * Where an application of ASP.NET Core listens: appsettings.json, the
 * Dockerfile beside it, and launchSettings.json, which holds for who develops
 * it.
 *
 * @module
 */
import { directoryOf, joinPath } from "../../file_tree.ts";
import { at, entriesOf, type Node, textOf } from "../../formats/node.ts";
import type { Found, Reading } from "../../reading.ts";
import type { Evidence } from "../../../../roles/model/analysis.ts";
import { portOf } from "./source_facts.ts";

export interface Listening {
  port: number;
  evidence: Evidence;
}

const MAX_URLS = 20;

/** `http://*:5000;https://localhost:5001`: http before https. */
export function portsIn(urls: string): number[] {
  const parts = urls.slice(0, 2_000).split(/[;,]/).slice(0, MAX_URLS);
  const found = parts.flatMap((url) => {
    const [, scheme, text] =
      /^\s{0,8}(https?):\/\/[^/:\s]{1,200}:([0-9]{1,5})/.exec(url) ?? [];
    const port = portOf(text);
    return port === null ? [] : [{ scheme, port }];
  });
  // Who has both listens without a certificate, too.
  const plain = found.filter(({ scheme }) => scheme === "http");
  return (plain.length > 0 ? plain : found).map(({ port }) => port);
}

function placed(
  file: string,
  node: Node | null,
): Listening[] {
  const text = textOf(node);
  if (node === null || text === null) return [];
  return portsIn(text).map((port) => ({
    port,
    evidence: { file, line: node.line },
  }));
}

/** `Urls` and Kestrel's endpoints. */
export function settingsPorts(reading: Reading, path: string): Listening[] {
  const file = joinPath(path, "appsettings.json");
  if (file === null || !reading.tree.has(file)) return [];
  const root = reading.json(file);
  const urls = placed(file, at(root, "Urls") ?? at(root, "urls"));
  const endpoints = entriesOf(at(root, "Kestrel", "Endpoints"))
    .flatMap(([, endpoint]) =>
      placed(file, at(endpoint, "Url") ?? at(endpoint, "url"))
    );
  return [...urls, ...endpoints];
}

/** Of profiles that start the project itself. */
export function launchPorts(reading: Reading, path: string): Listening[] {
  const file = joinPath(path, "Properties/launchSettings.json");
  if (file === null || !reading.tree.has(file)) return [];
  const found: Listening[] = [];
  const seen = new Set<number>();
  for (const [, profile] of entriesOf(at(reading.json(file), "profiles"))) {
    if (textOf(at(profile, "commandName")) !== "Project") continue;
    for (const one of placed(file, at(profile, "applicationUrl"))) {
      if (!seen.has(one.port)) found.push(one);
      seen.add(one.port);
    }
    // The first profile is the one that `dotnet run` takes.
    if (found.length > 0) break;
  }
  return found;
}

/** True for a Dockerfile that starts or publishes what is called so. */
function starts(text: string, stem: string): boolean {
  for (const start of [`"${stem}.dll"`, ` ${stem}.dll`]) {
    if (text.includes(start)) return true;
  }
  if (!text.includes(`${stem}.csproj`)) return false;
  return text.slice(0, 100_000).split("\n").some((line) =>
    line.includes("dotnet publish") &&
    (line.includes(`/${stem}.csproj`) || line.includes(`"${stem}.csproj`) ||
      line.includes(` ${stem}.csproj`))
  );
}

/** Of a repository: one has a few. */
const MAX_DOCKERFILES = 100;

/** The Dockerfile beside a project, or one above or elsewhere that starts it: `dotnet Shop.dll`. */
function dockerfileOf(
  reading: Reading,
  path: string,
  stem: string,
): string | null {
  for (let here = path;; here = directoryOf(here)) {
    const file = joinPath(here, "Dockerfile") ?? "";
    const text = reading.tree.text(file);
    const isOf = here === path || text !== null && starts(text, stem);
    if (text !== null && isOf) return file;
    if (here === ".") break;
  }
  return [
    ...reading.tree.named("Dockerfile"),
    ...reading.tree.withExtension("dockerfile"),
  ].slice(0, MAX_DOCKERFILES).find((file) =>
    starts(reading.tree.text(file) ?? "", stem)
  ) ?? null;
}

/** `CMD ASPNETCORE_URLS=http://*:$PORT dotnet App.dll`, as platforms ask for it. */
const BY_VARIABLE =
  /\b(?:ASPNETCORE_)?URLS[= ]"?https?:\/\/[^:\s]{1,100}:\$\{?([A-Z][A-Z0-9_]{1,40})\b/i;

/** The variable from which the Dockerfile beside a project takes the port. */
export function portVariable(
  reading: Reading,
  path: string,
  stem: string,
): Found | null {
  const file = dockerfileOf(reading, path, stem);
  if (file === null) return null;
  for (const { number, text } of reading.lines(file).slice(0, 2_000)) {
    const value = BY_VARIABLE.exec(text.slice(0, 2_000))?.[1];
    if (value !== undefined) {
      return { value, evidence: { file, line: number } };
    }
  }
  return null;
}

/** How the Dockerfile beside a project tells where it listens, the surest first. */
const IN_CONTAINER = [
  /\bASPNETCORE_URLS[= ]"?https?:\/\/[^:\s]{1,100}:([0-9]{2,5})\b/,
  /\bASPNETCORE_HTTP_PORTS[= ]"?([0-9]{2,5})\b/,
  /^\s{0,8}(?:EXPOSE|expose)\s{1,8}([0-9]{2,5})\b/,
];

export function containerPort(
  reading: Reading,
  path: string,
  stem: string,
): Listening | null {
  const file = dockerfileOf(reading, path, stem);
  if (file === null) return null;
  for (const pattern of IN_CONTAINER) {
    for (const { number, text } of reading.lines(file).slice(0, 2_000)) {
      const port = portOf(pattern.exec(text.slice(0, 2_000))?.[1]);
      if (port !== null) return { port, evidence: { file, line: number } };
    }
  }
  return null;
}
