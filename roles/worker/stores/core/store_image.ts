/**
 * What a store image is called, what its name says, and how it is made. Pure.
 *
 * An image is named for the path whose closure it holds and for that closure's
 * content: `<hash of the path>-<closure>.<format>`. The same closure gives the
 * same bytes on every host with the same tools.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { IMAGE_FORMATS, type ImageFormat } from "./store_share.ts";

/** A path of a closure and its content. */
export interface ClosurePath {
  path: string;
  narHash: string;
  narSizeBytes: number;
}

/** An image by its name. */
export interface ImageName {
  /** The hash in the store path of the toplevel: what roots are compared by. */
  storeHash: string;
  closure: string;
  format: ImageFormat;
}

/** Raised when images are made in another way: those that exist are then no longer used. */
const RECIPE = 1;
/** Hex digits of the closure's hash in a name: two closures of one path are a rarity already. */
const CLOSURE_CHARS = 16;
/** Any will do as long as it is the same one: a random one would make every build another image. */
const UUID = "6a1f2d3c-0b5e-4c7a-9d8e-1f2a3b4c5d6e";
/** Names of paths on one command line: 20,000 of 80 bytes stay below Linux's 2 MiB, and a large system has 3000. */
export const MAX_IMAGE_PATHS = 20_000;
/** As in the store itself: the first second of the epoch. */
const TIME = "1";

const NAME = new RegExp(
  `^([0-9a-df-np-sv-z]{32})-([0-9a-f]{${CLOSURE_CHARS}})\\.(${
    IMAGE_FORMATS.join("|")
  })$`,
);

/** The hash of `/nix/store/<hash>-<name>`. */
export function storeHashOf(storePath: string): string {
  return storePath.slice("/nix/store/".length).slice(0, 32);
}

/** The name of the image of a closure. */
export function imageName(
  toplevel: string,
  closure: readonly ClosurePath[],
  format: ImageFormat,
): string {
  const hash = createHash("sha256").update(`${RECIPE}\n`);
  const lines = closure.map(({ path, narHash }) => `${path} ${narHash}\n`);
  for (const line of lines.sort()) hash.update(line);
  const digits = hash.digest("hex").slice(0, CLOSURE_CHARS);
  return `${storeHashOf(toplevel)}-${digits}.${format}`;
}

/** What a file's name says; null when it names no image. */
export function parseImageName(name: string): ImageName | null {
  const [, storeHash, closure, format] = NAME.exec(name) ?? [];
  if (storeHash === undefined || closure === undefined) return null;
  return {
    storeHash,
    closure,
    format: format === "erofs" ? "erofs" : "squashfs",
  };
}

/** Where things are while an image is made. All paths are physical. */
export interface ImagePlaces {
  /** Where all of `sources` lie. */
  storeDir: string;
  /** The files and folders that become the image's root. */
  sources: readonly string[];
  /** An empty folder, for those who need one to begin with. */
  staging: string;
  target: string;
}

/**
 * Puts a closure together in `$1`, then runs the rest. In a mount name space of
 * its own: nothing of it is left, however it ends. A path that is a link cannot
 * be mounted, and is copied. The paths come on standard input.
 */
const STAGE = `set -eu
staging=$1
shift
mount -t tmpfs -o mode=755 procurator-staging "$staging"
while IFS= read -r path; do
  name=\${path##*/}
  if [ -L "$path" ]; then
    cp -P "$path" "$staging/$name"
  elif [ -d "$path" ]; then
    mkdir "$staging/$name"
    mount --bind "$path" "$staging/$name"
  else
    : >"$staging/$name"
    mount --bind "$path" "$staging/$name"
  fi
done
exec "$@"
`;

/** A program with its arguments and what it reads. */
export interface ImageCommand {
  program: string;
  args: string[];
  stdin: string;
  cwd: string;
}

/** What makes an image at `target`. Everything in it is root's, and as old as the store says. */
export function imageCommand(
  format: ImageFormat,
  { storeDir, sources, staging, target }: ImagePlaces,
): ImageCommand {
  if (format === "erofs") {
    const make = [
      ...["mkfs.erofs", "--quiet", "-zlz4hc", "-T", TIME, "-U", UUID],
      ...["--all-root", "-x", "-1", target, staging],
    ];
    return {
      program: "unshare",
      args: [
        ...["--mount", "--propagation", "private", "--", "sh", "-c", STAGE],
        ...["procurator-stage", staging, ...make],
      ],
      stdin: sources.map((path) => `${path}\n`).join(""),
      cwd: storeDir,
    };
  }
  return {
    program: "mksquashfs",
    args: [
      ...sources.map((path) => path.slice(storeDir.length + 1)),
      target,
      ...["-no-progress", "-quiet", "-no-recovery", "-noappend"],
      ...["-comp", "zstd", "-b", "131072", "-no-hardlinks"],
      ...["-all-time", TIME, "-mkfs-time", TIME],
      ...["-all-root", "-no-xattrs", "-root-mode", "755"],
      "-keep-as-directory",
    ],
    cwd: storeDir,
    stdin: "",
  };
}
