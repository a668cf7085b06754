/**
 * A control group for each copy's VMM: its share of processors, a ceiling for
 * its memory, and a place of its own, so that whoever ends the worker's group
 * ends no guest. Owns the groups below one directory per worker in each
 * hierarchy; never moves a process: the driver starts its VMM in them.
 *
 * A host whose groups cannot be written (no root, nothing delegated) is told of
 * once, and its guests run without.
 *
 * ```text
 *  MOUNT / procurator / NAME-<hash of the run directory> / <copy>
 * ```
 *
 * @module
 */
import { createHash } from "node:crypto";
import { AppError } from "../model/errors.ts";
import type { CopyId } from "../model/ids.ts";
import type { Clock } from "../model/ports.ts";
import { copyDirectoryName, type VmConfig } from "../../vmm/mod.ts";
import {
  cgroupMounts,
  chooseHierarchies,
  CONTROLLERS,
  type GroupLimits,
  type Hierarchy,
  limitFiles,
  vmmOverheadMib,
} from "./core/cgroup_layout.ts";
import type { Target } from "./core/ledger.ts";
import type { Provision } from "./provisions.ts";

/** A killed process leaves its group within milliseconds, unless the kernel holds it in a disk wait. */
const EMPTY_TIMEOUT_MS = 5000;
const LOOK_MS = 20;
/** Names in a message: enough to know what it is about. */
const MAX_TOLD = 5;

/** How the groups are made. */
export interface CgroupOptions {
  /** The worker's name and run directory: another worker's groups are not ours. */
  name: string;
  runDir: string;
  /** Below each mount; what a non-root worker was delegated. */
  parent: string;
  /** Guests' code is translated by the VMM, which needs memory for it. */
  isTranslated: boolean;
  clock: Clock;
  onWarning: (message: string, error: unknown) => void;
  /** Default: those of this host, by its mounts. */
  hierarchies?: readonly Hierarchy[];
}

/** A hierarchy, and the worker's own directory in it. */
interface Place extends Hierarchy {
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

/** Makes the directories from the mount down; in version 2 each hands its controllers on. */
async function openPlace(
  hierarchy: Hierarchy,
  below: string,
): Promise<Place> {
  let directory = hierarchy.mount;
  const handOn = async () => {
    if (hierarchy.version === 1 || hierarchy.controllers.length === 0) return;
    const text = hierarchy.controllers.map((name) => `+${name}`).join(" ");
    // A delegated group is not ours to change above: it has been handed on already, or the check below says not.
    await Deno.writeTextFile(`${directory}/cgroup.subtree_control`, text)
      .catch(() => undefined);
  };
  await handOn();
  for (const part of below.split("/").filter((part) => part !== "")) {
    directory += `/${part}`;
    await Deno.mkdir(directory, { recursive: true });
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

/**
 * The groups of this worker; null, with the reason told, where none can be made.
 */
export async function openCgroups(
  options: CgroupOptions,
): Promise<Cgroups | null> {
  const hierarchies = options.hierarchies ?? await hostHierarchies();
  const without = (why: unknown) => {
    options.onWarning(
      "VMs run without limits of their own: their cgroups cannot be made " +
        "(run the worker as root, or delegate a group with " +
        `${CONTROLLERS.join(" and ")} and name it in cgroups.parent)`,
      why,
    );
    return null;
  };
  if (typeof hierarchies === "string") {
    return without(new AppError("refused", hierarchies));
  }
  const places: Place[] = [];
  try {
    for (const hierarchy of hierarchies) {
      const below = `${options.parent}/${groupName(options)}`;
      // One that limits nothing is for safety's sake: it may be read-only.
      const optional = hierarchy.controllers.length === 0;
      const place = await openPlace(hierarchy, below).catch((error) => {
        if (optional) return null;
        throw error;
      });
      if (place !== null) places.push(place);
    }
  } catch (error) {
    return without(error);
  }
  return new Cgroups(places, options);
}

/** {@linkcode Provision} of control groups. */
export class Cgroups implements Provision {
  readonly name = "cgroup";
  readonly #places: readonly Place[];
  readonly #options: CgroupOptions;

  constructor(places: readonly Place[], options: CgroupOptions) {
    this.#places = places;
    this.#options = options;
  }

  async provide(copy: CopyId, { spec }: Target): Promise<Partial<VmConfig>> {
    const limits = {
      cpuMilli: spec.cpuMilli,
      memoryMib: spec.memoryMib +
        vmmOverheadMib(spec.memoryMib, this.#options.isTranslated),
    };
    const cgroups: string[] = [];
    for (const place of this.#places) {
      cgroups.push(await this.#make(copy, { place, limits }));
    }
    return { cgroups };
  }

  /** What is still in it is of a guest that has ended: it is killed, as nothing else would end it. */
  async withdraw(copy: CopyId): Promise<void> {
    for (const { directory } of this.#places) {
      const path = `${directory}/${copyDirectoryName(copy)}`;
      const endMs = this.#options.clock.bootMs() + EMPTY_TIMEOUT_MS;
      while (!await removeGroup(path)) {
        for (const pid of await processesOf(path)) kill(pid);
        if (this.#options.clock.bootMs() >= endMs) {
          throw new AppError(
            "timeout",
            `Cannot remove ${path}: ${await whoIsIn(path)}`,
          );
        }
        await this.#options.clock.sleep(LOOK_MS);
      }
    }
  }

  /** Those with processes stay: they may be of a guest whose guard has not answered yet. */
  async adopt(copies: readonly CopyId[]): Promise<void> {
    const kept = new Set(copies.map(copyDirectoryName));
    for (const { directory } of this.#places) {
      for await (const { name, isDirectory } of Deno.readDir(directory)) {
        if (!isDirectory || kept.has(name)) continue;
        const path = `${directory}/${name}`;
        if (await removeGroup(path)) continue;
        this.#options.onWarning(
          `${path} is kept: ${await whoIsIn(path)}`,
          null,
        );
      }
    }
  }

  async #make(
    copy: CopyId,
    { place, limits }: { place: Place; limits: GroupLimits },
  ): Promise<string> {
    const path = `${place.directory}/${copyDirectoryName(copy)}`;
    try {
      await Deno.mkdir(path, { recursive: true });
      for (const [file, text] of limitFiles(place, limits)) {
        await Deno.writeTextFile(`${path}/${file}`, text);
      }
      return path;
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new AppError(
        "failed",
        `Cannot limit VM "${copy.id}" by ${path}: ${why}`,
        { cause, hint: 'set cgroups.mode to "none" to run VMs without limits' },
      );
    }
  }
}

/** False while something is in it; one that is not there is what was wanted. */
async function removeGroup(path: string): Promise<boolean> {
  try {
    await Deno.remove(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return true;
    if (error instanceof Deno.errors.Busy) return false;
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

async function whoIsIn(path: string): Promise<string> {
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
