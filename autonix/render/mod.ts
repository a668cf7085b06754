/**
 * `init` on a disk: reads what is there, writes what the plan says, each file
 * in one step and the flake last.
 *
 * Never writes through a link, and never outside of the repository.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { mkdir } from "node:fs/promises";
import { readIfThere, writeFileAtomic } from "../../roles/files/mod.ts";
import { AppError } from "../../roles/model/errors.ts";
import {
  clusterIn,
  type FileChange,
  FLAKE,
  hashesToFill,
  type InitPlan,
  planInit,
  RECORD,
} from "../core/render/init_plan.ts";
import type { RenderFacts } from "../core/render/facts.ts";
import { type RenderedFlake, renderFlake } from "../core/render/flake.ts";
import { labelOf } from "../core/render/names.ts";
import type { Detection } from "../core/detect.ts";
import { openRoot } from "../scan.ts";
import { LIBRARY } from "./library.ts";

/** No manifest or lock file that is asked for its content is larger. */
const MAX_TEXT_BYTES = 8 * 1024 * 1024;
/** Anybody who reads the repository reads its flake. */
const MODE = 0o644;

function lstat(path: string): Deno.FileInfo | null {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    if (error instanceof Deno.errors.NotADirectory) return null;
    throw error;
  }
}

/** A repository on a disk, as rendering asks for it. */
export function diskFacts(root: string): RenderFacts {
  return {
    has: (path) => lstat(join(root, path))?.isFile === true,
    text: (path) => {
      const info = lstat(join(root, path));
      return info?.isFile === true && info.size <= MAX_TEXT_BYTES
        ? Deno.readTextFileSync(join(root, path))
        : null;
    },
  };
}

/** What is written is a file of the repository, or nothing is. */
function requirePlain(root: string, path: string): void {
  const parts = path.split("/");
  parts.forEach((_, at) => {
    const below = parts.slice(0, at + 1).join("/");
    const info = lstat(join(root, below));
    if (info === null) return;
    const isLast = at === parts.length - 1;
    if (isLast ? info.isFile : info.isDirectory) return;
    throw new AppError(
      "refused",
      `Cannot write ${below} as something else is in its place`,
      {
        hint:
          `move ${below} away: a link, a directory or a device is not replaced`,
      },
    );
  });
}

/** Whoever has a directory of that name already keeps it. */
function requireOwnDirectory(root: string): void {
  if (lstat(join(root, RECORD)) !== null) return;
  const directory = dirname(RECORD);
  if (lstat(join(root, directory))?.isDirectory !== true) return;
  const own = new Set(
    [...LIBRARY.keys()].map((path) => path.split("/")[1]),
  );
  for (const { name } of Deno.readDirSync(join(root, directory))) {
    if (own.has(name)) continue;
    throw new AppError(
      "refused",
      `Cannot write into ${directory}/ as it holds files of the repository: ${name}`,
      { hint: `init needs a directory of that name for itself: rename yours` },
    );
  }
}

async function readExisting(root: string): Promise<Map<string, string>> {
  const existing = new Map<string, string>();
  requireOwnDirectory(root);
  for (const path of [...LIBRARY.keys(), RECORD, FLAKE]) {
    requirePlain(root, path);
    const text = await readIfThere(join(root, path));
    if (text !== null) existing.set(path, text);
  }
  return existing;
}

/** A repository that `init` was asked for. */
export interface InitTarget {
  root: string;
  existing: ReadonlyMap<string, string>;
  /** Of the flake that is there, else of the directory. */
  cluster: string;
}

/** @throws {AppError} as `openRoot`; `refused` where a link is in the way. */
export async function openInit(
  path: string,
  cluster?: string,
): Promise<InitTarget> {
  const root = openRoot(path);
  const existing = await readExisting(root);
  const own = clusterIn(existing) ?? cluster ??
    labelOf(root.slice(root.lastIndexOf("/") + 1));
  return { root, existing, cluster: own };
}

export interface InitResult extends InitPlan {
  rendered: RenderedFlake;
  /** Packages that do not build before somebody fills in their hash. */
  hashesToFill: readonly string[];
}

/** Reads manifests, and writes nothing. */
export function planFlakeOf(
  target: InitTarget,
  { analysis, ties }: Detection,
): InitResult {
  const rendered = renderFlake(
    analysis,
    diskFacts(target.root),
    ties.calls,
  );
  const plan = planInit({
    part: rendered.lines.map(({ text }) => text).join("\n"),
    cluster: target.cluster,
    library: LIBRARY,
    existing: target.existing,
  });
  return {
    ...plan,
    rendered,
    hashesToFill: hashesToFill(target.existing, rendered.hashed),
  };
}

/** @throws {AppError} `storage`: what was written before is whole. */
export async function applyInit(
  root: string,
  files: readonly FileChange[],
): Promise<void> {
  for (const { path, change, text } of files) {
    if (change === "unchanged") continue;
    const directory = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    if (directory !== "") {
      await mkdir(join(root, directory), { recursive: true });
    }
    requirePlain(root, path);
    await writeFileAtomic(join(root, path), text, { mode: MODE });
  }
}
