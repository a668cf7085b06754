/**
 * Compose files as evidence: which services a repository runs, who uses each,
 * through which variable, and on which ports its own containers listen.
 *
 * @module
 */
import type { EvidenceDetector, ServiceClaim } from "../../detector.ts";
import type { Draft } from "../../draft.ts";
import { basenameOf } from "../../file_tree.ts";
import type { Reading } from "../../reading.ts";
import { addressOf, hostIn, isAddressName } from "../../services/addresses.ts";
import type { ServiceKind } from "../../services/catalog.ts";
import {
  parseImage,
  serviceOfImage,
  versionOfTag,
} from "../../services/images.ts";
import { isDebugPort, servicePort } from "../../services/ports.ts";
import { runtimeOfImage } from "../dockerfile/base_images.ts";
import {
  buildsByFile,
  type ComposeBuild,
  ownerOfDockerfile,
} from "../dockerfile/owner.ts";
import { parseDockerfile, substitute } from "../dockerfile/parse.ts";
import {
  isPlaceholder,
  isSecretName,
  OF_TOOLS,
  readEnvFile,
  stateEnvFile,
} from "../env_files.ts";
import { type Gathering, gathering, service, state } from "../gathering.ts";
import { isOf, Targets } from "../targets.ts";
import {
  Compose,
  COMPOSE_NAMES,
  type ComposeFile,
  type ComposeService,
  type ComposeVariable,
} from "./read.ts";

interface Context {
  reading: Reading;
  targets: Targets;
  builds: ReadonlyMap<string, ComposeBuild>;
}

/** A service of the catalog as a compose file runs it. */
interface Run {
  name: string;
  kind: ServiceKind;
  version: string | null;
  port: number | null;
  evidence: { file: string; line: number | null };
}

/** One of its own applications. */
interface Own {
  compose: ComposeService;
  draft: Draft | null;
}

/** What a compose file is for, by the word in its name or the directory it lies in. */
function placeOf(path: string): NonNullable<ServiceClaim["place"]> {
  if (/prod|release|live/.test(basenameOf(path))) return "production";
  const words = path.toLowerCase().split(/[/._-]/);
  return words.some((word) =>
      ["test", "tests", "testing", "e2e", "ci", "integration"].includes(word)
    )
    ? "test"
    : "development";
}

/** The service of the catalog that this is: by its image, or that of what it builds on. */
function runOf(
  one: ComposeService,
  { reading }: Pick<Context, "reading">,
): Run | null {
  const found = one.build?.dockerfile === undefined ||
      one.build.dockerfile === null
    ? null
    : parseDockerfile(reading.lines(one.build.dockerfile)).at(-1);
  const text = one.build === null ? one.image?.text : found?.image;
  const image = text === undefined ? null : parseImage(text);
  const kind = image === null ? null : serviceOfImage(image);
  if (image === null || kind === null) return null;
  return {
    name: one.name,
    kind,
    version: versionOfTag(image),
    port: servicePort(kind, one.ports.map(({ port }) => port)),
    evidence: one.image?.evidence ?? one.build?.evidence ?? one.evidence,
  };
}

/** The application that a compose service runs. */
function draftOf(one: ComposeService, context: Context): Draft | null {
  const { reading, targets, builds } = context;
  const build = one.build;
  if (build !== null) {
    if (build.context === null || build.dockerfile === null) return null;
    const stages = parseDockerfile(reading.lines(build.dockerfile));
    const owner = stages.length === 0
      ? null
      : ownerOfDockerfile(build.dockerfile, stages, { targets, builds });
    return owner ?? usable(targets.at(build.context)) ??
      usable(targets.named(one.name)) ??
      (build.context === "." ? targets.only : null);
  }
  // A plain runtime over the repository's own directory is the application too.
  if (runtimeOfImage(one.image?.text ?? "") !== null) {
    for (const mount of one.mounts) {
      const draft = usable(targets.at(mount));
      if (draft !== null) return draft;
    }
  }
  if (one.image === null || !one.image.text.includes("/")) return null;
  // A published image of its own: nobody calls a third party's just "app".
  return usable(targets.named(one.name)) ??
    (USUAL_NAMES.has(one.name) ? targets.only : null);
}

/** What the only application of a repository is called in its compose file. */
const USUAL_NAMES = new Set(["app", "web", "api", "backend", "server"]);

function usable(draft: Draft | null): Draft | null {
  return draft?.role === "root" ? null : draft;
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
    value.includes("://") || isAddressName(variable.name);
  return isAddress ? { run, port: host.port } : null;
}

/** Variables of an environment that carry the address of a service, its port included. */
function pointingAt(
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

/** `${X}`, `${X:-y}`, `${X:?}`: whether a value has to come from outside, and else which it is. */
function defaultOf(variable: ComposeVariable): string | null {
  const raw = variable.raw;
  if (raw === null || raw === "") return null;
  if (!raw.includes("$")) return raw;
  const fallback = /^\$\{\w{1,100}:?-([^$}]{1,500})\}$/.exec(raw)?.[1];
  return fallback ?? null;
}

function stateVariables(
  to: Gathering,
  { compose, draft }: Own,
  pointing: ReadonlySet<string>,
): void {
  if (draft === null) return;
  for (const variable of compose.environment) {
    if (OF_TOOLS.has(variable.name)) continue;
    const value = defaultOf(variable);
    const isTold = value !== null && !pointing.has(variable.name) &&
      !isSecretName(variable.name) && !isPlaceholder(variable.name, value);
    state(to, {
      path: draft.path,
      field: "env",
      value: {
        name: variable.name,
        required: !isTold && variable.raw !== "",
        ...(isTold ? { default: value } : {}),
      },
      source: "container",
      evidence: variable.evidence,
    });
  }
}

/** Files that a service reads its variables from, or their examples. */
function stateEnvFiles(
  to: Gathering,
  { compose, draft }: Own,
  reading: Reading,
) {
  if (draft === null) return;
  for (const path of compose.envFiles) {
    const files = [`${path}.example`, `${path}.sample`, `${path}.dist`, path];
    const file = files.find((one) => reading.tree.text(one) !== null);
    if (file === undefined) continue;
    stateEnvFile(to, readEnvFile(reading, file), { path: draft.path });
  }
}

function stateOwn(to: Gathering, own: Own, reading: Reading): void {
  const { compose, draft } = own;
  if (draft === null) return;
  for (const { port, evidence } of [...compose.ports, ...compose.routed]) {
    if (isDebugPort(port)) continue;
    state(to, {
      path: draft.path,
      field: "port",
      value: port,
      source: "container",
      evidence,
    });
  }
  stateEnvFiles(to, own, reading);
  const base = compose.build === null
    ? runtimeOfImage(compose.image?.text ?? "")
    : null;
  if (base?.version != null && isOf(draft, base.runtime)) {
    state(to, {
      path: draft.path,
      field: "runtimeVersion",
      value: base.version,
      source: "container",
      evidence: compose.image?.evidence ?? compose.evidence,
    });
  }
}

/** What is built there may be an application that only its Dockerfile tells of. */
function pathOf(compose: ComposeService, targets: Targets): string | null {
  const context = compose.build?.context ?? null;
  return context === null || targets.owner(context) !== null ? null : context;
}

/** Who uses a service, and by which variables: a claim for each of them. */
function stateRuns(
  to: Gathering,
  file: ComposeFile,
  { runs, own, context }: {
    runs: ReadonlyMap<string, Run>;
    own: readonly Own[];
    context: Context;
  },
): void {
  const place = placeOf(file.path);
  for (const run of runs.values()) {
    const uses = own.flatMap(({ compose, draft }) => {
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

function gatherFile(to: Gathering, file: ComposeFile, context: Context): void {
  const runs = new Map<string, Run>();
  const own: Own[] = [];
  for (const compose of file.services.values()) {
    const run = runOf(compose, context);
    if (run !== null) runs.set(compose.name, run);
    else own.push({ compose, draft: draftOf(compose, context) });
  }
  stateRuns(to, file, { runs, own, context });
  if (placeOf(file.path) === "test") return;
  for (const one of own) {
    const pointing = new Set(
      pointingAt(one.compose.environment, { runs, file })
        .map(({ variable }) => variable.name),
    );
    stateVariables(to, one, pointing);
    stateOwn(to, one, context.reading);
  }
}

export const compose: EvidenceDetector = {
  name: "compose files",
  reads: { manifests: COMPOSE_NAMES },
  gather(reading, drafts) {
    const found = gathering();
    const targets = new Targets(drafts);
    const { files } = new Compose(reading);
    const builds = buildsByFile(
      files.flatMap(({ services }) => [...services.values()]),
    );
    for (const file of files) {
      if (targets.isAside(file.path)) continue;
      gatherFile(found, file, { reading, targets, builds });
    }
    return found;
  },
};
