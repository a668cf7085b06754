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
import { isDebugPort } from "../../services/ports.ts";
import { Compose } from "../compose/read.ts";
import { isPlaceholder, isSecretName, OF_TOOLS } from "../env_files.ts";
import { type Gathering, gathering, service, state } from "../gathering.ts";
import { isOf, Targets } from "../targets.ts";
import {
  type BaseImage,
  isWebServer,
  LANGUAGES,
  runtimeOfImage,
} from "./base_images.ts";
import { commandOf } from "./command.ts";
import {
  ASIDE_VARIANT,
  buildsByFile,
  ownerOfDockerfile,
  variantOf,
} from "./owner.ts";
import { librariesIn } from "./packages.ts";
import {
  lineage,
  pairsOf,
  parseDockerfile,
  type Stage,
  substitute,
} from "./parse.ts";
import { startOf } from "./start.ts";

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

/** Variables of interpreters and package managers, not of applications. */
const OF_RUNTIMES =
  /^(?:PYTHON[A-Z]*|PIP_\w+|POETRY_\w+|UV_\w+|PDM_\w+|VIRTUAL_ENV|CONDA_\w+|NODE_(?:ENV|OPTIONS|PATH|VERSION)|NPM_\w+|PNPM_\w+|YARN_\w+|COREPACK_\w+|NEXT_TELEMETRY_DISABLED|BUN_\w+|DENO_DIR|GO(?:PATH|OS|ARCH|CACHE|PROXY|FLAGS|111MODULE|SUMDB|TOOLCHAIN|ROOT|BIN|MODCACHE|PRIVATE)|GO111MODULE|CGO_ENABLED|CARGO_\w+|RUST(?:UP_\w+|FLAGS|C_\w+)|JAVA_HOME|JAVA_VERSION|MAVEN_\w+|GRADLE_\w+|BUNDLE_\w+|GEM_\w+|RAILS_(?:ENV|LOG_TO_STDOUT|SERVE_STATIC_FILES)|RACK_ENV|MIX_ENV|HEX_\w+|COMPOSER_\w+|PHP_\w+|APACHE_\w+|DOTNET_\w+|NUGET_\w+|DEBIAN_FRONTEND|LD_\w+|LC_\w+|LANG|LANGUAGE|TZ|TERM|PATH|HOME|SHELL|USER|S6_\w+|TINI_VERSION|CFLAGS|CXXFLAGS|LDFLAGS)$/;

interface Image {
  path: string;
  stages: Stage[];
  /** The last stage and those it builds on. */
  last: Stage[];
}

function dockerfiles(reading: Reading): string[] {
  const isOne =
    /^(?:Dockerfile|Containerfile)(?:[.-][\w.-]{1,60})?$|^[\w-]{1,60}\.Dockerfile$|^dockerfile$|^[\w-]{1,60}\.dockerfile$/;
  return reading.tree.files.filter((path) =>
    reading.tree.text(path) !== null && isOne.test(basenameOf(path)) &&
    !path.endsWith(".dockerignore")
  );
}

function readImage(reading: Reading, path: string): Image | null {
  const stages = parseDockerfile(reading.lines(path));
  const last = stages.at(-1);
  return last === undefined
    ? null
    : { path, stages, last: lineage(stages, last) };
}

/** `ENV` and `ARG` of the last stage: what `$X` in it stands for. */
function variablesOf({ last }: Image) {
  const values = new Map<string, string>();
  const env: { name: string; value: string; line: number }[] = [];
  for (const { instructions } of last.toReversed()) {
    for (const { keyword, text, line } of instructions) {
      if (keyword !== "ENV" && keyword !== "ARG") continue;
      for (const [name, raw] of pairsOf(text)) {
        const value = substitute(raw, values);
        values.set(name, value);
        if (keyword === "ENV") env.push({ name, value, line });
      }
    }
  }
  return { values, env };
}

/** Instructions of the last stage and of those it builds on, by line. */
function instructionsOf({ last }: Image, keyword: string) {
  return last.toReversed().flatMap(({ instructions }) =>
    instructions.filter((one) => one.keyword === keyword)
  );
}

function workdirOf(image: Image, values: ReadonlyMap<string, string>): string {
  let here = "/";
  for (const { text } of instructionsOf(image, "WORKDIR")) {
    const path = substitute(text, values).replace(/^["']|["']$/g, "");
    here = path.startsWith("/") ? path : `${here.replace(/\/$/, "")}/${path}`;
  }
  return here.replace(/\/+$/, "") || "/";
}

/** What an image puts before its command. */
function launcherOf(image: Image, words: readonly string[]): string | null {
  const base = parseImage(image.last.at(-1)?.image ?? "")?.name ?? "";
  const hasEntry = instructionsOf(image, "ENTRYPOINT").length > 0;
  const [program = ""] = words;
  if (!hasEntry && /^nodejs\d*-debian/.test(base)) return "node";
  if (!hasEntry && /^python3?-debian/.test(base)) return "python3";
  return /\.(?:c|m)?js$/.test(program) ? "node" : null;
}

function statePorts(to: Gathering, image: Image, owner: string): void {
  const { values } = variablesOf(image);
  const stateAll = (ports: number[], line: number) => {
    for (const value of ports) {
      if (!Number.isInteger(value) || value < 1 || value > 65535) continue;
      if (isDebugPort(value)) continue;
      state(to, {
        path: owner,
        field: "port",
        value,
        source: "container",
        evidence: { file: image.path, line },
      });
    }
  };
  const exposed = instructionsOf(image, "EXPOSE");
  for (const { text, line } of exposed) {
    const words = substitute(text, values).split(/\s+/).slice(0, 50);
    stateAll(words.map((word) => Number(word.split(/[/-]/, 1)[0])), line);
  }
  if (exposed.length > 0) return;
  for (const { text, line } of instructionsOf(image, "HEALTHCHECK")) {
    const port = /(?:localhost|127\.0\.0\.1|0\.0\.0\.0):(\d{2,5})/.exec(
      substitute(text, values),
    )?.[1];
    if (port !== undefined) stateAll([Number(port)], line);
  }
}

function stateEnv(to: Gathering, image: Image, owner: string): void {
  for (const { name, value, line } of variablesOf(image).env) {
    if (OF_TOOLS.has(name) || OF_RUNTIMES.test(name)) continue;
    const isTold = value !== "" && !isPlaceholder(name, value) &&
      !isSecretName(name);
    state(to, {
      path: owner,
      field: "env",
      value: {
        name,
        required: false,
        ...(isTold ? { default: value } : {}),
      },
      source: "container",
      evidence: { file: image.path, line },
    });
  }
}

/** Of the last stage that brings the application's runtime. */
function stateVersion(to: Gathering, image: Image, owner: Draft): void {
  for (const stage of image.stages.toReversed()) {
    const base = baseOf(stage);
    if (base === null || base.version === null || !isOf(owner, base.runtime)) {
      continue;
    }
    state(to, {
      path: owner.path,
      field: "runtimeVersion",
      value: base.version,
      source: "container",
      evidence: { file: image.path, line: stage.line },
    });
    return;
  }
}

function stateLibraries(to: Gathering, image: Image, owner: Draft): void {
  for (const { instructions } of image.stages) {
    for (const { keyword, text, line } of instructions) {
      if (keyword !== "RUN") continue;
      for (const value of librariesIn(text)) {
        state(to, {
          path: owner.path,
          field: "nativeLibrary",
          value,
          source: "container",
          evidence: { file: image.path, line },
        });
      }
    }
  }
}

function stateStart(
  to: Gathering,
  image: Image,
  { reading, owner }: { reading: Reading; owner: Draft },
): void {
  if (owner.role === "root" || ASIDE_VARIANT.test(variantOf(image.path))) {
    return;
  }
  const command = commandOf(image.last);
  if (command === null) return;
  const start = startOf(command, {
    reading,
    draft: owner,
    workdir: workdirOf(image, variablesOf(image).values),
    launcher: launcherOf(image, command.words),
  });
  if (start === null) return;
  state(to, {
    path: owner.path,
    field: "start",
    value: start.text,
    source: start.source,
    evidence: { file: image.path, line: command.line },
  });
}

function baseOf(stage: Stage): BaseImage | null {
  const distroless = /distroless\/(nodejs|java|python)(\d*)-debian/.exec(
    stage.image,
  );
  if (distroless === null) return runtimeOfImage(stage.image);
  const [, name = "", version = ""] = distroless;
  const runtime = name === "nodejs"
    ? "node"
    : name === "java"
    ? "jvm"
    : "python";
  return {
    runtime,
    version: runtime === "python" || version === "" ? null : version,
  };
}

/** False for an image of something else that only lies beside the application. */
function isImageOf(image: Image, owner: Draft): boolean {
  const bases = image.stages.map(baseOf).filter((base) => base !== null);
  return bases.length === 0 ||
    bases.some(({ runtime }) => LANGUAGES[runtime][0] === owner.ecosystem);
}

/** True when what the last stage starts is of this application's runtime, or of none known. */
function startsIt(image: Image, owner: Draft): boolean {
  const root = image.last.at(-1);
  if (root === undefined || isWebServer(root.image)) return false;
  const base = baseOf(root);
  return base === null || LANGUAGES[base.runtime][0] === owner.ecosystem;
}

function stateImage(
  to: Gathering,
  image: Image,
  of: { reading: Reading; owner: Draft },
): void {
  const { owner } = of;
  stateVersion(to, image, owner);
  stateLibraries(to, image, owner);
  if (startsIt(image, owner)) {
    stateStart(to, image, of);
    stateEnv(to, image, owner.path);
  }
  if (!ASIDE_VARIANT.test(variantOf(image.path))) {
    statePorts(to, image, owner.path);
  }
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

export const dockerfile: EvidenceDetector = {
  name: "Dockerfiles",
  reads: { manifests: NAMES },
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
      const image = readImage(reading, path);
      if (image === null || stateService(found, image)) continue;
      const owner = ownerOfDockerfile(path, image.stages, { targets, builds });
      if (owner !== null && isImageOf(image, owner)) {
        stateImage(found, image, { reading, owner });
      } else if (owner === null) {
        const draft = draftOfImage(image, reading);
        if (draft === null) continue;
        found.drafts.push(draft);
        stateImage(found, image, { reading, owner: draft });
      }
    }
    return found;
  },
};
