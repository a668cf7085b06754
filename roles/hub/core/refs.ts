/**
 * Reads what `git for-each-ref` prints, and decides which branch HEAD names.
 *
 * @module
 */

/** A branch and its last commit. */
export interface Branch {
  name: string;
  commit: string;
  subject: string;
  /** Milliseconds since the Unix epoch. */
  committedAtMs: number;
}

/** Branches listed of one repository: pages and ci read them all at once. */
export const MAX_BRANCHES = 1000;

/** Fields are parted by NUL, which no ref and no subject can hold. */
export const REF_FORMAT =
  "%(refname)%00%(objectname)%00%(committerdate:unix)%00%(contents:subject)";

/** Longest subject that is kept. */
const MAX_SUBJECT = 200;

export function parseBranches(text: string): Branch[] {
  const branches: Branch[] = [];
  for (const line of text.split("\n")) {
    const [ref = "", commit = "", seconds = "", subject = ""] = line.split(
      "\0",
    );
    if (!ref.startsWith("refs/heads/") || !/^[0-9a-f]{40,64}$/.test(commit)) {
      continue;
    }
    branches.push({
      name: ref.slice("refs/heads/".length),
      commit,
      subject: subject.slice(0, MAX_SUBJECT),
      committedAtMs: (Number.parseInt(seconds, 10) || 0) * 1000,
    });
  }
  return branches;
}

/** The branch that a HEAD file names, or null when it names none. */
export function parseHead(text: string): string | null {
  return /^ref: refs\/heads\/(\S+)\s*$/.exec(text)?.[1] ?? null;
}

/**
 * The branch HEAD should name: the one it names when that exists or nothing was
 * pushed yet, else main, master, or the first by name. So the first push decides,
 * whatever a user's `init.defaultBranch` is.
 */
export function chooseHead(
  head: string | null,
  branches: readonly string[],
): string | null {
  if (branches.length === 0) return head;
  if (head !== null && branches.includes(head)) return head;
  for (const usual of ["main", "master"]) {
    if (branches.includes(usual)) return usual;
  }
  return [...branches].sort()[0] ?? head;
}
