/**
 * `init --cluster` on a disk: a folder of repositories becomes one flake.
 *
 * Reads the repositories and where they were cloned from; writes only through
 * `applyInit`.
 *
 * @module
 */
import { join } from "node:path";
import { examineFolder, type RepositoryFolder } from "../folder.ts";
import { federate, type Federation } from "../core/cluster/federation.ts";
import {
  inputOfDirectory,
  inputOfOrigin,
  originIn,
} from "../core/cluster/input_url.ts";
import {
  newClusterFlake,
  renderCluster,
  type RenderedCluster,
  type RepositoryInput,
} from "../core/cluster/render.ts";
import { FLAKE, type InitPlan, planInit } from "../core/render/init_plan.ts";
import { LIBRARY } from "./library.ts";
import { diskFacts, type InitTarget } from "./mod.ts";

/** Where one clones from, as an input of a flake; else the directory itself. */
function inputOf(root: string, repository: string): RepositoryInput {
  const facts = diskFacts(join(root, repository));
  const origin = originIn(facts.text(".git/config") ?? "");
  const url = origin === null ? null : inputOfOrigin(origin);
  return { repository, url: url ?? inputOfDirectory(repository) };
}

export interface ClusterResult extends InitPlan {
  federation: Federation;
  rendered: RenderedCluster;
  inputs: readonly RepositoryInput[];
  /** Repositories whose flake is still to be written: their packages come from it. */
  withoutFlake: readonly string[];
  /** Directories where no application was found. */
  empty: readonly string[];
}

/** Reads, and writes nothing. @throws {AppError} as `examineFolder` */
export async function planClusterOf(
  target: InitTarget,
): Promise<ClusterResult> {
  const folder: RepositoryFolder = await examineFolder(target.root);
  const federation = federate(folder.repositories);
  const inputs = federation.repositories.map(({ name }) =>
    inputOf(folder.root, name)
  );
  const facts = diskFacts(folder.root);
  const rendered = renderCluster(federation, { inputs, facts });
  const plan = planInit({
    part: rendered.lines.map(({ text }) => text).join("\n"),
    cluster: target.cluster,
    clusterFlake: newClusterFlake,
    library: LIBRARY,
    existing: target.existing,
  });
  return {
    ...plan,
    federation,
    rendered,
    inputs,
    withoutFlake: folder.repositories.map(({ name }) => name)
      .filter((name) => !facts.has(`${name}/${FLAKE}`)),
    empty: folder.empty,
  };
}
