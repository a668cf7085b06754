/**
 * The files of a commit, out of what git lists: names by directory, and where
 * links lead.
 *
 * Means what a checkout of the commit would mean on a disk: a link that leads
 * to a file of the commit is that file, whatever way it takes; a submodule is
 * an empty directory. Names that no checkout has (`..`, `.git`) are left out.
 * Never reads a blob.
 *
 * @module
 */
import { directoryOf } from "./file_tree.ts";

/** A blob, and how many bytes git says it has; null when git does not have it. */
export interface Blob {
  id: string;
  bytes: number | null;
}

/** Entries that are kept: names and ids of so many take some 150 MiB. */
export const MAX_LISTED = 500_000;
/** As Linux: a longer way is a loop. */
const MAX_HOPS = 40;
/** Longest path of a file, in bytes, as Linux has it. */
const MAX_PATH = 4096;
/**
 * Characters of paths that are looked up for all links together, some 100 ms:
 * a hundred times what ten thousand links take.
 */
const MAX_LOOKED_UP = 100_000_000;

const LINK = "120000";
const SUBMODULE = "160000";
const MODE_CHARS = 6;
const NUL = 0;
/** The sign that stands for bytes that are no UTF-8. */
const REPLACEMENT = "\ufffd";

/** True for a part of a path that a checkout can have; `.git` is git's own. */
function isName(part: string): boolean {
  return part !== "" && part !== "." && part !== ".." && part !== ".git";
}

/** True when all parts are names; most paths have nothing that begins with a dot. */
function isCheckedOut(path: string): boolean {
  if (path.length > MAX_PATH) return false;
  const isUsual = !path.startsWith(".") && !path.startsWith("/") &&
    !path.includes("/.") && !path.includes("//") && !path.endsWith("/");
  return isUsual || path.split("/").every(isName);
}

export class CommitListing {
  /** Names in each directory, those of directories with a slash. */
  readonly #names = new Map<string, string[]>([[".", []]]);
  /** `100644 blob ID SIZE` of each file and link. */
  readonly #heads = new Map<string, string>();
  readonly #links: string[] = [];
  /** Where links lead, as far as that is known. */
  readonly #targets = new Map<string, string>();
  /** The files that links lead to; null where they lead elsewhere. */
  readonly #led = new Map<string, string | null>();
  #leftToLookUp = MAX_LOOKED_UP;
  /** Files and directories that a disk would not find by the name that a text can have. */
  readonly #unreachable = new Set<string>();
  #count = 0;

  constructor(readonly most = MAX_LISTED) {}

  /** True when there are as many as are kept. */
  get isFull(): boolean {
    return this.#count >= this.most;
  }

  /**
   * Takes one entry: `MODE TYPE ID SIZE`, and its path; `isText` is false for a
   * path that had bytes that are no UTF-8.
   */
  add(head: string, path: string, isText: boolean): void {
    if (this.isFull) return;
    this.#count += 1;
    if (!isCheckedOut(path)) return;
    if (!isText) this.#addUnreachable(head, path);
    else if (head.startsWith(SUBMODULE)) this.#enter(path);
    else this.#addFile(head, path);
  }

  #addFile(head: string, path: string): void {
    this.#unreachable.delete(path);
    if (!this.#heads.has(path)) this.#name(path, "");
    this.#heads.set(path, head);
    if (head.startsWith(LINK)) this.#links.push(path);
  }

  /** The first part that is no text is there by name; what lies below it is not. */
  #addUnreachable(head: string, path: string): void {
    const at = path.indexOf(REPLACEMENT);
    const end = path.indexOf("/", at);
    if (end >= 0 || head.startsWith(SUBMODULE)) {
      const directory = end < 0 ? path : path.slice(0, end);
      if (this.#names.has(directory)) return;
      this.#enter(directory);
      this.#unreachable.add(directory);
    } else if (!this.#heads.has(path) && !head.startsWith(LINK)) {
      this.#name(path, "");
      this.#heads.set(path, head);
      this.#unreachable.add(path);
    }
  }

  #name(path: string, end: "" | "/"): void {
    const directory = directoryOf(path);
    const name = directory === "." ? path : path.slice(directory.length + 1);
    this.#enter(directory).push(name + end);
  }

  /** The names in a directory, which is made with those above it. */
  #enter(directory: string): string[] {
    const there = this.#names.get(directory);
    if (there !== undefined) return there;
    const made: string[] = [];
    this.#names.set(directory, made);
    this.#name(directory, "/");
    return made;
  }

  /** Every link. */
  get links(): readonly string[] {
    return this.#links;
  }

  /** Every regular file of this name. */
  filesNamed(name: string): string[] {
    const found: string[] = [];
    for (const [directory, names] of this.#names) {
      if (!names.includes(name)) continue;
      const path = directory === "." ? name : `${directory}/${name}`;
      if (this.isRegular(path)) found.push(path);
    }
    return found;
  }

  /** True for a file that is no link. */
  isRegular(path: string): boolean {
    const head = this.#heads.get(path);
    return head !== undefined && !head.startsWith(LINK);
  }

  /** Whether a disk would say that it is not there. */
  isUnreachable(path: string): boolean {
    return this.#unreachable.has(path);
  }

  /** Says where a link leads. */
  setTarget(link: string, target: string): void {
    this.#targets.set(link, target);
  }

  /** Names in a directory: links to files are files, other links are not there. */
  entriesOf(directory: string): string[] {
    const names = this.#names.get(directory) ?? [];
    if (this.#links.length === 0) return names;
    const prefix = directory === "." ? "" : `${directory}/`;
    return names.filter((name) => {
      const head = this.#heads.get(prefix + name);
      return head === undefined || !head.startsWith(LINK) ||
        this.#fileAt(prefix + name) !== null;
    });
  }

  /** The blob of a link itself, or of a file. */
  ownBlob(path: string): Blob | null {
    const head = this.#heads.get(path);
    if (head === undefined) return null;
    // `100644 blob ID    SIZE`; a size is no number when git lacks the object.
    const id = head.indexOf(" ", MODE_CHARS + 1) + 1;
    const end = head.indexOf(" ", id);
    const bytes = Number(head.slice(end));
    return {
      id: head.slice(id, end),
      bytes: Number.isSafeInteger(bytes) ? bytes : null,
    };
  }

  /** The blob of a file, or of the one that a link leads to. */
  blobOf(path: string): Blob | null {
    const file = this.#fileAt(path);
    return file === null ? null : this.ownBlob(file);
  }

  /** The file that a path of the listing is; null for a link that leads to none. */
  #fileAt(path: string): string | null {
    if (this.isRegular(path)) return path;
    const known = this.#led.get(path);
    if (known !== undefined) return known;
    const file = this.#follow(path);
    this.#led.set(path, file);
    return file;
  }

  /** As the kernel finds its way: part by part, the way of a link in its place. */
  #follow(path: string): string | null {
    const left = path.split("/").reverse();
    let at = ".";
    let hops = 0;
    for (let part = left.pop(); part !== undefined; part = left.pop()) {
      if (part === "" || part === ".") continue;
      if (part === "..") {
        if (at === ".") return null;
        at = directoryOf(at);
        continue;
      }
      const here = at === "." ? part : `${at}/${part}`;
      this.#leftToLookUp -= here.length;
      if (this.#leftToLookUp < 0) return null;
      const head = this.#heads.get(here);
      if (head === undefined) {
        if (!this.#names.has(here)) return null;
        at = here;
      } else if (head.startsWith(LINK)) {
        const target = this.#targets.get(here);
        hops += 1;
        if (target === undefined || hops > MAX_HOPS) return null;
        if (target.startsWith("/")) return null;
        left.push(...target.split("/").reverse());
      } else return left.length === 0 ? here : null;
    }
    return null;
  }
}

const lenient = new TextDecoder("utf-8", { ignoreBOM: true });
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function isUtf8(bytes: Uint8Array): boolean {
  try {
    strict.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function joined(left: Uint8Array, right: Uint8Array): Uint8Array {
  const both = new Uint8Array(left.length + right.length);
  both.set(left);
  both.set(right, left.length);
  return both;
}

/** A path of the greatest length, and what stands before it. */
const MAX_LINE_BYTES = MAX_PATH + 256;

/** Takes `git ls-tree -r -z -l` piece by piece. */
export class ListingParser {
  readonly #listing: CommitListing;
  #rest: Uint8Array = new Uint8Array();

  constructor(listing: CommitListing) {
    this.#listing = listing;
  }

  push(piece: Uint8Array): void {
    const end = piece.lastIndexOf(NUL) + 1;
    if (end === 0) {
      // What is longer than any path is cut, and left out for its length.
      if (this.#rest.length > MAX_LINE_BYTES) return;
      this.#rest = joined(this.#rest, piece);
      return;
    }
    const whole = joined(this.#rest, piece.subarray(0, end));
    this.#rest = piece.slice(end);
    const text = lenient.decode(whole);
    if (text.includes(REPLACEMENT)) this.#addEach(whole);
    else for (const line of text.split("\0")) this.#addLine(line, true);
  }

  /** The same where names are told apart byte by byte. */
  #addEach(bytes: Uint8Array): void {
    let at = 0;
    for (let end = bytes.indexOf(NUL); end >= 0; end = bytes.indexOf(NUL, at)) {
      const line = bytes.subarray(at, end);
      this.#addLine(lenient.decode(line), isUtf8(line));
      at = end + 1;
    }
  }

  #addLine(line: string, isText: boolean): void {
    const tab = line.indexOf("\t");
    if (tab < 0) return;
    this.#listing.add(line.slice(0, tab), line.slice(tab + 1), isText);
  }
}
