/**
 * How guests of this host are shown a closure: by virtiofs, or as an image.
 * Pure: decides over what was found, and says why it cannot be done.
 *
 * virtiofs first: it costs no disk, and a guest that runs sees closures that
 * come later. An image needs nothing at run time, and works without root.
 *
 * @module
 */

import { AppError } from "../../../model/errors.ts";

/** What `storeShare` may say. */
export const STORE_SHARES = ["auto", "virtiofs", "image"] as const;
export type StoreShareWish = typeof STORE_SHARES[number];

/** Formats of store images, the better one first: erofs reads single pages, squashfs whole blocks. */
export const IMAGE_FORMATS = ["erofs", "squashfs"] as const;
export type ImageFormat = typeof IMAGE_FORMATS[number];

/** The two programs of that name take different options. */
export type VirtiofsdFlavour = "c" | "rust";

/** A virtiofsd that is installed. */
export interface Virtiofsd {
  path: string;
  flavour: VirtiofsdFlavour;
  /** It can be told to refuse writes itself. */
  hasReadonly: boolean;
}

/** What was found on this host. */
export interface StoreTools {
  virtiofsd: Virtiofsd | null;
  /** Mount name spaces can be made: a share is read-only by its mount. Needs root. */
  canMount: boolean;
  erofs: boolean;
  squashfs: boolean;
}

/** How closures are shown, or why they cannot be. */
export type StoreShareChoice =
  | { readonly kind: "virtiofs"; readonly virtiofsd: Virtiofsd }
  | { readonly kind: "image"; readonly format: ImageFormat }
  | { readonly kind: "none"; readonly reason: string; readonly hint: string };

const IMAGE_HINT = "apt-get install --no-install-recommends squashfs-tools";
const VIRTIOFS_HINT =
  "install virtiofsd (Debian 12: qemu-system-common) and run the worker as root, or set storeShare to image";

/** What is wanted, as far as this host can. */
export function chooseStoreShare(
  wish: StoreShareWish,
  tools: StoreTools,
): StoreShareChoice {
  const { virtiofsd, canMount, erofs, squashfs } = tools;
  if (wish !== "image" && virtiofsd !== null && canMount) {
    return { kind: "virtiofs", virtiofsd };
  }
  if (wish === "virtiofs") {
    const reason = virtiofsd === null
      ? "virtiofsd is not installed"
      : "mount name spaces cannot be made, which keep a guest from writing the store";
    return { kind: "none", reason, hint: VIRTIOFS_HINT };
  }
  // mkfs.erofs takes one folder, which is put together by mounts.
  if (erofs && canMount) return { kind: "image", format: "erofs" };
  if (squashfs) return { kind: "image", format: "squashfs" };
  const reason = "neither mksquashfs nor, with root, mkfs.erofs is there";
  return { kind: "none", reason, hint: IMAGE_HINT };
}

/** The word for reports and for the guest's command line. */
export function shareWord(choice: StoreShareChoice): string {
  return choice.kind === "image" ? choice.format : choice.kind;
}

/** Which virtiofsd a program is by its `--help`; null when it is none. */
export function readVirtiofsdHelp(
  path: string,
  help: string,
): Virtiofsd | null {
  const hasReadonly = /--readonly\b/.test(help);
  if (/--shared-dir\b/.test(help)) {
    return { path, flavour: "rust", hasReadonly };
  }
  return /-o source=/.test(help)
    ? { path, flavour: "c", hasReadonly: false }
    : null;
}

/** Arguments of a virtiofsd that shares `source` at `socketPath`, for one guest. */
export function virtiofsdArgs(
  { flavour, hasReadonly }: Virtiofsd,
  { source, socketPath }: { source: string; socketPath: string },
): string[] {
  if (flavour === "rust") {
    return [
      `--socket-path=${socketPath}`,
      `--shared-dir=${source}`,
      "--sandbox=namespace",
      "--cache=auto",
      "--log-level=error",
      ...(hasReadonly ? ["--readonly"] : []),
    ];
  }
  const options = [
    `source=${source}`,
    "sandbox=namespace",
    // Paths never change, but new ones come: a guest sees them within a second.
    "cache=auto",
    "log_level=err",
    // A guest has nothing to give to files it cannot write.
    "modcaps=-chown:-fowner:-fsetid:-mknod:-setfcap",
  ];
  return [
    `--socket-path=${socketPath}`,
    ...options.flatMap((option) => ["-o", option]),
  ];
}

/** Linux on x86-64 cuts a longer command line silently. */
const MAX_CMDLINE = 2047;

/**
 * The command line with the word for the guest's initrd: `procurator.store=`
 * and how its store is shown. The last one counts, should an image bring its own.
 *
 * @throws {AppError} `invalid` when there is no room for it.
 */
export function storeWord(cmdline: string, kind: string): string {
  const text = `${cmdline} procurator.store=${kind}`.trim();
  if (text.length <= MAX_CMDLINE) return text;
  throw new AppError(
    "invalid",
    `Cannot start a guest with a command line of ${text.length} characters: Linux takes ${MAX_CMDLINE}`,
    { hint: "shorten image.cmdline or env" },
  );
}
