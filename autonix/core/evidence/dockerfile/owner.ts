/**
 * Which application a Dockerfile builds.
 *
 * The surest first: a compose file that says so; its own directory; its suffix
 * (`Dockerfile.web`); what it starts and copies; the name of its directory
 * (`docker/web/`); the nearest application above, where the directories between
 * are such as hold Dockerfiles.
 *
 * @module
 */
import type { Draft } from "../../draft.ts";
import { basenameOf, directoryOf, isWithin } from "../../file_tree.ts";
import type { ComposeService } from "../compose/service.ts";
import type { Targets } from "../targets.ts";
import type { Stage } from "./parse.ts";

/** A Dockerfile that a compose file builds. */
export interface ComposeBuild {
  service: string;
  context: string;
  dockerfile: string;
  target: string | null;
  /** Directories of the repository that its container sees. */
  mounts: readonly string[];
}

/** What stands in a Dockerfile's name beside `Dockerfile`. */
export function variantOf(path: string): string {
  return basenameOf(path).replace(/\.?(?:dockerfile|containerfile)[.-]?/i, "")
    .toLowerCase();
}

/** Words in names of Dockerfiles that are not how the application is run. */
const ASIDE_WORDS = new Set([
  "dev",
  "develop",
  "development",
  "test",
  "tests",
  "testing",
  "e2e",
  "ci",
  "local",
  "debug",
  "lint",
  "docs",
  "devcontainer",
  "integration",
  "functional",
  "acceptance",
  "smoke",
  "bench",
  "benchmark",
]);
/** Such as count alone only: `Dockerfile.base`, but not `Dockerfile.base-web`. */
const ASIDE_NAMES = new Set(["base", "build", "builder"]);

/** True for `Dockerfile.dev`, `Dockerfile.api.dev`, `e2e-go.dockerfile`. */
export function isAsideVariant(path: string): boolean {
  const variant = variantOf(path);
  return ASIDE_NAMES.has(variant) ||
    variant.split(/[._-]/).some((word) => ASIDE_WORDS.has(word));
}

const PLACES = new Set([
  "docker",
  ".docker",
  "dockerfiles",
  "deploy",
  "deployment",
  "deployments",
  "build",
  "package",
  "packaging",
  "container",
  "containers",
  "ops",
  "infra",
  "infrastructure",
  "images",
  "image",
  "prod",
  "production",
  "release",
  "dist",
  "app",
  "etc",
  "scripts",
]);

/** The build of a compose service; null when it leads out of the repository. */
export function buildOf(
  { name, build, mounts }: ComposeService,
): ComposeBuild | null {
  if (build === null || build.context === null || build.dockerfile === null) {
    return null;
  }
  return {
    service: name,
    context: build.context,
    dockerfile: build.dockerfile,
    target: build.target,
    mounts,
  };
}

/** Builds of compose files by Dockerfile: one for each stage that is built. */
export function buildsByFile(
  services: Iterable<ComposeService>,
): Map<string, ComposeBuild[]> {
  const builds = new Map<string, ComposeBuild[]>();
  for (const one of services) {
    const build = buildOf(one);
    if (build === null) continue;
    const known = builds.get(build.dockerfile);
    if (known === undefined) builds.set(build.dockerfile, [build]);
    else if (known.every(({ target }) => target !== build.target)) {
      known.push(build);
    }
  }
  return builds;
}

function isApplication(draft: Draft | null): draft is Draft {
  return draft !== null && draft.role !== "root";
}

/** True when `path` stands in a text as a directory of the repository, not of the image. */
function names(text: string, path: string): boolean {
  for (let at = text.indexOf(path); at >= 0; at = text.indexOf(path, at + 1)) {
    const before = text[at - 1] ?? " ";
    const after = text[at + path.length] ?? " ";
    // `/web` is a directory of the image, whatever the repository has.
    const isOfImage = before === "/" && /[\s"'=:[,]/.test(text[at - 2] ?? " ");
    if (
      !isOfImage && /[\s"'[/,.]/.test(before) && /[\s"'/\],]/.test(after)
    ) return true;
  }
  return false;
}

/** The one application whose directory or name these instructions mention. */
function mentioned(
  texts: readonly string[],
  targets: Targets,
  context: string,
): Draft | null {
  const isNamed = (path: string) => texts.some((text) => names(text, path));
  const found = targets.all.filter(({ path, role }) =>
    path !== "." && role === "application" &&
    (isNamed(path) ||
      // Below the directory that it is built from.
      context !== "." && path.startsWith(`${context}/`) &&
        isNamed(path.slice(context.length + 1)))
  );
  if (found.length === 1) return found[0] ?? null;
  for (const text of texts) {
    // turbo prune web, pnpm --filter=web, yarn workspace web, -p api
    const name =
      /(?:prune|--filter[= ]|--scope[= ]|workspace[= ]|-p |--package[= ])\s{0,3}["']?(@?[\w./-]{1,100})/
        .exec(text.slice(0, 2_000))?.[1];
    const draft = name === undefined
      ? null
      : targets.named(name.replace(/^\.\.\.|\.\.\.$/g, ""));
    if (isApplication(draft)) return draft;
  }
  return null;
}

function byContent(
  stages: readonly Stage[],
  targets: Targets,
  context: string,
): Draft | null {
  const last = stages.at(-1)?.instructions ?? [];
  const texts = (keywords: RegExp, of: typeof last) =>
    of.filter(({ keyword }) => keywords.test(keyword)).map(({ text }) => text);
  const all = stages.flatMap(({ instructions }) => instructions);
  return mentioned(
    texts(/^(?:CMD|ENTRYPOINT|WORKDIR)$/, last),
    targets,
    context,
  ) ??
    mentioned(texts(/^RUN$/, all), targets, context) ??
    mentioned(texts(/^(?:COPY|ADD|WORKDIR)$/, all), targets, context);
}

/** The nearest above, when what lies between only says that it is about containers. */
function above(directory: string, targets: Targets): Draft | null {
  const owner = targets.owner(directory);
  if (!isApplication(owner)) return null;
  const between = owner.path === "."
    ? directory
    : directory.slice(owner.path.length + 1);
  const isPlace = between.split("/").every((part) =>
    PLACES.has(part.toLowerCase())
  );
  return directory === owner.path || isPlace ? owner : null;
}

/** True for an image by a name of its own that takes nothing of the repository: a tool beside it. */
export function isBeside(path: string, stages: readonly Stage[]): boolean {
  return variantOf(path) !== "" && !isAsideVariant(path) &&
    stages.length > 0 &&
    !stages.some(({ instructions }) =>
      instructions.some(({ keyword, text }) =>
        /^(?:COPY|ADD|VOLUME|ONBUILD)$/.test(keyword) ||
        text.includes("--mount=")
      )
    );
}

/** The application that a Dockerfile builds; null when that cannot be told. */
export function ownerOfDockerfile(
  path: string,
  stages: readonly Stage[],
  { targets, build }: { targets: Targets; build: ComposeBuild | null },
): Draft | null {
  if (isBeside(path, stages)) return null;
  const directory = directoryOf(path);
  const context = build === null ? null : targets.at(build.context);
  if (build !== null) {
    // One Dockerfile for several: a service is called as what it runs.
    const named = targets.named(build.service);
    if (
      isApplication(named) && named.path !== build.context &&
      isWithin(named.path, build.context)
    ) return named;
    if (build.context !== "." && isApplication(context)) return context;
  }
  const variant = targets.named(variantOf(path));
  if (isApplication(variant) && isWithin(variant.path, directory)) {
    return variant;
  }
  const exact = targets.at(directory);
  if (isApplication(exact)) return exact;
  const ofContent = byContent(stages, targets, build?.context ?? directory);
  if (ofContent !== null) return ofContent;
  for (
    const name of [
      directory === "." ? "" : basenameOf(directory),
      build?.service,
    ]
  ) {
    const draft = targets.named(name ?? "");
    if (isApplication(draft)) return draft;
  }
  if (isApplication(context)) return context;
  // An image of tools and settings alone, which is shown the application.
  for (const mount of stages.length > 0 ? build?.mounts ?? [] : []) {
    const shown = targets.at(mount);
    if (isApplication(shown)) return shown;
  }
  const near = above(directory, targets);
  if (near !== null) return near;
  return directory === "." ? targets.only : null;
}
