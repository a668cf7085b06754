/**
 * What this host has to show a store to its guests with. Looks, decides nothing.
 *
 * @module
 */
import { runProcess } from "../../process/mod.ts";
import {
  readVirtiofsdHelp,
  type StoreTools,
  type Virtiofsd,
} from "./core/store_share.ts";

/** Where distributions put virtiofsd: out of the path, since nobody runs it by hand. */
const VIRTIOFSD_PATHS = [
  "virtiofsd",
  "/usr/libexec/virtiofsd",
  "/usr/lib/virtiofsd",
  "/usr/lib/qemu/virtiofsd",
  "/run/current-system/sw/bin/virtiofsd",
];
/** A program that says how it is used ends at once. */
const TIMEOUT_MS = 10_000;

async function says(
  program: string,
  args: readonly string[],
): Promise<{ code: number; text: string } | null> {
  try {
    const lines: string[] = [];
    const { code } = await runProcess(program, args, {
      timeoutMs: TIMEOUT_MS,
      mergeStdout: true,
      onLine: (line) => void (lines.length < 200 && lines.push(line)),
    });
    return { code, text: lines.join("\n") };
  } catch {
    // Not installed, or not ours to run: it is not there for us.
    return null;
  }
}

async function findVirtiofsd(path?: string): Promise<Virtiofsd | null> {
  for (const candidate of path === undefined ? VIRTIOFSD_PATHS : [path]) {
    const help = await says(candidate, ["--help"]);
    const found = readVirtiofsdHelp(candidate, help?.text ?? "");
    if (found !== null) return found;
  }
  return null;
}

/** What there is. `virtiofsdPath` in place of the usual ones. */
export async function storeTools(virtiofsdPath?: string): Promise<StoreTools> {
  const mount = await says("unshare", [
    ...["--mount", "--propagation", "private", "--", "mount"],
    ...["--bind", "/tmp", "/tmp"],
  ]);
  return {
    virtiofsd: await findVirtiofsd(virtiofsdPath),
    canMount: mount?.code === 0,
    erofs: await says("mkfs.erofs", ["--help"]) !== null,
    squashfs: await says("mksquashfs", ["-version"]) !== null,
  };
}
