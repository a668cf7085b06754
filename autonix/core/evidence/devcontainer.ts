/**
 * Development containers: the runtime's version by image and features, and the
 * ports that are forwarded.
 *
 * Their compose files are read as any other.
 *
 * @module
 */
import type { EvidenceDetector } from "../detector.ts";
import { directoryOf, joinPath } from "../file_tree.ts";
import {
  at,
  entriesOf,
  itemsOf,
  type Node,
  scalarText,
  textOf,
} from "../formats/node.ts";
import { nodeEvidence, type Reading } from "../reading.ts";
import { SERVICES } from "../services/catalog.ts";
import { isDebugPort } from "../services/ports.ts";
import { pinned } from "./ci/versions.ts";
import { Compose, type ComposeFile } from "./compose/read.ts";
import { pointingAt, runOf } from "./compose/runs.ts";
import { runtimeOfImage } from "./dockerfile/base_images.ts";
import { parseDockerfile } from "./dockerfile/parse.ts";
import { type Gathering, gathering, service, state } from "./gathering.ts";
import { isOf, type Runtime, Targets } from "./targets.ts";

const FEATURES: ReadonlyMap<string, Runtime> = new Map<string, Runtime>([
  ["node", "node"],
  ["python", "python"],
  ["go", "go"],
  ["rust", "rust"],
  ["java", "jvm"],
  ["ruby", "ruby"],
  ["php", "php"],
  ["dotnet", "dotnet"],
  ["bun", "bun"],
  ["deno", "deno"],
  ["elixir", "elixir"],
  ["crystal", "crystal"],
  ["swift", "swift"],
  ["dart", "dart"],
]);
/** What somebody works with says less than what an image is built from. */
const CONFIDENCE = 0.7;
const SERVICE_PORTS = new Set(SERVICES.map(({ port }) => port));

interface Context {
  reading: Reading;
  targets: Targets;
  file: string;
  /** Directory that is opened. */
  path: string;
}

function stateVersion(
  to: Gathering,
  { targets, file, path }: Context,
  of: { runtime: Runtime; version: string | null; node: Node },
): void {
  if (of.version === null) return;
  const owner = targets.owner(path);
  const drafts = owner === null || owner.role === "root"
    ? targets.all.filter(({ role }) => role !== "root")
    : [owner];
  for (const draft of drafts) {
    if (!isOf(draft, of.runtime)) continue;
    state(to, {
      path: draft.path,
      field: "runtimeVersion",
      value: of.version,
      source: "container",
      evidence: nodeEvidence(file, of.node),
      confidence: CONFIDENCE,
    });
  }
}

/** Compose files that it names. */
function composedOf(root: Node, { reading, file }: Context): ComposeFile[] {
  const composed = at(root, "dockerComposeFile");
  const names = [textOf(composed), ...itemsOf(composed).map(textOf)];
  const paths = names.map((name) =>
    name === null ? null : joinPath(directoryOf(file), name)
  );
  if (composed === null) return [];
  return new Compose(reading).files.filter(({ path }) => paths.includes(path));
}

/** Variables of the container that carry the address of a service beside it. */
function stateAddresses(to: Gathering, context: Context, root: Node): void {
  const variables = ["containerEnv", "remoteEnv"].flatMap((key) =>
    entriesOf(at(root, key)).map(([name, node]) => ({
      name,
      raw: scalarText(node),
      evidence: nodeEvidence(context.file, node),
    }))
  );
  if (variables.length === 0) return;
  for (const file of composedOf(root, context)) {
    const runs = new Map(
      [...file.services.values()].flatMap((one) => {
        const run = runOf(one, context);
        return run === null ? [] : [[one.name, run] as const];
      }),
    );
    for (const { variable, run } of pointingAt(variables, { runs, file })) {
      to.services.push(service({
        kind: run.kind.kind,
        name: run.name,
        usedBy: context.path,
        env: [variable.name],
        strength: "configured",
        evidence: [variable.evidence],
      }));
    }
  }
}

/** The image of the service that one works in, of its compose file. */
function composedImage(
  root: Node,
  context: Context,
): { text: string; node: Node } | null {
  const service = at(root, "service");
  if (service === null) return null;
  for (const { services } of composedOf(root, context)) {
    const one = services.get(textOf(service) ?? "");
    const dockerfile = one?.build?.dockerfile ?? null;
    const text = dockerfile === null
      ? one?.image?.text
      : parseDockerfile(context.reading.lines(dockerfile), one?.build?.args)
        .at(-1)?.image;
    if (text !== undefined) return { text, node: service };
  }
  return null;
}

/** The image: its own, or that of the Dockerfile it is built from. */
function imageOf(root: Node, context: Context) {
  const { reading, file } = context;
  const image = at(root, "image");
  const text = textOf(image);
  if (image !== null && text !== null) return { text, node: image };
  const build = at(root, "build", "dockerfile") ?? at(root, "dockerFile");
  if (build === null) return composedImage(root, context);
  const path = joinPath(directoryOf(file), textOf(build) ?? "");
  const base = path === null
    ? undefined
    : parseDockerfile(reading.lines(path)).at(-1)?.image;
  return base === undefined ? null : { text: base, node: build };
}

/** The port that is forwarded, if it is the only one: of several nobody knows whose they are. */
function statePort(to: Gathering, { file, path }: Context, root: Node): void {
  const ports = itemsOf(at(root, "forwardPorts")).flatMap((item) => {
    const value = Number(scalarText(item));
    const isPort = Number.isInteger(value) && value >= 1 && value <= 65535;
    // A database's port is forwarded beside the application's.
    const isOfService = SERVICE_PORTS.has(value) && value !== 3000 &&
      value !== 8000 && value !== 8080;
    return isPort && !isOfService && !isDebugPort(value)
      ? [{ value, item }]
      : [];
  });
  const [only] = ports;
  if (only === undefined || ports.length > 1) return;
  state(to, {
    path,
    field: "port",
    value: only.value,
    source: "container",
    evidence: nodeEvidence(file, only.item),
    confidence: CONFIDENCE,
  });
}

function readContainer(to: Gathering, context: Context): void {
  const { reading, file } = context;
  const root = reading.json(file);
  if (root === null) return;
  const image = imageOf(root, context);
  const base = image === null ? null : runtimeOfImage(image.text);
  if (image !== null && base !== null) {
    stateVersion(to, context, { ...base, node: image.node });
  }
  for (const [name, node] of entriesOf(at(root, "features"))) {
    const [feature = ""] = name.slice(name.lastIndexOf("/") + 1).split(":");
    const runtime = FEATURES.get(feature);
    const version = pinned(scalarText(at(node, "version")) ?? "");
    if (runtime !== undefined) {
      stateVersion(to, context, { runtime, version, node });
    }
  }
  statePort(to, context, root);
  stateAddresses(to, context, root);
}

export const devcontainer: EvidenceDetector = {
  name: "development containers",
  reads: {
    manifests: [
      "devcontainer.json",
      ".devcontainer.json",
      ".devcontainer/Dockerfile",
    ],
  },
  gather(reading, drafts) {
    const found = gathering();
    const targets = new Targets(drafts);
    const files = [
      ...reading.tree.named("devcontainer.json"),
      ...reading.tree.named(".devcontainer.json"),
    ];
    for (const file of files) {
      const [above = ""] = file.split(/\/?\.devcontainer(?:\/|\.json$)/, 1);
      const path = above === "" ? "." : above;
      if (targets.isAside(file)) continue;
      readContainer(found, { reading, targets, file, path });
    }
    return found;
  },
};
