/**
 * Workflows of GitHub Actions: what jobs set up, which services stand beside
 * them, and how they run the tests.
 *
 * @module
 */
import type { EvidenceDetector } from "../../detector.ts";
import { directoryOf, joinPath } from "../../file_tree.ts";
import {
  at,
  entriesOf,
  itemsOf,
  type Node,
  scalarText,
  textOf,
} from "../../formats/node.ts";
import { nodeEvidence, type Reading } from "../../reading.ts";
import { parseImage } from "../../services/images.ts";
import { type Gathering, gathering, service } from "../gathering.ts";
import { Targets } from "../targets.ts";
import {
  type CiContext,
  stateImage,
  stateService,
  stateTest,
  stateVersion,
} from "./gathering.ts";
import { newest, pinned, type Setup, SETUPS, STARTED } from "./versions.ts";

interface Job {
  node: Node;
  directory: string;
  /** Workflow's environment, then the job's. */
  env: ReadonlyMap<string, string>;
}

/** `${{ matrix.node }}`, and what stands around it: `postgres:${{ matrix.pg }}-alpine`. */
const EXPRESSION =
  /^([^$\n,]{0,80})\$\{\{\s{0,5}(matrix|env)\.([\w-]{1,100})\s{0,5}\}\}([^$\n,]{0,40})$/;
const MAX_STEPS = 500;

/** Values a `with:` input takes: itself, those of a matrix, that of an environment. */
function valuesOf(node: Node | null, job: Job): string[] {
  const text = scalarText(node);
  if (text === null) {
    return itemsOf(node).flatMap((item) => valuesOf(item, job));
  }
  const [, before, from, name = "", behind] =
    EXPRESSION.exec(text.slice(0, 300)) ?? [];
  const around = (value: string) => `${before}${value}${behind}`;
  if (from === "env") {
    const value = job.env.get(name);
    return [value === undefined ? "" : around(value)];
  }
  if (from !== "matrix") {
    return text.split(/[\n,]/).map((one) => one.trim());
  }
  const matrix = at(job.node, "strategy", "matrix");
  return [
    ...itemsOf(at(matrix, name)),
    ...itemsOf(at(matrix, "include")).flatMap((one) => at(one, name) ?? []),
  ].flatMap((one) => {
    const value = scalarText(one);
    return value === null ? [] : [around(value)];
  });
}

/** The version in a file that a step names: the first line, or that of a manifest's line. */
function versionOfFile(reading: Reading, path: string) {
  if (/\.(?:json|toml|mod|lock)$|tool-versions$/.test(path)) return null;
  const found = reading.match(
    path,
    /^\s{0,8}(?:[a-z]{1,20}-)?(v?\d[\w.]{0,30})\s{0,8}$/,
  );
  return found === null
    ? null
    : { version: pinned(found.value), evidence: found.evidence };
}

function stateSetup(
  to: Gathering,
  context: CiContext,
  of: { step: Node; setup: Setup; job: Job; revision: string },
): void {
  const { step, setup, job, revision } = of;
  const { file, reading } = context;
  const inputs = setup.inputs.map((name) =>
    name === "@" ? null : at(step, "with", name)
  );
  const node = inputs.find((one) => one !== null) ?? null;
  const values = node === null
    ? setup.inputs.includes("@") ? [revision] : []
    : valuesOf(node, job);
  const versions = values.flatMap((value) => pinned(value) ?? []);
  const version = newest(versions);
  if (version !== null) {
    stateVersion(to, context, {
      runtime: setup.runtime,
      version,
      directory: job.directory,
      evidence: nodeEvidence(file, node ?? at(step, "uses") ?? step),
      isOneOfMany: versions.length > 1,
    });
    return;
  }
  const named = setup.file === undefined ? null : at(step, "with", setup.file);
  const path = joinPath(".", textOf(named) ?? ".");
  if (named === null || path === null) return;
  const found = versionOfFile(reading, path);
  if (found === null || found.version === null) return;
  stateVersion(to, context, {
    runtime: setup.runtime,
    version: found.version,
    // `frontend/.nvmrc` is none of the backend's, wherever the job runs.
    directory: job.directory === "." ? directoryOf(path) : job.directory,
    evidence: [nodeEvidence(file, named), found.evidence],
    isOneOfMany: false,
  });
}

function readStep(
  to: Gathering,
  context: CiContext,
  step: Node,
  job: Job,
): void {
  const uses = textOf(at(step, "uses"));
  if (uses !== null) {
    const [name = "", revision = ""] = uses.slice(0, 300).split("@");
    for (const setup of SETUPS.get(name) ?? []) {
      stateSetup(to, context, { step, setup, job, revision });
    }
    const started = STARTED.get(name.toLowerCase());
    if (started === undefined) return;
    const [kind, input] = started;
    const versions = valuesOf(at(step, "with", input), job);
    to.services.push(service({
      kind,
      version: newest(versions.flatMap((version) => pinned(version) ?? [])),
      usedBy: job.directory === "." ? null : job.directory,
      strength: "declared",
      place: "ci",
      evidence: [nodeEvidence(context.file, step)],
    }));
    return;
  }
  const run = at(step, "run");
  const script = textOf(run);
  if (run === null || script === null) return;
  const own = textOf(at(step, "working-directory"));
  const directory = own === null ? job.directory : joinPath(".", own);
  if (directory === null || directory.includes("${{")) return;
  stateTest(to, context, {
    script,
    directory,
    evidence: nodeEvidence(context.file, run),
  });
}

/** Container ports of `5432:5432`. */
function portsOf(node: Node | null): number[] {
  return itemsOf(node).map((item) =>
    Number((scalarText(item) ?? "").split("/", 1)[0]?.split(":").at(-1))
  ).filter((port) => Number.isInteger(port) && port > 0);
}

/** Of a matrix of images that with the newest version, as of runtimes. */
function newestImage(images: readonly string[]): string | null {
  const [first] = images;
  const tags = images.map((image) => parseImage(image)?.tag ?? "");
  const tag = newest(tags.filter((tag) => /^\d/.test(tag)));
  return images[tags.indexOf(tag ?? "")] ?? first ?? null;
}

function readServices(to: Gathering, context: CiContext, job: Job): void {
  for (const [name, node] of entriesOf(at(job.node, "services"))) {
    const image = at(node, "image") ?? node;
    const text = newestImage(valuesOf(image, job));
    if (text === null) continue;
    stateService(to, {
      image: text,
      name,
      ports: portsOf(at(node, "ports")),
      directory: job.directory === "." ? null : job.directory,
      evidence: nodeEvidence(context.file, image),
    });
  }
}

function environmentOf(...nodes: readonly (Node | null)[]) {
  return new Map(
    nodes.flatMap((node) =>
      entriesOf(node).map(([name, value]) =>
        [name, scalarText(value) ?? ""] as const
      )
    ),
  );
}

function readWorkflow(
  to: Gathering,
  context: CiContext,
): void {
  const root = context.reading.yaml(context.file);
  const defaultOf = (node: Node | null) =>
    textOf(at(node, "defaults", "run", "working-directory"));
  for (const [, node] of entriesOf(at(root, "jobs"))) {
    const directory = joinPath(".", defaultOf(node) ?? defaultOf(root) ?? ".");
    if (directory === null) continue;
    const job: Job = {
      node,
      directory: directory.includes("${{") ? "." : directory,
      env: environmentOf(at(root, "env"), at(node, "env")),
    };
    readServices(to, context, job);
    const container = at(node, "container");
    const image = textOf(container) ?? textOf(at(container, "image"));
    if (container !== null && image !== null) {
      stateImage(to, context, {
        image,
        directory: job.directory,
        evidence: nodeEvidence(context.file, container),
      });
    }
    for (const step of itemsOf(at(node, "steps")).slice(0, MAX_STEPS)) {
      readStep(to, context, step, job);
    }
  }
}

export const github: EvidenceDetector = {
  name: "GitHub Actions",
  reads: {
    manifests: [
      ".github/workflows/*.yml",
      ".github/workflows/*.yaml",
      ".gitea/workflows/*.yml",
      ".gitea/workflows/*.yaml",
      ".forgejo/workflows/*.yml",
      ".forgejo/workflows/*.yaml",
      ".node-version",
      ".nvmrc",
      ".python-version",
      ".ruby-version",
      ".java-version",
      ".go-version",
    ],
  },
  gather(reading, drafts) {
    const found = gathering();
    const targets = new Targets(drafts);
    const { tree } = reading;
    for (const folder of [".github", ".gitea", ".forgejo"]) {
      const directory = `${folder}/workflows`;
      for (const name of tree.filesIn(directory)) {
        if (!/\.ya?ml$/.test(name)) continue;
        readWorkflow(found, { reading, targets, file: `${directory}/${name}` });
      }
    }
    return found;
  },
};
