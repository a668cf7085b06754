/**
 * The files of one start: a kernel that is one, an image that fits into its
 * guest and a guest that fits into this host, told before any VMM runs; the
 * directory the VMM may write to, with what a guest writes to its root image;
 * the pipe of its events and the file of its words.
 *
 * @module
 */
import { basename } from "node:path";
import { removeIfThere, storageError } from "../../roles/files/mod.ts";
import { AppError } from "../../roles/model/errors.ts";
import { eventsName, isEventsName } from "./core/args.ts";
import { OVERLAYS_SINCE, printedWords } from "./core/errors.ts";
import { maxMemoryMib, type RootDisk } from "./core/config.ts";
import type { Pipes } from "./pipes.ts";
import { hasPvhNote, HEAD_BYTES, readKernelHead } from "./core/kernel.ts";
import { qcow2Overlay } from "./core/overlay.ts";
import { copyDirectoryName, type RunRecord } from "../core/run_record.ts";
import type { VmConfig } from "../core/vm_config.ts";
import { assertPlainFile, giveTo } from "../host/given_files.ts";
import { checkSizes } from "../host/machine_checks.ts";
import { prepareFiles, shareRunDirectory } from "../host/vm_files.ts";
import type { VmPaths } from "../host/run_directory.ts";

const MIB = 1024 * 1024;
/** Its own words: warnings, which a guest can cause without end. */
const MAX_WORDS_BYTES = 256 * 1024;
/** A snapshot's state, and an overlay's tables, beside the memory or the image. */
const EXTRA_BYTES = 64 * MIB;
const WORDS_NAME = "vmm.log";

/** What a start finds ready. */
export interface StartFiles {
  /** The largest file that the VMM may write: its words end there. */
  fileLimitBytes: number;
  /** Where its words begin in their file, beyond every disk: the kernel bounds files per process, not each. */
  wordsPath: string;
  eventsPath: string;
  scratchDir: string;
  root?: RootDisk;
}

/** Where a VMM's files are. */
export type StartPaths = Pick<VmPaths, "dir" | "api" | "console" | "channel">;

/** The directory below `tempDir` that a copy's VMM may write to. */
export function scratchDirOf(
  tempDir: string,
  copy: Pick<RunRecord, "id" | "incarnation">,
): string {
  return `${tempDir}/${copyDirectoryName(copy)}`;
}

/** There while a guest stands still that nobody paused: whoever finds it lets the guest run on. */
export function resumeMark(scratchDir: string): string {
  return `${scratchDir}/resume`;
}

async function readRange(
  path: string,
  { offset, bytes }: { offset: number; bytes: number },
): Promise<Uint8Array> {
  using file = await Deno.open(path);
  await file.seek(offset, Deno.SeekMode.Start);
  const buffer = new Uint8Array(bytes);
  let length = 0;
  while (length < bytes) {
    const count = await file.read(buffer.subarray(length));
    if (count === null) break;
    length += count;
  }
  return buffer.subarray(0, length);
}

async function checkKernel({ id, kernelPath }: VmConfig): Promise<void> {
  const head = readKernelHead(
    await readRange(kernelPath, { offset: 0, bytes: HEAD_BYTES }),
  );
  let why = head.kind === "none" ? head.why : "";
  if (head.kind === "elf") {
    const notes = head.notes.map((range) => readRange(kernelPath, range));
    if (!(await Promise.all(notes)).some(hasPvhNote)) {
      why = "it is an ELF kernel without a PVH note";
    }
  }
  if (why === "") return;
  throw new AppError(
    "invalid",
    `Cannot start VM "${id}": ${kernelPath} is no kernel for cloud-hypervisor: ${why}`,
    {
      hint: "name a bzImage, or a vmlinux with CONFIG_PVH, in image.kernelPath",
    },
  );
}

/** A copy shares its blocks with the image where the file system can. */
async function makeRoot(
  { diskImagePath, user }: VmConfig,
  on: { scratchDir: string; major: number },
): Promise<{ root?: RootDisk; bytes: number }> {
  if (diskImagePath === undefined) return { bytes: 0 };
  const { size } = await Deno.stat(diskImagePath);
  const kind = on.major >= OVERLAYS_SINCE ? "overlay" : "copy";
  const path = `${on.scratchDir}/root`;
  if (kind === "overlay") {
    const bytes = qcow2Overlay(diskImagePath, size);
    await Deno.writeFile(path, bytes, { createNew: true, mode: 0o600 });
  } else {
    await Deno.copyFile(diskImagePath, path);
    await Deno.chmod(path, 0o600);
  }
  if (user !== undefined) await giveTo(path, user);
  return {
    root: { path, kind },
    bytes: Math.ceil(size * 1.001) + EXTRA_BYTES,
  };
}

/** An empty file that is written from its end on, where the bound of files is near. */
async function makeWords(path: string, origin: number): Promise<void> {
  using file = await Deno.open(path, {
    write: true,
    createNew: true,
    mode: 0o600,
  });
  await file.truncate(origin);
}

/**
 * Looks whether this machine can be booted on this host, and makes what its VMM
 * needs on disk.
 *
 * @throws {AppError} `not_found` and `invalid` for the image, `overloaded` for
 * the memory, `storage` for the disk.
 */
export async function prepareStart(
  config: VmConfig,
  record: RunRecord,
  on: { paths: VmPaths; tempDir: string; major: number; pipes: Pipes },
): Promise<StartFiles> {
  const { dir } = on.paths;
  const eventsPath = `${dir}/${eventsName(record.marker)}`;
  const eventsMade = on.pipes.make(eventsPath);
  eventsMade.catch(() => undefined);
  try {
    const largest = await prepareFiles(config, on.tempDir);
    await Promise.all([checkKernel(config), checkSizes(config)]);
    return await makeFiles(config, {
      ...on,
      largest,
      eventsPath,
      eventsMade,
      scratchDir: scratchDirOf(on.tempDir, record),
    });
  } catch (error) {
    // Nothing is made any more when what is there is cleared.
    await eventsMade.catch(() => undefined);
    throw error;
  }
}

async function makeFiles(
  config: VmConfig,
  on: {
    paths: VmPaths;
    major: number;
    largest: number;
    eventsPath: string;
    eventsMade: Promise<void>;
    scratchDir: string;
  },
): Promise<StartFiles> {
  const { id, user, memoryMib } = config;
  const { paths: { dir }, scratchDir, eventsPath } = on;
  const wordsPath = `${dir}/${WORDS_NAME}`;
  try {
    if (user !== undefined) await shareRunDirectory(dir, user);
    await Deno.mkdir(scratchDir, { recursive: true, mode: 0o700 });
    if (user !== undefined) await Deno.chown(scratchDir, user.uid, user.gid);
    const disk = await makeRoot(config, on);
    const memory = maxMemoryMib(memoryMib) * MIB + EXTRA_BYTES;
    const origin = Math.ceil(Math.max(on.largest, disk.bytes, memory) / MIB) *
      MIB;
    await makeWords(wordsPath, origin);
    await on.eventsMade;
    if (user !== undefined) await Deno.chown(eventsPath, user.uid, user.gid);
    return {
      fileLimitBytes: origin + MAX_WORDS_BYTES,
      wordsPath,
      eventsPath,
      scratchDir,
      ...(disk.root === undefined ? {} : { root: disk.root }),
    };
  } catch (error) {
    throw storageError(`what VM "${id}" needs`, error);
  }
}

/** A VMM that ends in order removes its socket; one that dies leaves it. */
export async function endedInOrder(
  { api }: Pick<StartPaths, "api">,
): Promise<boolean> {
  return await Deno.stat(api).then(() => false, () => true);
}

/** The last lines of what the VMM has said, on one line. */
export async function lastWords(dir: string): Promise<string> {
  try {
    const path = `${dir}/${WORDS_NAME}`;
    const { size } = await assertPlainFile(path);
    const offset = Math.max(0, size - 4096);
    const bytes = await readRange(path, { offset, bytes: size - offset });
    return printedWords(new TextDecoder().decode(bytes));
  } catch {
    return "";
  }
}

/** What is in a directory; one that is not there has nothing. */
async function namesIn(dir: string): Promise<string[]> {
  try {
    return await Array.fromAsync(Deno.readDir(dir), ({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw storageError(dir, error);
  }
}

/** Removes what a start has made beside the record. A socket that is left cannot be bound again. */
export async function clearStart(
  { dir, api, console, channel }: StartPaths,
  scratchDir: string,
): Promise<void> {
  await Deno.remove(scratchDir, { recursive: true }).catch(() => undefined);
  const made = new Set(
    [api, `${api}.lock`, console, channel].map((path) => basename(path)),
  );
  made.add(WORDS_NAME);
  for (const name of await namesIn(dir)) {
    if (made.has(name) || isEventsName(name)) {
      await removeIfThere(`${dir}/${name}`);
    }
  }
}
