/**
 * `.gitlab-ci.yml`: images, services and scripts of jobs.
 *
 * @module
 */
import type { EvidenceDetector } from "../../detector.ts";
import {
  at,
  entriesOf,
  itemsOf,
  type Node,
  scalarText,
  textOf,
} from "../../formats/node.ts";
import { nodeEvidence } from "../../reading.ts";
import { substitute } from "../dockerfile/parse.ts";
import { type Gathering, gathering } from "../gathering.ts";
import { Targets } from "../targets.ts";
import {
  type CiContext,
  stateImage,
  stateService,
  stateTest,
} from "./gathering.ts";

const FILES = [".gitlab-ci.yml", ".gitlab-ci.yaml"];
/** What stands beside jobs at the top of the file. */
const NO_JOBS = new Set([
  "default",
  "stages",
  "variables",
  "workflow",
  "include",
  "image",
  "services",
  "cache",
  "before_script",
  "after_script",
  "pages:deploy",
]);

type Values = ReadonlyMap<string, string>;

function valuesOf(node: Node | null): Map<string, string> {
  return new Map(
    entriesOf(node).map(([name, value]) => [
      name,
      scalarText(value) ?? scalarText(at(value, "value")) ?? "",
    ]),
  );
}

function readServices(
  to: Gathering,
  context: CiContext,
  node: Node | null,
  values: Values,
): void {
  for (const item of itemsOf(node)) {
    const image = textOf(item) ?? textOf(at(item, "name"));
    if (image === null) continue;
    stateService(to, {
      image: substitute(image, values),
      name: textOf(at(item, "alias")),
      ports: [],
      directory: null,
      evidence: nodeEvidence(context.file, item),
    });
  }
}

function readImage(
  to: Gathering,
  context: CiContext,
  node: Node | null,
  values: Values,
): void {
  const image = textOf(node) ?? textOf(at(node, "name"));
  if (node === null || image === null) return;
  stateImage(to, context, {
    image: substitute(image, values),
    directory: ".",
    evidence: nodeEvidence(context.file, node),
  });
}

function readScript(to: Gathering, context: CiContext, job: Node): void {
  const script = at(job, "script");
  const before = itemsOf(at(job, "before_script"))
    .map((item) => scalarText(item) ?? "")
    .filter((line) => line.startsWith("cd "));
  let lines = [...before];
  for (const item of [script, ...itemsOf(script)]) {
    const text = textOf(item);
    if (item === null || text === null) continue;
    lines = [...lines, text];
    stateTest(to, context, {
      script: lines.join("\n"),
      directory: ".",
      evidence: nodeEvidence(context.file, item),
    });
  }
}

export const gitlab: EvidenceDetector = {
  name: "GitLab CI",
  reads: { manifests: FILES },
  gather(reading, drafts) {
    const found = gathering();
    const targets = new Targets(drafts);
    for (const file of FILES) {
      const root = reading.yaml(file);
      if (root === null) continue;
      const context = { reading, targets, file };
      const shared = valuesOf(at(root, "variables"));
      const defaults = at(root, "default");
      readImage(
        found,
        context,
        at(defaults, "image") ?? at(root, "image"),
        shared,
      );
      readServices(
        found,
        context,
        at(defaults, "services") ?? at(root, "services"),
        shared,
      );
      for (const [name, job] of entriesOf(root)) {
        if (NO_JOBS.has(name)) continue;
        const values = new Map([...shared, ...valuesOf(at(job, "variables"))]);
        readImage(found, context, at(job, "image"), values);
        readServices(found, context, at(job, "services"), values);
        readScript(found, context, job);
      }
    }
    return found;
  },
};
