/**
 * `.circleci/config.yml`: the first image of a job is what it runs in, the
 * others are services beside it.
 *
 * @module
 */
import type { EvidenceDetector } from "../../detector.ts";
import { joinPath } from "../../file_tree.ts";
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

const FILES = [".circleci/config.yml", ".circleci/config.yaml"];

/** `<< parameters.tag >>` with its default. */
function filled(text: string, job: Node): string {
  return text.slice(0, 500).replace(
    /<<\s{0,4}parameters\.([\w-]{1,60})\s{0,4}>>/g,
    (_, name: string) =>
      scalarText(at(job, "parameters", name, "default")) ?? "",
  );
}

/** `~/project/api` and `api` are `api`. */
function directoryOf(node: Node | null): string {
  const text = (textOf(node) ?? ".").replace(/^~\/(?:project|repo)\/?/, "");
  return text.startsWith("~") || text.startsWith("/")
    ? "."
    : joinPath(".", text) ?? ".";
}

function readImages(
  to: Gathering,
  context: CiContext,
  job: Node,
  directory: string,
): void {
  itemsOf(at(job, "docker")).forEach((item, index) => {
    const text = textOf(at(item, "image"));
    if (text === null) return;
    const image = substitute(filled(text, job), new Map());
    const evidence = nodeEvidence(context.file, at(item, "image") ?? item);
    if (index === 0) stateImage(to, context, { image, directory, evidence });
    else {
      stateService(to, {
        image,
        name: textOf(at(item, "name")),
        ports: [],
        directory: directory === "." ? null : directory,
        evidence,
      });
    }
  });
}

function readSteps(
  to: Gathering,
  context: CiContext,
  job: Node,
  directory: string,
): void {
  for (const step of itemsOf(at(job, "steps")).slice(0, 500)) {
    const run = at(step, "run");
    const command = at(run, "command");
    const script = textOf(run) ?? textOf(command);
    if (run === null || script === null) continue;
    const own = at(run, "working_directory");
    stateTest(to, context, {
      script,
      directory: own === null ? directory : directoryOf(own),
      evidence: nodeEvidence(context.file, command ?? run),
    });
  }
}

export const circleci: EvidenceDetector = {
  name: "CircleCI",
  reads: { manifests: FILES },
  gather(reading, drafts) {
    const found = gathering();
    const targets = new Targets(drafts);
    for (const file of FILES) {
      const root = reading.yaml(file);
      const context = { reading, targets, file };
      for (const [, executor] of entriesOf(at(root, "executors"))) {
        readImages(found, context, executor, ".");
      }
      for (const [, job] of entriesOf(at(root, "jobs"))) {
        const directory = directoryOf(at(job, "working_directory"));
        readImages(found, context, job, directory);
        readSteps(found, context, job, directory);
      }
    }
    return found;
  },
};
