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
import { dirname } from "node:path";
import { AppError } from "../../model/errors.ts";
import type { CopyId } from "../../model/ids.ts";
import type { Clock } from "../../model/ports.ts";
import { copyDirectoryName, type VmConfig } from "../../../vmm/mod.ts";
import {
  clearGroup,
  groupName,
  hostHierarchies,
  openPlace,
  type Place,
  removeGroup,
  whoIsIn,
} from "./cgroup_places.ts";
import {
  boostedMilli,
  ceilingFiles,
  CONTROLLERS,
  type GroupLimits,
  type Hierarchy,
  limitFiles,
  vmmOverheadMib,
} from "./core/cgroup_layout.ts";
import type { Target } from "../vms/core/ledger.ts";
import { CpuBoosts } from "./cpu_boosts.ts";
import type { Provision } from "../vms/provisions.ts";

/** How the groups are made. */
export interface CgroupOptions {
  /** The worker's name and run directory: another worker's groups are not ours. */
  name: string;
  runDir: string;
  /** Below each mount; what a non-root worker was delegated. */
  parent: string;
  /** Guests' code is translated by the VMM, which needs memory for it. */
  isTranslated: boolean;
  /** For so long after its start a guest may use the whole processors it sees. */
  boostMs: number;
  clock: Clock;
  onWarning: (message: string, error: unknown) => void;
  /** Default: those of this host, by its mounts. */
  hierarchies?: readonly Hierarchy[];
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
  readonly #boosts: CpuBoosts;

  constructor(places: readonly Place[], options: CgroupOptions) {
    this.#places = places;
    this.#options = options;
    this.#boosts = new CpuBoosts({
      ...options,
      dir: `${options.runDir}/cgroups`,
      lower: (name, ceilingMilli) => this.#lower(name, ceilingMilli),
    });
  }

  async provide(copy: CopyId, { spec }: Target): Promise<Partial<VmConfig>> {
    const { isTranslated, boostMs } = this.#options;
    const { cpuMilli, memoryMib } = spec;
    const isBoosted = boostMs > 0 && boostedMilli(cpuMilli) > cpuMilli;
    const limits = {
      shareMilli: cpuMilli,
      ceilingMilli: isBoosted ? boostedMilli(cpuMilli) : cpuMilli,
      memoryMib: memoryMib + vmmOverheadMib(memoryMib, isTranslated),
    };
    const made = this.#places.map((place) =>
      this.#make(copy, { place, limits })
    );
    // All of them: what is taken back must not be made afterwards.
    await Promise.allSettled(made);
    const cgroups = await Promise.all(made);
    if (isBoosted) await this.#boosts.begin(copy, cpuMilli);
    else await this.#boosts.end(copy);
    return { cgroups };
  }

  /** Ceilings that are not lowered yet are lowered by the next process. Without guests nothing is left on the host. */
  async close(): Promise<void> {
    await this.#boosts.close();
    for (const { directory, mount } of this.#places) {
      for (let path = directory; path !== mount; path = dirname(path)) {
        // The parent may be another worker's too, or not ours to remove.
        if (!await removeGroup(path).catch(() => false)) break;
      }
    }
  }

  /** What is still in it is of a guest that has ended: it is killed, as nothing else would end it. */
  async withdraw(copy: CopyId): Promise<void> {
    await this.#boosts.end(copy);
    for (const { directory } of this.#places) {
      await clearGroup(
        `${directory}/${copyDirectoryName(copy)}`,
        this.#options.clock,
      );
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
    await this.#boosts.adopt(copies);
  }

  async #lower(name: string, ceilingMilli: number): Promise<void> {
    for (const place of this.#places) {
      for (const [file, text] of ceilingFiles(place, ceilingMilli)) {
        await Deno.writeTextFile(`${place.directory}/${name}/${file}`, text);
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
