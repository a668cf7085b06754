/**
 * A VM's state in a directory, and a VM that goes on from there.
 *
 * The VMM writes to and reads from its own directory only: what it wrote is
 * moved, what it shall read is put there, with the paths of this start.
 *
 * That directory is the VMM's user's: nothing in there is followed elsewhere.
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";
import { parseJsonWith } from "../../roles/model/parse.ts";
import { resumeMark, scratchDirOf } from "./files.ts";
import { assertPlainFile, giveTo } from "../host/given_files.ts";
import {
  ABOUT_NAME,
  checkSnapshot,
  makeSnapshot,
  refuseWritten,
} from "../host/snapshot_directory.ts";
import type { Running } from "./fleet.ts";
import { markHeld, snapshotIn } from "./held.ts";
import { type StartDeps, type Starting, startVm, toldOf } from "./start.ts";
import { restoredConfig } from "./core/config.ts";
import { SavedConfig } from "./core/schema.ts";
import type { VmConfig } from "../core/vm_config.ts";

const DRIVER = "cloud-hypervisor";
const CONFIG_NAME = "config.json";

async function refuseDisks({ client, record }: Running): Promise<void> {
  const { config: { disks } } = await client.info();
  const written = disks?.find(({ readonly }) => !readonly);
  refuseWritten(record.id, written?.id);
}

/** Moves a file, over the border of file systems too. */
async function move(from: string, to: string): Promise<void> {
  try {
    await Deno.rename(from, to);
  } catch {
    await assertPlainFile(from);
    await Deno.copyFile(from, to);
    await Deno.remove(from);
  }
}

/** Its size in bytes. */
async function moveAll(from: string, to: string): Promise<number> {
  let bytes = 0;
  for (const { name } of Deno.readDirSync(from)) {
    await move(`${from}/${name}`, `${to}/${name}`);
    // Here nobody changes it any more.
    bytes += (await assertPlainFile(`${to}/${name}`)).size;
  }
  return bytes;
}

/** The guest runs on; a VMM that does not say so now is asked again by the fleet. */
async function letGo(running: Running, scratchDir: string): Promise<void> {
  try {
    await running.client.act("vm.resume");
    await Deno.remove(resumeMark(scratchDir));
  } catch (error) {
    running.isHeld = true;
    throw error;
  }
}

async function save(running: Running, scratchDir: string): Promise<void> {
  const { client, instance } = running;
  const inside = snapshotIn(scratchDir);
  const { uid, gid } = await Deno.stat(`/proc/${instance.pid}`);
  await Deno.remove(inside, { recursive: true }).catch(() => undefined);
  await Deno.mkdir(inside, { mode: 0o700 });
  await giveTo(inside, { uid, gid });
  const { paused } = instance;
  if (!paused) await markHeld(scratchDir);
  try {
    if (!paused) await client.act("vm.pause");
    await client.snapshot(inside);
  } catch (cause) {
    if (!paused) await letGo(running, scratchDir).catch(() => undefined);
    if (!(cause instanceof AppError) || cause.code !== "failed") throw cause;
    throw new AppError(
      "unavailable",
      `Cannot make a snapshot of "${instance.id}": ${cause.message}`,
      { cause, hint: "this host's KVM may not tell a guest's whole state" },
    );
  }
  if (!paused) await letGo(running, scratchDir);
}

/** Writes the guest's state to `dir`, which is not there yet; it runs on. Its size in bytes. */
export async function snapshotVm(
  running: Running,
  dir: string,
  { tempDir }: Pick<StartDeps, "tempDir">,
): Promise<number> {
  const { record } = running;
  if (running.isHeld) {
    throw new AppError(
      "unavailable",
      `Cannot make a snapshot of "${record.id}": its VMM is still busy with one that was given up`,
      { hint: "try again when it answers: procurator vm figures" },
    );
  }
  await refuseDisks(running);
  const scratchDir = scratchDirOf(tempDir, record);
  const inside = snapshotIn(scratchDir);
  return await makeSnapshot(record, { dir, driver: DRIVER }, async () => {
    try {
      await save(running, scratchDir);
      return await moveAll(inside, dir);
    } finally {
      await Deno.remove(inside, { recursive: true }).catch(() => undefined);
    }
  });
}

/** The snapshot in the VMM's own directory, as this start's. */
async function layOut(
  { files, config, body }: Starting,
  dir: string,
  landlock: boolean,
): Promise<string> {
  const inside = `${files.scratchDir}/restore`;
  await Deno.mkdir(inside, { mode: 0o700 });
  for (const { name } of Deno.readDirSync(dir)) {
    if (name === ABOUT_NAME || name === CONFIG_NAME) continue;
    await assertPlainFile(`${dir}/${name}`);
    await Deno.link(`${dir}/${name}`, `${inside}/${name}`)
      .catch(() => Deno.copyFile(`${dir}/${name}`, `${inside}/${name}`));
  }
  const path = `${dir}/${CONFIG_NAME}`;
  const saved = parseJsonWith(SavedConfig, await Deno.readTextFile(path), {
    what: path,
  });
  await Deno.writeTextFile(
    `${inside}/${CONFIG_NAME}`,
    JSON.stringify(restoredConfig(saved, await body(landlock))),
    { mode: 0o600 },
  );
  if (config.user !== undefined) {
    await giveTo(inside, config.user);
    for (const { name } of Deno.readDirSync(inside)) {
      await giveTo(`${inside}/${name}`, config.user);
    }
  }
  return inside;
}

/**
 * Starts a VM that goes on from the snapshot in `dir`.
 *
 * @throws {AppError} `not_found` without one, `refused` when it is another content's.
 */
export async function restoreVm(
  config: VmConfig,
  dir: string,
  deps: StartDeps,
): Promise<Running> {
  await checkSnapshot(config, { dir, driver: DRIVER });
  return await startVm(config, deps, {
    async load(starting, { landlock }, settled) {
      await settled;
      const inside = await layOut(starting, dir, landlock.isOn);
      await markHeld(starting.files.scratchDir);
      await toldOf(starting, starting.client.restore(inside));
    },
    async run(starting) {
      // Versions that resume by themselves have to be told to.
      await toldOf(starting, starting.client.act("vm.resume"));
      const { scratchDir } = starting.files;
      await Deno.remove(resumeMark(scratchDir));
      await Deno.remove(`${scratchDir}/restore`, { recursive: true });
    },
  });
}
