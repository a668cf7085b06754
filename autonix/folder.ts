/**
 * A folder of repositories: each directory directly below it is one.
 *
 * Owns which directories count. Hidden ones, links and what `init --cluster`
 * writes do not; those where nothing is found are told and left out.
 *
 * @module
 */
import { join } from "node:path";
import { AppError } from "../roles/model/errors.ts";
import type { Repository } from "./core/cluster/links.ts";
import { comparePaths } from "./core/file_tree.ts";
import { type AnalyzeOptions, examinePath } from "./mod.ts";
import { openRoot } from "./scan.ts";

/** Each is read for itself; a folder with more is a home directory. */
const MAX_REPOSITORIES = 200;
/** Beside repositories, and none. */
const NO_REPOSITORY = new Set(["procurator", "node_modules", "result"]);

export interface RepositoryFolder {
  root: string;
  /** Named as their directories, sorted. */
  repositories: Repository[];
  /** Directories where no application was found. */
  empty: string[];
}

function directoriesIn(root: string): string[] {
  const names: string[] = [];
  for (const { name, isDirectory } of Deno.readDirSync(root)) {
    if (!isDirectory || name.startsWith(".") || NO_REPOSITORY.has(name)) {
      continue;
    }
    names.push(name);
  }
  return names.sort(comparePaths);
}

/** @throws {AppError} as `analyzePath`; `not_found` where none is a repository, `invalid` for too many. */
export async function examineFolder(
  path: string,
  options: Pick<AnalyzeOptions, "signal" | "onProgress"> = {},
): Promise<RepositoryFolder> {
  const root = openRoot(path);
  const names = directoriesIn(root);
  if (names.length > MAX_REPOSITORIES) {
    throw new AppError(
      "invalid",
      `Cannot take ${path} as a folder of repositories as it has ${names.length} directories: at most ${MAX_REPOSITORIES} are read`,
      { hint: "move those that belong together into a folder of their own" },
    );
  }
  const repositories: Repository[] = [];
  const empty: string[] = [];
  for (const name of names) {
    const { analysis, ties } = await examinePath(join(root, name), {
      ...options,
      repository: name,
    });
    const { applications, services } = analysis;
    if (applications.length + services.length === 0) empty.push(name);
    else repositories.push({ name, analysis, ties });
  }
  if (repositories.length === 0) {
    throw new AppError(
      "not_found",
      `Cannot find a repository in ${path}: none of its ${names.length} directories has an application`,
      { hint: "without --cluster the directory itself is the repository" },
    );
  }
  return { root, repositories, empty };
}
