/**
 * What a store has and knows of paths, and paths added to it by content.
 * Lists of any length: a command line takes them in parts.
 *
 * @module
 */
import { AppError } from "../model/errors.ts";
import {
  chunks,
  type NixCall,
  type NixProgram,
  type RunNix,
} from "./command.ts";
import { parsePathInfo, parsePaths, type PathInfo } from "./core/output.ts";

/** What each part of `paths` makes nix print. */
async function* asked(
  run: RunNix,
  program: NixProgram,
  { args, paths }: { args: readonly string[]; paths: readonly string[] },
  call: NixCall,
): AsyncGenerator<string> {
  for (const part of chunks(paths)) {
    yield await run("read the store", program, [...args, ...part], call);
  }
}

/** What is known of paths; those that are not valid are left out. */
export async function pathInfo(
  run: RunNix,
  paths: readonly string[],
  call: NixCall,
): Promise<PathInfo[]> {
  const missing = new Set(await missingPaths(run, paths, call));
  const valid = paths.filter((path) => !missing.has(path));
  const infos: PathInfo[] = [];
  const what = { args: ["path-info", "--json"], paths: valid };
  for await (const printed of asked(run, "nix", what, call)) {
    infos.push(...parsePathInfo(printed));
  }
  return infos;
}

/** Those of `paths` that the store does not have. */
export async function missingPaths(
  run: RunNix,
  paths: readonly string[],
  call: NixCall,
): Promise<string[]> {
  const missing: string[] = [];
  const what = { args: ["--check-validity", "--print-invalid"], paths };
  for await (const printed of asked(run, "nix-store", what, call)) {
    missing.push(...parsePaths(printed));
  }
  return missing;
}

/** Paths and everything they refer to, references first. */
export async function closure(
  run: RunNix,
  paths: readonly string[],
  call: NixCall,
): Promise<string[]> {
  const found = new Set<string>();
  const what = { args: ["--query", "--requisites"], paths };
  for await (const printed of asked(run, "nix-store", what, call)) {
    for (const path of parsePaths(printed)) found.add(path);
  }
  return [...found];
}

/** What is known of paths and of everything they refer to, each path once. */
export async function closureInfo(
  run: RunNix,
  paths: readonly string[],
  call: NixCall,
): Promise<PathInfo[]> {
  const found = new Map<string, PathInfo>();
  const what = { args: ["path-info", "--recursive", "--json"], paths };
  for await (const printed of asked(run, "nix", what, call)) {
    for (const info of parsePathInfo(printed)) found.set(info.path, info);
  }
  return [...found.values()];
}

/** Adds a file or folder by content; its store path. */
export async function addPath(
  run: RunNix,
  path: string,
  name: string,
  call: NixCall,
): Promise<string> {
  const printed = await run(`add ${path} to the store`, "nix", [
    "store",
    "add-path",
    "--name",
    name,
    path,
  ], call);
  const added = parsePaths(printed)[0];
  if (added !== undefined) return added;
  throw new AppError("failed", `Cannot add ${path}: nix named no path`);
}
