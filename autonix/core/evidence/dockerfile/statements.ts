/**
 * What a Dockerfile says of its application: version, libraries, start command,
 * variables, ports.
 *
 * @module
 */
import type { Draft } from "../../draft.ts";
import { joinPath } from "../../file_tree.ts";
import type { Reading } from "../../reading.ts";
import { isDebugPort, isForCertificate } from "../../services/ports.ts";
import { mayBeTold } from "../../secrets.ts";
import { OF_TOOLS } from "../env_files.ts";
import { type Gathering, state } from "../gathering.ts";
import { isOf, servesItself } from "../targets.ts";
import { isWebServer, LANGUAGES } from "./base_images.ts";
import type { Evidence } from "../../../../roles/model/analysis.ts";
import { type Command, commandOf, relativeTo } from "./command.ts";
import {
  baseOf,
  type Image,
  instructionsOf,
  launcherOf,
  variablesOf,
  workdirOf,
} from "./image.ts";
import { isAsideVariant } from "./owner.ts";
import { librariesIn } from "./packages.ts";
import { substitute } from "./parse.ts";
import {
  contextsOf,
  endOf,
  handsOver,
  lastOf,
  runsArguments,
  scriptAt,
  withOwnFiles,
} from "./script.ts";
import { isServerOfImage, type Start, startOf } from "./start.ts";

/** Variables of interpreters and package managers, not of applications. */
const OF_RUNTIMES =
  /^(?:PYTHON[A-Z]*|PIP_\w+|POETRY_\w+|UV_\w+|PDM_\w+|VIRTUAL_ENV|CONDA_\w+|NODE_(?:ENV|OPTIONS|PATH|VERSION)|NPM_\w+|PNPM_\w+|YARN_\w+|COREPACK_\w+|NEXT_TELEMETRY_DISABLED|BUN_\w+|DENO_DIR|GO(?:PATH|OS|ARCH|CACHE|PROXY|FLAGS|111MODULE|SUMDB|TOOLCHAIN|ROOT|BIN|MODCACHE|PRIVATE)|GO111MODULE|CGO_ENABLED|CARGO_\w+|RUST(?:UP_\w+|FLAGS|C_\w+)|JAVA_HOME|JAVA_VERSION|MAVEN_\w+|GRADLE_\w+|BUNDLE_\w+|GEM_\w+|RAILS_(?:ENV|LOG_TO_STDOUT|SERVE_STATIC_FILES)|RACK_ENV|HEX_\w+|COMPOSER_\w+|PHP_\w+|APACHE_\w+|DOTNET_\w+|NUGET_\w+|DEBIAN_FRONTEND|LD_\w+|LC_\w+|LANG|LANGUAGE|TZ|TERM|PATH|HOME|SHELL|USER|S6_\w+|TINI_VERSION|MIX_\w+|SWIFT_\w+|CFLAGS|CXXFLAGS|LDFLAGS)$/;

/** True for pages of PHP in an image whose own server is another than `php -S`: its ports are that one's. */
export function isServedApart(
  image: Image,
  of: { reading: Reading; owner: Draft },
): boolean {
  return servesItself(of.owner) && startIn(image, of) === null;
}

function statePorts(to: Gathering, image: Image, owner: Draft): void {
  const { values } = variablesOf(image);
  const stateAll = (ports: number[], line: number) => {
    for (const value of ports) {
      if (!Number.isInteger(value) || value < 1 || value > 65535) continue;
      if (isDebugPort(value)) continue;
      state(to, {
        path: owner.path,
        field: "port",
        value,
        source: "container",
        evidence: { file: image.path, line },
      });
    }
  };
  const exposed = instructionsOf(image, "EXPOSE").map(({ text, line }) => ({
    line,
    ports: substitute(text, values).split(/\s+/).slice(0, 50)
      .map((word) => Number(word.split(/[/-]/, 1)[0])),
  }));
  const all = new Set(exposed.flatMap(({ ports }) => ports));
  const isSpare = (port: number) =>
    owner.ecosystem === "dotnet" && isForCertificate(port, all);
  for (const { ports, line } of exposed) {
    stateAll(ports.filter((port) => !isSpare(port)), line);
  }
  if (exposed.length > 0) return;
  for (const { text, line } of instructionsOf(image, "HEALTHCHECK")) {
    const port = /(?:localhost|127\.0\.0\.1|0\.0\.0\.0):(\d{2,5})/.exec(
      substitute(text, values),
    )?.[1];
    if (port !== undefined) stateAll([Number(port)], line);
  }
}

/** Variables that a Dockerfile has for itself: `WORKDIR $APP_HOME`. */
function usedWithin(image: Image): Set<string> {
  const names = new Set<string>();
  for (const keyword of ["WORKDIR", "COPY", "ADD", "RUN", "USER", "VOLUME"]) {
    for (const { text } of instructionsOf(image, keyword)) {
      for (const [, name = ""] of text.matchAll(/\$\{?(\w{1,100})/g)) {
        names.add(name);
      }
    }
  }
  return names;
}

function stateEnv(to: Gathering, image: Image, owner: string): void {
  const ofImage = usedWithin(image);
  for (const { name, value, line } of variablesOf(image).env) {
    if (OF_TOOLS.has(name) || OF_RUNTIMES.test(name)) continue;
    if (ofImage.has(name)) continue;
    const isTold = mayBeTold(name, value);
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
  if (owner.role === "root" || isAsideVariant(image.path)) {
    return;
  }
  const found = startIn(image, { reading, owner });
  if (found === null) return;
  const [start, evidence] = found;
  state(to, {
    path: owner.path,
    field: "start",
    value: start.text,
    source: start.source,
    evidence,
  });
}

/** `bash docker/start`, which ends in php-fpm. */
function endsInServer(
  { words: [program = "", argument = ""] }: Command,
  of: { reading: Reading; owner: Draft; workdir: string },
): boolean {
  const word = /^(?:\/bin\/)?(?:ba|a)?sh$/.test(program) ? argument : program;
  const path = joinPath(of.owner.path, relativeTo(word, of.workdir));
  if (path === null || of.reading.tree.text(path) === null) return false;
  const end = endOf(path, of.reading);
  return end !== null && isServerOfImage(end);
}

/** What an image starts, or instead of its own command this one; and where that stands. */
export function startIn(
  image: Image,
  { reading, owner }: { reading: Reading; owner: Draft },
  instead: Command | null = null,
): [Start, Evidence] | null {
  const workdir = workdirOf(image, variablesOf(image).values);
  const contexts = contextsOf(image, owner.path);
  const scripts = { reading, image, workdir, contexts };
  const said = instead ??
    commandOf(image.last, (script) => runsArguments(script, scripts));
  if (said === null) return null;
  const [program = "", ...rest] = said.words;
  // Given nothing it runs nothing: who runs the image says what.
  if (instead === null && rest.length === 0 && handsOver(program, scripts)) {
    return null;
  }
  const command = withOwnFiles(said, scripts, owner.path);
  const startOfOne = (one: Command) =>
    startOf(one, {
      reading,
      draft: owner,
      workdir,
      launcher: launcherOf(image, one.words),
    });
  // A script that lies in the repository, and on the PATH of the image alone.
  const isCopied = !program.includes("/") &&
    scriptAt(program, scripts) !== null;
  const own = isCopied ? null : startOfOne(command);
  const evidence = (one: Command) => ({
    file: one.file ?? image.path,
    line: one.line,
  });
  if (own !== null) {
    return endsInServer(command, { reading, owner, workdir })
      ? null
      : [own, evidence(command)];
  }
  // A script from elsewhere in the repository: what it ends in.
  const ended = lastOf(command.words[0] ?? "", scripts);
  const start = ended === null ? null : startOfOne(ended);
  return start === null || ended === null ? null : [start, evidence(ended)];
}

export function stateImage(
  to: Gathering,
  image: Image,
  of: { reading: Reading; owner: Draft },
): void {
  const { owner } = of;
  stateVersion(to, image, owner);
  stateLibraries(to, image, owner);
  if (startsIt(image, owner)) {
    stateStart(to, image, of);
    // One that starts nothing is a workshop: its variables are those of tools.
    if (startsSomething(image)) stateEnv(to, image, owner.path);
  }
  if (!isAsideVariant(image.path) && !isServedApart(image, of)) {
    statePorts(to, image, owner);
  }
}

function startsSomething(image: Image): boolean {
  const root = image.last.at(-1);
  return ["CMD", "ENTRYPOINT"].some((keyword) =>
    instructionsOf(image, keyword).length > 0
  ) ||
    root !== undefined && baseOf(root) !== null;
}

/** True when what the last stage starts is of this application's runtime, or of none known. */
function startsIt(image: Image, owner: Draft): boolean {
  const root = image.last.at(-1);
  if (root === undefined || isWebServer(root.image)) return false;
  const base = baseOf(root);
  return base === null || LANGUAGES[base.runtime][0] === owner.ecosystem;
}
