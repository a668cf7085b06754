/**
 * What directories hold, by name and kind.
 *
 * Deno gives an object with five fields for each name, which takes longer than
 * the kernel does: half of a scan of 70,000 files. So from some hundred
 * directories on the kernel is asked directly, as C programs do, and its bytes
 * become names in one piece. Wherever that is not possible (another system or
 * C library, no permission, a disk that tells no kinds) and whenever it fails,
 * Deno is asked, which also says what is wrong.
 *
 * @module
 */

/** What a directory holds; sockets and devices are left out. */
export interface DirectoryNames {
  /** Names of files, and of directories with a slash at their end, in any order. */
  entries: string[];
  /** Names of symbolic links. */
  links: string[];
}

/** Directories before the kernel is asked directly: to open the library takes as long as some hundred of them. */
const FEW_DIRECTORIES = 200;
/** Most directories fit at once; the kernel is asked again until nothing is left. */
const BUFFER_BYTES = 64 * 1024;
const SIZE = BigInt(BUFFER_BYTES);
/** `PATH_MAX` of Linux, with the NUL at its end. */
const PATH_BYTES = 4_096;

/** `O_RDONLY`, `O_NONBLOCK`, `O_CLOEXEC`: the same number wherever `O_DIRECTORY` below is known. */
const OPEN_FLAGS = 0o2004000;
/** `O_DIRECTORY`, which differs. */
const ONLY_DIRECTORY: Readonly<Record<string, number>> = {
  x86_64: 0o200000,
  aarch64: 0o40000,
};

// `struct linux_dirent64`: u64 inode, i64 offset, u16 length, u8 kind, name, NUL.
const LENGTH_AT = 16;
const KIND_AT = 18;
const NAME_AT = 19;
/** `DT_UNKNOWN`, `DT_DIR`, `DT_REG`, `DT_LNK`. */
const KIND = { unknown: 0, directory: 4, file: 8, link: 10 } as const;
const DOT = 46;
const SLASH = 47;

const SYMBOLS = {
  open: { parameters: ["buffer", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  // The count is below the buffer's size: the lower half tells all, -1 too.
  getdents64: { parameters: ["i32", "buffer", "usize"], result: "i32" },
} as const;

type Library = Deno.DynamicLibrary<typeof SYMBOLS>;

/** Null where it cannot be had; nobody is asked for a permission. */
function openLibrary(): Library | null {
  if (Deno.build.os !== "linux") return null;
  if (ONLY_DIRECTORY[Deno.build.arch] === undefined) return null;
  if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") {
    return null;
  }
  try {
    return Deno.dlopen("libc.so.6", SYMBOLS);
  } catch {
    // Another C library.
    return null;
  }
}

/** @throws what Deno throws when a directory cannot be read. */
function namesByDeno(path: string): DirectoryNames {
  const entries: string[] = [];
  const links: string[] = [];
  // The whole list is there at once; going through it asks the disk nothing.
  for (const entry of Deno.readDirSync(path)) {
    if (entry.isFile) entries.push(entry.name);
    else if (entry.isDirectory) entries.push(`${entry.name}/`);
    else if (entry.isSymlink) links.push(entry.name);
  }
  return { entries, links };
}

/** Names as bytes, a NUL after each, until they are made texts all at once. */
class NameBytes {
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #bytes = new Uint8Array(BUFFER_BYTES);
  #length = 0;

  clear(): void {
    this.#length = 0;
  }

  /** Adds the name that begins at `from` of `source`. */
  add(source: Uint8Array, from: number, isDirectory: boolean): void {
    let to = this.#length;
    for (let at = from;; at++) {
      const byte = source[at] ?? 0;
      if (byte === 0) break;
      this.#bytes[to++] = byte;
    }
    if (isDirectory) this.#bytes[to++] = SLASH;
    this.#bytes[to++] = 0;
    this.#length = to;
  }

  /** Room for what one more answer of the kernel may hold. */
  reserve(): void {
    if (this.#bytes.length - this.#length >= BUFFER_BYTES) return;
    const larger = new Uint8Array(2 * this.#bytes.length + BUFFER_BYTES);
    larger.set(this.#bytes);
    this.#bytes = larger;
  }

  /** What is no UTF-8 becomes replacement characters, as Deno has it. */
  texts(): string[] {
    if (this.#length === 0) return [];
    const bytes = this.#bytes.subarray(0, this.#length - 1);
    return this.#decoder.decode(bytes).split("\0");
  }
}

/** The kernel, asked directly. */
class Kernel {
  readonly #library: Library;
  readonly #flags = OPEN_FLAGS | (ONLY_DIRECTORY[Deno.build.arch] ?? 0);
  readonly #encoder = new TextEncoder();
  readonly #path = new Uint8Array(PATH_BYTES);
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  readonly #entries = new NameBytes();
  readonly #links = new NameBytes();

  constructor(library: Library) {
    this.#library = library;
  }

  close(): void {
    this.#library.close();
  }

  /** Null when it could not be done this way. */
  names(path: string): DirectoryNames | null {
    const { read, written } = this.#encoder.encodeInto(path, this.#path);
    if (read < path.length || written >= PATH_BYTES) return null;
    this.#path[written] = 0;
    const { open, close } = this.#library.symbols;
    const descriptor = open(this.#path, this.#flags);
    if (descriptor < 0) return null;
    try {
      return this.#readAll(descriptor)
        ? { entries: this.#entries.texts(), links: this.#links.texts() }
        : null;
    } finally {
      close(descriptor);
    }
  }

  #readAll(descriptor: number): boolean {
    this.#entries.clear();
    this.#links.clear();
    for (;;) {
      const count = this.#library.symbols.getdents64(
        descriptor,
        this.#buffer,
        SIZE,
      );
      if (count <= 0) return count === 0;
      if (!this.#take(count)) return false;
    }
  }

  /** Takes what one call gave; false where the disk does not tell kinds. */
  #take(count: number): boolean {
    const buffer = this.#buffer;
    this.#entries.reserve();
    this.#links.reserve();
    for (let at = 0; at < count;) {
      const kind = buffer[at + KIND_AT];
      const from = at + NAME_AT;
      at += (buffer[at + LENGTH_AT] ?? 0) |
        (buffer[at + LENGTH_AT + 1] ?? 0) << 8;
      if (kind === KIND.file) this.#entries.add(buffer, from, false);
      else if (kind === KIND.directory) {
        if (!isDots(buffer, from)) this.#entries.add(buffer, from, true);
      } else if (kind === KIND.link) this.#links.add(buffer, from, false);
      else if (kind === KIND.unknown) return false;
    }
    return true;
  }
}

/** `.` and `..`. */
function isDots(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== DOT) return false;
  return bytes[at + 1] === 0 || bytes[at + 1] === DOT && bytes[at + 2] === 0;
}

/** Reads directories, one after the other. */
export class DirectoryReader implements Disposable {
  readonly #few: number;
  #count = 0;
  #kernel: Kernel | null = null;

  /** `few` directories are asked of Deno before the kernel is. */
  constructor(few = FEW_DIRECTORIES) {
    this.#few = few;
  }

  /** @throws what Deno throws when a directory cannot be read. */
  names(path: string): DirectoryNames {
    if (this.#count++ === this.#few) {
      const library = openLibrary();
      if (library !== null) this.#kernel = new Kernel(library);
    }
    return this.#kernel?.names(path) ?? namesByDeno(path);
  }

  [Symbol.dispose](): void {
    this.#kernel?.close();
    this.#kernel = null;
  }
}
