/**
 * Writes cpio archives of the `newc` form, which Linux unpacks as its first
 * file system. Pure; the format is in the kernel's
 * Documentation/driver-api/early-userspace/buffer-format.rst.
 *
 * @module
 */

/** A directory, a file, or a character device. */
export type CpioEntry =
  & { name: string; mode: number }
  & (
    | { kind: "directory" }
    | { kind: "file"; content: Uint8Array }
    | { kind: "device"; major: number; minor: number }
  );

const TYPES = { directory: 0o040000, file: 0o100000, device: 0o020000 };
const TRAILER: CpioEntry = {
  kind: "file",
  name: "TRAILER!!!",
  mode: 0,
  content: new Uint8Array(0),
};

function padded(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  whole.set(bytes);
  return whole;
}

function hex(value: number): string {
  return value.toString(16).toUpperCase().padStart(8, "0");
}

function entryBytes(entry: CpioEntry, inode: number): Uint8Array[] {
  const content = entry.kind === "file" ? entry.content : new Uint8Array(0);
  const [major, minor] = entry.kind === "device"
    ? [entry.major, entry.minor]
    : [0, 0];
  const name = `${entry.name}\0`;
  const fields = [
    inode,
    TYPES[entry.kind] | entry.mode,
    0, // uid
    0, // gid
    entry.kind === "directory" ? 2 : 1, // links
    0, // time
    content.length,
    0, // of the device it is on
    0,
    major,
    minor,
    new TextEncoder().encode(name).length,
    0, // checksum, of the other form
  ];
  // The header has 110 bytes: name and header are padded together.
  const header = `070701${fields.map(hex).join("")}${name}`;
  return [padded(new TextEncoder().encode(header)), padded(content)];
}

/** The archive of these entries; directories come before what is in them. */
export function cpioArchive(entries: readonly CpioEntry[]): Uint8Array {
  const parts = [...entries, TRAILER].flatMap((entry, index) =>
    entryBytes(entry, index + 1)
  );
  const archive = new Uint8Array(
    parts.reduce((sum, { length }) => sum + length, 0),
  );
  let at = 0;
  for (const part of parts) {
    archive.set(part, at);
    at += part.length;
  }
  return archive;
}
