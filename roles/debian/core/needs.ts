/**
 * Which Debian packages stand for what procurator and its tests need, and how
 * each is recognised when it is there already, from wherever it came.
 *
 * @module
 */

/** How one need is recognised and met. */
interface NeedEntry {
  packages: readonly string[];
  /** Programs that must all be on the path. */
  programs?: readonly string[];
  /** Files that must all be there. */
  files?: readonly string[];
}

/** Every need by name. The kernel is fetched, not installed: see kernel.ts. */
export const NEEDS = {
  nix: { packages: ["nix-bin"], programs: ["nix", "nix-store"] },
  qemu: { packages: ["qemu-system-x86"], programs: ["qemu-system-x86_64"] },
  // The sandbox of a store in a directory takes its shell from /bin/busybox.
  busybox: { packages: ["busybox-static"], files: ["/bin/busybox"] },
  git: {
    packages: ["git"],
    programs: ["git"],
    files: ["/usr/lib/git-core/git-http-backend"],
  },
  openssl: { packages: ["openssl"], programs: ["openssl"] },
  iproute2: { packages: ["iproute2"], programs: ["ip"] },
  // The guests' network: sysctl comes with procps, which minimal images leave out.
  network: {
    packages: ["dnsmasq-base", "nftables", "procps"],
    programs: ["dnsmasq", "nft", "sysctl"],
  },
  // Store images: one closure as one read-only disk.
  images: {
    packages: ["erofs-utils", "squashfs-tools"],
    programs: ["mkfs.erofs", "mksquashfs"],
  },
  // Tests send what no honest guest would.
  socat: { packages: ["socat"], programs: ["socat"] },
  capnp: {
    packages: ["capnproto", "libcapnp-dev"],
    programs: ["capnp"],
    files: ["/usr/include/capnp/ez-rpc.h"],
  },
  cpp: { packages: ["g++"], programs: ["g++"] },
  // What rendered flakes are built with in tests.
  interpreters: {
    packages: ["nodejs", "python3"],
    programs: ["node", "python3"],
    files: ["/usr/bin/node", "/usr/bin/python3"],
  },
  make: { packages: ["make", "gcc", "libc6-dev"], programs: ["make", "gcc"] },
  chromium: { packages: ["chromium"], programs: ["chromium"] },
  nginx: { packages: ["nginx-light"], programs: ["nginx"] },
  wrk: { packages: ["wrk"], programs: ["wrk"] },
  curl: { packages: ["curl"], programs: ["curl"] },
  cpio: { packages: ["cpio"], programs: ["cpio"] },
  zstd: { packages: ["zstd"], programs: ["zstd"] },
  tmux: { packages: ["tmux"], programs: ["tmux"] },
} as const satisfies Record<string, NeedEntry>;

export type Need = keyof typeof NEEDS;

/** What can be asked of a machine. */
export interface Presence {
  program(name: string): boolean;
  file(path: string): boolean;
}

/** The packages of those needs that are not met, each once, in the order asked. */
export function packagesFor(
  needs: readonly Need[],
  presence: Presence,
): string[] {
  const missing = new Set<string>();
  for (const need of needs) {
    const entry: NeedEntry = NEEDS[need];
    const met = (entry.programs ?? []).every((name) =>
      presence.program(name)
    ) &&
      (entry.files ?? []).every((path) => presence.file(path));
    if (!met) { for (const name of entry.packages) missing.add(name); }
  }
  return [...missing];
}

/** The command that a person runs to get the packages. */
export function installCommand(packages: readonly string[]): string {
  return `sudo apt-get install --no-install-recommends ${packages.join(" ")}`;
}
