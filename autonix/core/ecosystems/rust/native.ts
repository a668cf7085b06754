/**
 * Libraries of the system (attributes of nixpkgs) that crates link.
 *
 * Crates that compile the library themselves unless told otherwise (zstd-sys,
 * libgit2-sys, rdkafka-sys, rusqlite with `bundled`) are not here.
 *
 * @module
 */
import { claim, type Draft } from "../../draft.ts";
import { joinPath } from "../../file_tree.ts";
import type { Reading } from "../../reading.ts";
import { broughtBy } from "./frameworks.ts";
import type { Crate, Manifest } from "./manifest.ts";

/** By crate of the lockfile, or of the manifest. */
const CRATES: ReadonlyMap<string, readonly string[]> = new Map([
  ["openssl-sys", ["openssl"]],
  ["pq-sys", ["postgresql"]],
  ["mysqlclient-sys", ["libmysqlclient"]],
  ["alsa-sys", ["alsa-lib"]],
  ["libudev-sys", ["systemd"]],
  ["libdbus-sys", ["dbus"]],
  ["gtk-sys", ["gtk3"]],
  ["gtk4-sys", ["gtk4"]],
  ["webkit2gtk-sys", ["webkitgtk_4_1"]],
  ["soup3-sys", ["libsoup_3"]],
  ["gstreamer-sys", ["gst_all_1.gstreamer"]],
  ["freetype-sys", ["freetype"]],
  ["yeslogic-fontconfig-sys", ["fontconfig"]],
  ["cairo-sys-rs", ["cairo"]],
  ["pango-sys", ["pango"]],
  ["ffmpeg-sys-next", ["ffmpeg"]],
  ["libvips", ["vips"]],
  ["magick_rust", ["imagemagick"]],
  ["opencv", ["opencv"]],
  ["leptonica-sys", ["leptonica"]],
  ["tesseract-sys", ["tesseract"]],
  ["libxml", ["libxml2"]],
  ["portaudio", ["portaudio"]],
  ["jack-sys", ["libjack2"]],
  ["libpulse-sys", ["libpulseaudio"]],
  ["libspa-sys", ["pipewire"]],
  ["sdl2-sys", ["SDL2"]],
  ["zmq-sys", ["zeromq"]],
  ["pcap", ["libpcap"]],
  ["pcsc-sys", ["pcsclite"]],
  ["gdal-sys", ["gdal"]],
  ["proj-sys", ["proj"]],
  ["geos-sys", ["geos"]],
  ["hdf5-sys", ["hdf5"]],
  ["odbc-sys", ["unixODBC"]],
  ["gpgme-sys", ["gpgme"]],
  ["nettle-sys", ["nettle"]],
  ["tss-esapi-sys", ["tpm2-tss"]],
  ["clang-sys", ["libclang"]],
  ["librocksdb-sys", ["libclang"]],
  ["prost-build", ["protobuf"]],
  ["protobuf-src", []],
  ["wayland-sys", ["wayland"]],
  ["x11", ["xorg.libX11"]],
]);

/** What stands in the manifest where there is no lockfile. */
const ASKED: ReadonlyMap<string, readonly string[]> = new Map([
  ["openssl", ["openssl"]],
  ["native-tls", ["openssl"]],
  ["tokio-native-tls", ["openssl"]],
  ["alsa", ["alsa-lib"]],
  ["gtk", ["gtk3"]],
  ["gtk4", ["gtk4"]],
  ["ffmpeg-next", ["ffmpeg"]],
  ["sdl2", ["SDL2"]],
  ["zmq", ["zeromq"]],
  ["gdal", ["gdal"]],
  ["tonic-build", ["protobuf"]],
  ["tauri", ["gtk3", "webkitgtk_4_1"]],
  ["cpal", ["alsa-lib"]],
  ["bevy", ["alsa-lib", "systemd"]],
]);

/** Crates whose default speaks TLS by OpenSSL; a feature or its absence changes that. */
const TLS: ReadonlySet<string> = new Set(["reqwest", "teloxide", "lettre"]);

/** With them a crate compiles its own. */
const VENDORED = ["vendored", "bundled", "vendored-openssl", "static"];

function asked(crate: Crate): readonly string[] {
  const { name, features } = crate;
  if (features.some((feature) => VENDORED.includes(feature))) return [];
  if (name === "rusqlite" || name === "libsqlite3-sys") return ["sqlite"];
  if (name === "diesel" && features.includes("sqlite")) return ["sqlite"];
  if (name === "git2") return [];
  if (
    features.some((feature) => /native-tls|(?:^|[-_])openssl$/.test(feature))
  ) {
    return ["openssl"];
  }
  if (
    TLS.has(name) && crate.hasDefaults &&
    !/^0\.1[3-9]/.test(crate.version ?? "")
  ) return ["openssl"];
  return ASKED.get(name) ?? CRATES.get(name) ?? [];
}

export interface Locked {
  line: number;
  needs: string[];
}

/** Lockfiles by path: one is of all members of a workspace, and read once. */
export type Locks = Map<string, ReadonlyMap<string, Locked>>;

/** Crates of a Cargo.lock: a line each for the name, then what they need. */
function readLock(reading: Reading, file: string): Map<string, Locked> {
  const crates = new Map<string, Locked>();
  let open: Locked | null = null;
  let isListing = false;
  for (const { number, text } of reading.lines(file)) {
    if (text.startsWith('name = "')) {
      const name = text.slice(8, text.indexOf('"', 8));
      open = crates.get(name) ?? { line: number, needs: [] };
      crates.set(name, open);
    } else if (text.startsWith("dependencies = [")) isListing = true;
    else if (text.startsWith("]")) isListing = false;
    else if (isListing && text.startsWith(' "')) {
      open?.needs.push(/^ "([^" ]{1,200})/.exec(text)?.[1] ?? "");
    }
  }
  return crates;
}

/** The lockfile of a package: beside it, or beside its workspace. */
export function lockOf(reading: Reading, manifest: Manifest): string | null {
  const directory = manifest.workspace?.directory ?? manifest.directory;
  const path = joinPath(directory, "Cargo.lock") ?? "";
  return reading.tree.has(path) ? path : null;
}

/** What is locked for one package, not for others of its workspace. */
function neededBy(
  crates: ReadonlyMap<string, Locked>,
  name: string,
): Map<string, number> {
  const found = new Map<string, number>();
  const open = [name];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const crate = crates.get(next);
    if (crate === undefined || found.has(next)) continue;
    found.set(next, crate.line);
    open.push(...crate.needs);
  }
  return found;
}

export function claimNative(
  reading: Reading,
  draft: Draft,
  of: { manifest: Manifest; locks: Locks },
): void {
  const { manifest, locks } = of;
  const lock = lockOf(reading, manifest);
  if (lock !== null && !locks.has(lock)) {
    locks.set(lock, readLock(reading, lock));
  }
  const locked = lock === null
    ? new Map<string, number>()
    : neededBy(locks.get(lock) ?? new Map(), manifest.name?.value ?? "");
  // A stub or a stale one says nothing of what is not in it.
  const isLocked = locked.size > 1;
  for (const [name, line] of locked) {
    // Compiled by openssl-src, then not the system's.
    if (name === "openssl-sys" && locked.has("openssl-src")) continue;
    for (const library of CRATES.get(name) ?? []) {
      claim(draft, "nativeLibrary", library, "lock", {
        file: lock ?? "",
        line,
      });
    }
  }
  for (const crate of manifest.crates) {
    if (crate.isDev && !/-build$/.test(crate.name)) continue;
    const libraries =
      isLocked && (TLS.has(crate.name) || crate.features.length > 0)
        ? asked(crate).filter((library) => library !== "openssl")
        : asked(crate);
    for (const library of libraries) {
      claim(draft, "nativeLibrary", library, "manifest", crate.evidence);
    }
  }
  for (const { name, isDev, evidence } of broughtBy(manifest.crates)) {
    if (isDev) continue;
    for (const library of CRATES.get(name) ?? []) {
      claim(draft, "nativeLibrary", library, "manifest", evidence);
    }
  }
}
