/**
 * What workflows of all CI services tell: versions, services, test commands.
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import type { Draft } from "../../draft.ts";
import { resolveOne } from "../../claims.ts";
import { isWithin, joinPath, wayTo } from "../../file_tree.ts";
import type { Reading } from "../../reading.ts";
import {
  parseImage,
  serviceOfImage,
  versionOfTag,
} from "../../services/images.ts";
import { servicePort } from "../../services/ports.ts";
import { shellWord } from "../../shell_word.ts";
import { runtimeOfImage } from "../dockerfile/base_images.ts";
import { type Gathering, service, state } from "../gathering.ts";
import { isOf, type Runtime, type Targets } from "../targets.ts";
import { testCommandIn } from "../test_commands.ts";

export interface CiContext {
  reading: Reading;
  targets: Targets;
  file: string;
}

/** The applications that a job in this directory works on. */
export function workedOn(
  targets: Targets,
  directory: string,
  fits: (draft: Draft) => boolean,
): Draft[] {
  const owner = targets.owner(directory);
  if (owner !== null && owner.role !== "root") {
    return fits(owner) ? [owner] : [];
  }
  // At the root of a repository of several, what fits one of them only is its.
  const fitting = targets.all.filter((draft) =>
    draft.role !== "root" && fits(draft)
  );
  return fitting.length === 1 ? fitting : [];
}

/** A version that a job sets up, told to those of this runtime. */
export function stateVersion(
  to: Gathering,
  { targets }: CiContext,
  of: {
    runtime: Runtime;
    version: string;
    directory: string;
    evidence: Evidence | readonly Evidence[];
    isOneOfMany: boolean;
  },
): void {
  const fits = (draft: Draft) => isOf(draft, of.runtime);
  const owner = targets.owner(of.directory);
  const drafts = owner === null || owner.role === "root"
    // A runtime set up once at the root is that of everything in the repository.
    ? targets.all.filter((draft) =>
      draft.role !== "root" && fits(draft) && isWithin(draft.path, of.directory)
    )
    : workedOn(targets, of.directory, fits);
  for (const draft of drafts) {
    state(to, {
      path: draft.path,
      field: "runtimeVersion",
      value: of.version,
      source: "ci",
      evidence: of.evidence,
      // One of a matrix is what it works with, not what it is run with.
      ...(of.isOneOfMany ? { confidence: 0.6 } : {}),
    });
  }
}

/** The runtime of an image that a job runs in. */
export function stateImage(
  to: Gathering,
  context: CiContext,
  of: { image: string; directory: string; evidence: Evidence },
): void {
  const base = runtimeOfImage(of.image);
  if (base === null || base.version === null) return;
  stateVersion(to, context, {
    runtime: base.runtime,
    version: base.version,
    directory: of.directory,
    evidence: of.evidence,
    isOneOfMany: false,
  });
}

/** The test command of a script, told to the application it runs in. */
export function stateTest(
  to: Gathering,
  { targets, reading }: CiContext,
  of: { script: string; directory: string; evidence: Evidence },
): void {
  const found = testCommandIn(of.script.slice(0, 20_000));
  if (found === null) return;
  const directory = found.directory === null
    ? of.directory
    : joinPath(of.directory, found.directory);
  if (directory === null) return;
  // What was moved since, or comes from elsewhere.
  if (directory !== "." && !reading.tree.hasDirectory(directory)) return;
  const fits = (draft: Draft) => {
    if (found.ecosystem !== null && draft.ecosystem !== found.ecosystem) {
      return false;
    }
    const manager = resolveOne(draft.claims, "packageManager");
    return found.manager === null || manager === null ||
      manager.value === found.manager;
  };
  for (const draft of workedOn(targets, directory, fits)) {
    const isTold = to.claims.some(({ path, claim }) =>
      path === draft.path && claim.field === "test"
    );
    // The first of a repository's workflows is the plain one.
    if (isTold) continue;
    // It is typed where the application lies, and runs where the job does.
    const way = wayTo(draft.path, directory);
    state(to, {
      path: draft.path,
      field: "test",
      value: way === "." ? found.text : `cd ${shellWord(way)} && ${found.text}`,
      source: "ci",
      evidence: of.evidence,
    });
  }
}

/** A container beside a job; null when it is no service. */
export function stateService(
  to: Gathering,
  of: {
    image: string;
    name: string | null;
    ports: readonly number[];
    directory: string | null;
    evidence: Evidence;
  },
): boolean {
  const image = parseImage(of.image);
  const kind = image === null ? null : serviceOfImage(image);
  if (image === null || kind === null) return false;
  to.services.push(service({
    kind: kind.kind,
    version: versionOfTag(image),
    port: servicePort(kind, of.ports),
    name: of.name,
    usedBy: of.directory,
    strength: "declared",
    place: "ci",
    evidence: [of.evidence],
  }));
  return true;
}
