/**
 * The applications of a repository in its compose files: which each service
 * runs, and what it is told.
 *
 * @module
 */
import type { Draft } from "../../draft.ts";
import type { Reading } from "../../reading.ts";
import { parseImage } from "../../services/images.ts";
import { isDebugPort, isForCertificate } from "../../services/ports.ts";
import { isWebServer, runtimeOfImage } from "../dockerfile/base_images.ts";
import { buildOf, isBeside, ownerOfDockerfile } from "../dockerfile/owner.ts";
import { readImage } from "../dockerfile/image.ts";
import { isServedApart } from "../dockerfile/statements.ts";
import { parseDockerfile, stagesUpTo } from "../dockerfile/parse.ts";
import { mayBeTold } from "../../secrets.ts";
import { readEnvFile } from "../env_entries.ts";
import { OF_TOOLS, stateEnvFile } from "../env_files.ts";
import { type Gathering, state } from "../gathering.ts";
import { isOf, servesItself, type Targets } from "../targets.ts";
import type { ComposeService, ComposeVariable } from "./service.ts";

export interface Context {
  reading: Reading;
  targets: Targets;
}

/** One of its own applications. */
export interface Own {
  compose: ComposeService;
  draft: Draft | null;
}

/** The application that a compose service runs. */
export function draftOf(one: ComposeService, context: Context): Draft | null {
  const { reading, targets } = context;
  const build = buildOf(one);
  if (one.build !== null && build === null) return null;
  if (build !== null) {
    const stages = parseDockerfile(reading.lines(build.dockerfile));
    if (one.mounts.length === 0 && isBeside(build.dockerfile, stages)) {
      return null;
    }
    return ownerOfDockerfile(
      build.dockerfile,
      stagesUpTo(stages, build.target),
      { targets, build },
    ) ?? usable(targets.at(build.context)) ??
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
  if (isWebServer(one.image.text)) return null;
  // A published image of its own: nobody calls a third party's just "app".
  const image = parseImage(one.image.text)?.name ?? "";
  return usable(targets.named(image)) ?? usable(targets.named(one.name)) ??
    (USUAL_NAMES.has(one.name) ? targets.only : null);
}

/** What the only application of a repository is called in its compose file. */
export const USUAL_NAMES: ReadonlySet<string> = new Set([
  "app",
  "web",
  "api",
  "backend",
  "server",
  "webserver",
  "django",
  "flask",
  "fastapi",
  "rails",
  "laravel",
  "node",
]);

function usable(draft: Draft | null): Draft | null {
  return draft?.role === "root" ? null : draft;
}

/** `${X}`, `${X:-y}`, `${X:?}`: whether a value has to come from outside, and else which it is. */
function defaultOf(variable: ComposeVariable): string | null {
  const raw = variable.raw;
  if (raw === null || raw === "") return null;
  if (!raw.includes("$")) return raw;
  const fallback = /^\$\{\w{1,100}:?-([^$}]{1,500})\}$/.exec(raw)?.[1];
  return fallback ?? null;
}

export function stateVariables(
  to: Gathering,
  { compose, draft }: Own,
  { pointing, isForWork }: {
    pointing: ReadonlySet<string>;
    isForWork: boolean;
  },
): void {
  if (draft === null) return;
  for (const variable of compose.environment) {
    if (OF_TOOLS.has(variable.name)) continue;
    // What somebody works with are that person's values.
    if (isForWork && !pointing.has(variable.name)) continue;
    const value = defaultOf(variable);
    const isTold = value !== null && !pointing.has(variable.name) &&
      mayBeTold(variable.name, value);
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

/** True where another server than that of the start command listens: one that is in the image. */
function isApart({ compose, draft }: Own, reading: Reading): boolean {
  if (draft === null || !servesItself(draft)) return false;
  // Of other processes (queues, websockets) the ports are theirs.
  const command = compose.command?.words.join(" ").slice(0, 500) ?? "";
  if (/\bphp -S\b|\bartisan (?:serve|octane)\b/.test(command)) return false;
  if (command !== "") return true;
  const { build } = compose;
  if (build?.dockerfile === undefined || build.dockerfile === null) return true;
  const image = readImage(reading, build.dockerfile, build.target);
  return image === null || isServedApart(image, { reading, owner: draft });
}

export function stateOwn(to: Gathering, own: Own, reading: Reading): void {
  const { compose, draft } = own;
  if (draft === null) return;
  const ports = isApart(own, reading)
    ? []
    : [...compose.ports, ...compose.routed];
  const all = new Set(ports.map(({ port }) => port));
  for (const { port, evidence } of ports) {
    if (isDebugPort(port)) continue;
    if (draft.ecosystem === "dotnet" && isForCertificate(port, all)) continue;
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
