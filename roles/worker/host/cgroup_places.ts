/**
 * The directories of control groups on this host: which there are, how one is
 * opened for a worker, emptied and removed. Moves no process.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { AppError } from "../../model/errors.ts";
import type { Clock } from "../../model/ports.ts";
import {
  cgroupMounts,
  chooseHierarchies,
  type Hierarchy,
  holderFiles,
} from "./core/cgroup_layout.ts";

/** A killed process leaves its group within milliseconds, unless the kernel holds it in a disk wait. */
const EMPTY_TIMEOUT_MS = 5000;
const LOOK_MS = 20;
/** Names in a message: enough to know what it is about. */
const MAX_TOLD = 5;

/** A hierarchy, and the worker's own directory in it. */
export interface Place extends Hierarchy {
  directory: string;
}

async function readText(path: string): Promise<string> {
  return await Deno.readTextFile(path).catch(() => "");
}

/** What guests of this host can be put into; a sentence when nothing is. */
export async function hostHierarchies(): Promise<Hierarchy[] | string> {
  const mounts = cgroupMounts(await readText("/proc/self/mountinfo"));
  const second = mounts.find(({ version }) => version === 2);
  const controllers = second === undefined
    ? ""
    : await readText(`${second.mount}/cgroup.controllers`);
  return chooseHierarchies(mounts, controllers.trim().split(" "));
}

/** The worker's directory below `parent`: short, and another one for each run directory. */
export function groupName({ name, runDir }: { name: string; runDir: string }) {
  const hash = createHash("sha256").update(runDir).digest("hex").slice(0, 8);
  return `${name}-${hash}`;
}

/** False when it was there: whoever made it has said what it weighs. */
async function makeGroup(path: string): Promise<boolean> {
  try {
    await Deno.mkdir(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw error;
  }
}

/** Makes the directories from the mount down; in version 2 each hands its controllers on. */
export async function openPlace(
  hierarchy: Hierarchy,
  below: string,
): Promise<Place> {
  let directory = hierarchy.mount;
  const handOn = async () => {
    if (hierarchy.version === 1 || hierarchy.controllers.length === 0) return;
    const text = hierarchy.controllers.map((name) => `+${name}`).join(" ");
    // A delegated group is not ours to change above: it has been handed on already, or the check below says not.
    await Deno.writeTextFile(`${directory}/cgroup.subtree_control`, text).catch(
      () => undefined,
    );
  };
  await handOn();
  for (const part of below.split("/").filter((part) => part !== "")) {
    directory += `/${part}`;
    if (await makeGroup(directory)) {
      const { hardwareConcurrency } = navigator;
      for (const [file, text] of holderFiles(hierarchy, hardwareConcurrency)) {
        await Deno.writeTextFile(`${directory}/${file}`, text);
      }
    }
    await handOn();
  }
  if (hierarchy.version === 2) {
    const handed = await readText(`${directory}/cgroup.subtree_control`);
    const missing = hierarchy.controllers.filter((name) =>
      !handed.trim().split(" ").includes(name)
    );
    if (missing.length > 0) {
      throw new AppError(
        "refused",
        `${directory} is not given the controllers ${missing.join(" and ")}`,
      );
    }
  }
  return { ...hierarchy, directory };
}

/** It holds processes, or groups of its own; Deno has no class for either. */
function isBusy(error: Error & { code?: unknown }): boolean {
  return error.code === "EBUSY" || error.code === "ENOTEMPTY";
}

/** False while something is in it; one that is not there is what was wanted. */
export async function removeGroup(path: string): Promise<boolean> {
  try {
    await Deno.remove(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return true;
    if (error instanceof Error && isBusy(error)) return false;
    const why = error instanceof Error ? error.message : String(error);
    throw new AppError("failed", `Cannot remove ${path}: ${why}`, {
      cause: error,
    });
  }
}

async function processesOf(path: string): Promise<number[]> {
  const text = await readText(`${path}/cgroup.procs`);
  // 0 is a process of another namespace; the group of a guest holds none.
  return text.split("\n").map(Number).filter((pid) =>
    Number.isInteger(pid) && pid > 1
  );
}

export async function whoIsIn(path: string): Promise<string> {
  const pids = await processesOf(path);
  const told = pids.slice(0, MAX_TOLD).join(", ");
  return pids.length === 0
    ? "it is busy"
    : `it holds process ${told}${pids.length > MAX_TOLD ? " and more" : ""}`;
}

function kill(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}

/**
 * Ends what is in a group and removes it.
 *
 * @throws {AppError} `timeout` when the kernel does not let it die.
 */
export async function clearGroup(path: string, clock: Clock): Promise<void> {
  const endMs = clock.bootMs() + EMPTY_TIMEOUT_MS;
  while (!await removeGroup(path)) {
    for (const pid of await processesOf(path)) kill(pid);
    if (clock.bootMs() >= endMs) {
      throw new AppError(
        "timeout",
        `Cannot remove ${path}: ${await whoIsIn(path)}`,
      );
    }
    await clock.sleep(LOOK_MS);
  }
}
