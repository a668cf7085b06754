/**
 * Dockerfiles as evidence: of the runtime's version by base images, of libraries
 * by what is installed, of the start command, ports and variables by the last
 * stage.
 *
 * @module
 */
import type { EvidenceDetector } from "../../detector.ts";
import { claim, type Draft, draftOf } from "../../draft.ts";
import { basenameOf, directoryOf } from "../../file_tree.ts";
import type { Reading } from "../../reading.ts";
import {
  parseImage,
  serviceOfImage,
  versionOfTag,
} from "../../services/images.ts";
import { Compose } from "../compose/read.ts";
import { type Gathering, gathering, service } from "../gathering.ts";
import { Targets } from "../targets.ts";
import { LANGUAGES } from "./base_images.ts";
import { commandOf } from "./command.ts";
import { baseOf, type Image, readImage } from "./image.ts";
import { isForeignScript, originOf } from "./origin.ts";
import { buildsByFile, type ComposeBuild, ownerOfDockerfile } from "./owner.ts";
import { stateImage } from "./statements.ts";

const NAMES = [
  "Dockerfile",
  "dockerfile",
  "Containerfile",
  "Dockerfile.*",
  "Dockerfile-*",
  "Containerfile.*",
  "*.Dockerfile",
  "*.dockerfile",
];

/** What images start with and copy from elsewhere. */
const SCRIPTS = [
  "*.sh",
  "start",
  "start-*",
  "entrypoint",
  "docker-entrypoint",
  "run",
  "serve",
];

function dockerfiles(reading: Reading): string[] {
  const isOne =
    /^(?:Dockerfile|Containerfile)(?:[.-][^/\s]{1,60})?$|^[^/\s]{1,60}\.Dockerfile$|^dockerfile$|^[^/\s]{1,60}\.dockerfile$/;
  const { tree } = reading;
  return tree.read(tree.files).filter((path) =>
    isOne.test(basenameOf(path)) && !path.endsWith(".dockerignore")
  );
}

/** False for an image of something else that only lies beside the application. */
function isImageOf(image: Image, owner: Draft, reading: Reading): boolean {
  const origin = originOf(image) ?? image.stages;
  const bases = origin.map(baseOf).filter((base) => base !== null);
  const isOfRuntime = bases.length === 0 ||
    bases.some(({ runtime }) => LANGUAGES[runtime][0] === owner.ecosystem);
  return isOfRuntime && !isForeignScript(image, { reading, draft: owner });
}

const OF_TESTS =
  /(?:^|\/)(?:\.devcontainer|\.github|\.circleci|\.gitlab|tests?|e2e|integration|ci)\//;

/** Images to test or to work in are not how an application is run. */
function isOfTests(path: string, targets: Targets): boolean {
  return OF_TESTS.test(path) && targets.at(directoryOf(path)) === null;
}

/** A directory that only its Dockerfile says something of. */
function draftOfImage(image: Image, reading: Reading): Draft | null {
  const root = image.last.at(-1);
  const base = root === undefined ? null : baseOf(root);
  if (base === null || commandOf(image.last) === null) return null;
  const [ecosystem, language] = LANGUAGES[base.runtime];
  const path = directoryOf(image.path);
  if (reading.tree.filesIn(path).length < 2) return null;
  const draft = draftOf({ path, ecosystem, role: "application", weight: 1 });
  claim(draft, "language", language, "container", {
    file: image.path,
    line: root?.line ?? null,
  });
  return draft;
}

/** The image of a service of its own, as `FROM postgres:16` with scripts. */
function stateService(to: Gathering, image: Image): boolean {
  const root = image.last.at(-1);
  const name = root === undefined ? null : parseImage(root.image);
  const kind = name === null ? null : serviceOfImage(name);
  if (root === undefined || name === null || kind === null) return false;
  to.services.push(service({
    kind: kind.kind,
    version: versionOfTag(name),
    strength: "declared",
    place: "development",
    evidence: [{ file: image.path, line: root.line }],
  }));
  return true;
}

/**
 * Builds of a Dockerfile that are worth a look each: those of several
 * applications. A stage that one application is worked on in is not how it is
 * run: of that the last stage counts, whatever a compose file builds.
 */
function buildsOf(
  path: string,
  { reading, targets, builds }: {
    reading: Reading;
    targets: Targets;
    builds: ReadonlyMap<string, readonly ComposeBuild[]>;
  },
): (ComposeBuild | null)[] {
  const all = builds.get(path) ?? [];
  const owners = new Set(all.map((build) => {
    const stages = readImage(reading, path, build.target)?.stages ?? [];
    return ownerOfDockerfile(path, stages, { targets, build })?.path;
  }));
  if (owners.size > 1) return [...all];
  const [first] = all;
  return [first === undefined ? null : { ...first, target: null }];
}

function readOne(
  to: Gathering,
  { reading, targets, path, build }: {
    reading: Reading;
    targets: Targets;
    path: string;
    build: ComposeBuild | null;
  },
): void {
  const image = readImage(reading, path, build?.target ?? null);
  if (image === null || stateService(to, image)) return;
  const owner = ownerOfDockerfile(path, image.stages, { targets, build });
  if (owner !== null) {
    if (isImageOf(image, owner, reading)) {
      stateImage(to, image, { reading, owner });
    }
    return;
  }
  const draft = draftOfImage(image, reading);
  if (draft === null) return;
  to.drafts.push(draft);
  stateImage(to, image, { reading, owner: draft });
}

export const dockerfile: EvidenceDetector = {
  name: "Dockerfiles",
  reads: { manifests: NAMES, sources: SCRIPTS },
  gather(reading, drafts) {
    const found = gathering();
    const targets = new Targets(drafts);
    const builds = buildsByFile(
      new Compose(reading).files.flatMap(({ services }) => [
        ...services.values(),
      ]),
    );
    for (const path of dockerfiles(reading)) {
      if (targets.isAside(path) || isOfTests(path, targets)) continue;
      for (const build of buildsOf(path, { reading, targets, builds })) {
        readOne(found, { reading, targets, path, build });
      }
    }
    return found;
  },
};
