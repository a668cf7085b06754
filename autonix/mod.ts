/**
 * Autonix as a library: what the command line, hub and ci call.
 *
 * @module
 */
import type { Analysis } from "../roles/model/analysis.ts";
import { type Detection, detectWithTies } from "./core/detect.ts";
import { openRoot, scan, type ScanOptions } from "./scan.ts";

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
  const { analysis, ties } = detectWithTies(tree, {
    repository: options.repository ?? NAMELESS,
  });
  const isEmpty = analysis.applications.length === 0 &&
    analysis.unknown.length === 0;
  const unknown = [nothingFound(tree.files.length)];
  return { analysis: isEmpty ? { ...analysis, unknown } : analysis, ties };
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
