/**
 * Nix for tests: stores in directories of their own, and the sample project
 * as a bare repository.
 *
 * @module
 */
import { join } from "node:path";
import {
  DEBIAN_DIR,
  type SampleOptions,
  sampleProjectFiles,
} from "../../nix/examples/sample_project.ts";
import { kernelFolder } from "../../roles/debian/mod.ts";
import { createNix, type Nix, type NixOptions } from "../../roles/nix/mod.ts";
import { runChecked } from "../../roles/process/mod.ts";
import { writeFiles } from "./files.ts";
import { tempDir } from "./temp.ts";

/** A nix with its own store and state, both below `path`; removed with `await using`. */
export async function nixStore(
  name = "nix",
  options: Omit<NixOptions, "stateDir" | "store"> = {},
): Promise<{ nix: Nix; path: string } & AsyncDisposable> {
  const dir = await tempDir(name);
  const nix = await createNix({
    ...options,
    stateDir: join(dir.path, "state"),
    store: join(dir.path, "store"),
  }).catch(async (error) => {
    await dir[Symbol.asyncDispose]();
    throw error;
  });
  return {
    nix,
    path: dir.path,
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

/** Kernel, modules and busybox: fetched once per machine, shared by all tests. */
export function testKernelFolder(): Promise<string> {
  const cache = Deno.env.get("XDG_CACHE_HOME") ??
    join(Deno.env.get("HOME") ?? "/root", ".cache");
  return kernelFolder(join(cache, "procurator"));
}

/** A work tree of the sample project with a bare repository beside it. */
export interface SampleRepository {
  workTree: string;
  bare: string;
  /** Commits the sample with these options, pushes it, gives the commit. */
  commit(options: SampleOptions): Promise<string>;
  /** The pinned flake reference of a commit. */
  flakeRef(commit: string): string;
}

/** Makes the sample project below `dir`, with nothing committed yet. */
export async function sampleRepository(
  dir: string,
): Promise<SampleRepository> {
  const workTree = join(dir, "project");
  const bare = join(dir, "project.git");
  const git = (...args: string[]) =>
    runChecked("git", [
      "-C",
      workTree,
      "-c",
      "user.name=test",
      "-c",
      "user.email=test@example.invalid",
      // The kernel does not shrink further; trying costs a second.
      "-c",
      "core.compression=0",
      ...args,
    ]);
  await runChecked("git", ["init", "-q", "-b", "main", workTree]);
  await runChecked("git", ["init", "-q", "--bare", "-b", "main", bare]);
  await runChecked("cp", [
    "-R",
    await testKernelFolder(),
    join(workTree, DEBIAN_DIR),
  ]);
  return {
    workTree,
    bare,
    async commit(options) {
      await writeFiles(workTree, sampleProjectFiles(options));
      await git("add", "-A");
      await git("commit", "-q", "--allow-empty", "-m", "a commit");
      await git("push", "-q", bare, "HEAD:main");
      return (await git("rev-parse", "HEAD")).trim();
    },
    flakeRef: (commit) => `git+file://${bare}?ref=main&rev=${commit}`,
  };
}
