/**
 * The services of the catalog in compose files: which run, and which
 * application uses each through which variable.
 *
 * @module
 */
import type { ServiceClaim } from "../../detector.ts";
import { basenameOf, isWithin } from "../../file_tree.ts";
import { addressOf, hostIn, isAddressName } from "../../services/addresses.ts";
import type { ServiceKind } from "../../services/catalog.ts";
import {
  parseImage,
  serviceOfImage,
  versionOfTag,
} from "../../services/images.ts";
import { servicePort } from "../../services/ports.ts";
import { parseDockerfile, substitute } from "../dockerfile/parse.ts";
import { type Gathering, service } from "../gathering.ts";
import type { Targets } from "../targets.ts";
import type { Context, Own } from "./own.ts";
import type { ComposeFile } from "./read.ts";
import type { ComposeService, ComposeVariable } from "./service.ts";

/** A service of the catalog as a compose file runs it. */
export interface Run {
  name: string;
  kind: ServiceKind;
  version: string | null;
  port: number | null;
  evidence: { file: string; line: number | null };
}

/** What a compose file is for, by the word in its name or the directory it lies in. */
export function placeOf(path: string): NonNullable<ServiceClaim["place"]> {
  if (/prod|release|live/.test(basenameOf(path))) return "production";
  if (path.includes(".devcontainer/")) return "devcontainer";
  const words = path.toLowerCase().split(/[/._-]/);
  return words.some((word) =>
      ["test", "tests", "testing", "e2e", "ci", "integration"].includes(word)
    )
    ? "test"
    : "development";
}

/** `redis-server --port 6388`, `postgres -p 5433`. */
function commandPort({ command }: ComposeService): number | null {
  const found = /\s(?:--port[= ]|-p )(\d{2,5})\b/.exec(
    (command?.words ?? []).join(" ").slice(0, 2_000),
  )?.[1];
  const port = Number(found);
  return port > 0 && port < 65536 ? port : null;
}

/** The service of the catalog that this is: by its image, or that of what it builds on. */
export function runOf(
  one: ComposeService,
  { reading }: Pick<Context, "reading">,
): Run | null {
  const found = one.build?.dockerfile === undefined ||
      one.build.dockerfile === null
    ? null
    : parseDockerfile(reading.lines(one.build.dockerfile), one.build.args)
      .at(-1);
  const text = one.build === null ? one.image?.text : found?.image;
  const image = text === undefined ? null : parseImage(text);
  const kind = image === null ? null : serviceOfImage(image);
  if (image === null || kind === null) return null;
  return {
    name: one.name,
    kind,
    version: versionOfTag(image),
    port: commandPort(one) ??
      servicePort(kind, one.ports.map(({ port }) => port)),
    evidence: one.image?.evidence ?? one.build?.evidence ?? one.evidence,
  };
}

/** Services of a file by every name they have in it. */
export function byHost(
  services: Iterable<ComposeService>,
  runs: ReadonlyMap<string, Run>,
): Map<string, Run> {
  const hosts = new Map(runs);
  for (const { name, aliases } of services) {
    const run = runs.get(name);
    for (const alias of run === undefined ? [] : aliases) {
      if (run !== undefined && !hosts.has(alias)) hosts.set(alias, run);
    }
  }
  return hosts;
}

/** The service that a variable's value points at, by the name it has in this file. */
function pointsAt(
  variable: ComposeVariable,
  runs: ReadonlyMap<string, Run>,
  file: ComposeFile,
): { run: Run; port: number | null } | null {
  const value = substitute(variable.raw ?? "", file.values);
  const address = addressOf(value);
  const host = address === null ? hostIn(value) : address;
  const run = host?.host === null || host === null
    ? undefined
    : runs.get(host.host);
  if (host === null || run === undefined) return null;
  const isAddress = address !== null || host.port !== null ||
    host.host !== value.trim() || isAddressName(variable.name);
  return isAddress ? { run, port: host.port } : null;
}

/** Variables of an environment that carry the address of a service, its port included. */
export function pointingAt(
  environment: readonly ComposeVariable[],
  { runs, file }: { runs: ReadonlyMap<string, Run>; file: ComposeFile },
): { variable: ComposeVariable; run: Run; port: number | null }[] {
  const found = environment.flatMap((variable) => {
    const target = pointsAt(variable, runs, file);
    return target === null ? [] : [{ variable, ...target }];
  });
  const ports = found.flatMap(({ variable: { name }, run }) => {
    const port = name.replace(/HOST(?:NAME)?$/, "PORT");
    const variable = environment.find((one) => one.name === port);
    return port === name || variable === undefined
      ? []
      : [{ variable, run, port: Number(variable.raw) || null }];
  });
  return [...found, ...ports];
}

/**
 * What is built there may be an application that only its Dockerfile tells of.
 * Above several it is none of them: a proxy in front, built from the root.
 */
function pathOf(compose: ComposeService, targets: Targets): string | null {
  const context = compose.build?.context ?? null;
  if (context === null || targets.owner(context) !== null) return null;
  const below = targets.all.filter(({ path }) => isWithin(path, context));
  return below.length > 1 ? null : context;
}

/** Of an image that others made nobody here reads the variables: consoles, exporters. */
function isOurs({ compose, draft }: Own): boolean {
  return draft !== null || compose.build !== null;
}

/** Who uses a service, and by which variables: a claim for each of them. */
export function stateRuns(
  to: Gathering,
  file: ComposeFile,
  { runs, own, context }: {
    runs: ReadonlyMap<string, Run>;
    own: readonly Own[];
    context: Context;
  },
): void {
  const place = placeOf(file.path);
  for (const run of new Set(runs.values())) {
    const uses = own.filter(isOurs).flatMap(({ compose, draft }) => {
      const pointing = pointingAt(compose.environment, { runs, file })
        .filter((one) => one.run === run);
      const isUsed = pointing.length > 0 || compose.needs.has(run.name);
      const path = draft?.path ?? pathOf(compose, context.targets);
      return isUsed ? [{ path, pointing }] : [];
    });
    // What clients within the network dial is surer than what is published.
    const dialled = uses.flatMap(({ pointing }) => pointing)
      .find(({ port }) => port !== null)?.port;
    const declare = (of: Partial<ServiceClaim>) =>
      to.services.push(service({
        kind: run.kind.kind,
        version: run.version,
        port: dialled ?? run.port,
        name: run.name,
        strength: "declared",
        place,
        evidence: [run.evidence],
        ...of,
      }));
    if (uses.length === 0) declare({});
    for (const { path, pointing } of uses) {
      declare({
        usedBy: path,
        env: pointing.map(({ variable }) => variable.name),
        evidence: [
          run.evidence,
          ...pointing.map(({ variable }) => variable.evidence),
        ],
      });
    }
  }
}
