/**
 * Autonix as a library: what the command line, hub and ci call.
 *
 * @module
 */
import type { Analysis } from "../roles/model/analysis.ts";
import { Pace } from "../roles/turns/mod.ts";
import { type CommitLimits, readCommit } from "./commit.ts";
import { detecting, type Detection, detectWithTies } from "./core/detect.ts";
import { openRoot, scan, type ScanOptions } from "./scan.ts";

export { SERVICE_LIMITS } from "./commit.ts";
export { findCommit, type FoundCommit, isObjectId } from "./find_commit.ts";
export type { Detection } from "./core/detect.ts";
export type { Analysis } from "../roles/model/analysis.ts";
export type { ScanProgress } from "./scan.ts";

export interface AnalyzeOptions extends ScanOptions {
  /**
   * Names the application at the root when nothing in the repository does.
   * Not the directory's name: the same tree gives the same bytes wherever it
   * lies. Who keeps repositories by name says it here.
   */
  repository?: string | undefined;
}

/** An application without a name of its own. */
const NAMELESS = "app";

/**
 * What the repository in a directory is.
 *
 * @throws {AppError} `not_found`, `invalid` for a file, `denied`; the signal's reason.
 */
export async function analyzePath(
  path: string,
  options: AnalyzeOptions = {},
): Promise<Analysis> {
  return (await examinePath(path, options)).analysis;
}

/**
 * The same, with what ties it to other repositories.
 *
 * @throws {AppError} as `analyzePath`
 */
export async function examinePath(
  path: string,
  options: AnalyzeOptions = {},
): Promise<Detection> {
  const tree = await scan(openRoot(path), options);
  const found = detectWithTies(tree, {
    repository: options.repository ?? NAMELESS,
  });
  return neverSilent(found, tree.files.length);
}

export interface ExamineCommitOptions extends AnalyzeOptions {
  /** Those of a scan, unless lower ones are given: `SERVICE_LIMITS` where others are served too. */
  limits?: CommitLimits | undefined;
  /** Looks at this directory of the commit alone. */
  below?: string | undefined;
  /** For each process of git. */
  timeoutMs?: number | undefined;
}

/** What a commit is. */
export interface CommitDetection extends Detection {
  /** False when a limit kept something out. */
  isWhole: boolean;
}

/**
 * What `examinePath` gives for a checkout of a commit, without one: from a bare
 * repository, or the `.git` of another. `commit` is a whole id. Lets others
 * have their turn between two detectors.
 *
 * @throws {AppError} `not_found`, `invalid` for what is no id, `timeout`,
 * `missing_dependency`, `failed`; the signal's reason.
 */
export async function examineCommit(
  gitDirectory: string,
  commit: string,
  options: ExamineCommitOptions = {},
): Promise<CommitDetection> {
  const { tree, isWhole } = await readCommit(gitDirectory, commit, options);
  const repository = options.repository ?? NAMELESS;
  const found = await new Pace().run(
    detecting(tree, { repository }),
    options.signal,
  );
  return { ...neverSilent(found, tree.files.length), isWhole };
}

/** Where nothing is told, it is told that nothing was found. */
function neverSilent(found: Detection, files: number): Detection {
  const { analysis, ties } = found;
  const isSilent = analysis.applications.length === 0 &&
    analysis.unknown.length === 0;
  if (!isSilent) return found;
  return { analysis: { ...analysis, unknown: [nothingFound(files)] }, ties };
}

function nothingFound(files: number): Analysis["unknown"][number] {
  return {
    path: ".",
    what: "applications",
    why: files === 0
      ? "there are no files"
      : `none of ${files} files says which language or manager this is`,
  };
}
