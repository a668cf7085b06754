/**
 * The numbers of `git push -o check-index=N`: which plan revision a commit is
 * to be published on. Installs the hook that keeps them before a ref moves,
 * reads them, and forgets those that no push can need any more.
 *
 * A number belongs to the push that moved a branch to a commit. The last push
 * of that tip counts; one without the option takes the number away. A push
 * that was cut off behind the hook leaves a number that nothing asks for, until
 * the same tip is pushed again and says anew what it wants.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { writeFileAtomic } from "../files/mod.ts";
import preReceive from "./hooks/pre_receive.sh" with { type: "text" };

/** Below a repository. The hook has the same words. */
const DIRECTORY = "procurator/check-index";
/** No push lasts so long: a number without its tip is of one that ended. Milliseconds. */
const MAX_AGE_MS = 24 * 3_600_000;
/** `N REF`: 16 digits and a ref that git takes. */
const MAX_BYTES = 8192;

/** Writes the hooks that git runs for every repository, readable and executable by all. */
export async function installHooks(directory: string): Promise<void> {
  await Deno.mkdir(directory, { recursive: true, mode: 0o750 });
  await writeFileAtomic(`${directory}/pre-receive`, preReceive, {
    mode: 0o755,
  });
}

/** What git needs to know to run them, whatever a repository's own configuration says. */
export function hooksEnvironment(directory: string): Record<string, string> {
  return {
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: "core.hooksPath",
    GIT_CONFIG_VALUE_0: directory,
  };
}

/** The file of a tip; as `git hash-object` names the ref. */
function fileOf(branch: string, commit: string): string {
  const ref = `refs/heads/${branch}`;
  const length = new TextEncoder().encode(ref).length;
  const hash = createHash("sha1").update(`blob ${length}\0${ref}`)
    .digest("hex");
  return `${commit}.${hash}`;
}

async function filesIn(directory: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(directory)) names.push(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names;
}

function indexIn(text: string, branch: string): number | null {
  const [, digits, ref] = /^(\d{1,16}) (.*)\n$/.exec(text) ?? [];
  const index = Number(digits);
  if (ref !== `refs/heads/${branch}` || !Number.isSafeInteger(index)) {
    return null;
  }
  return index;
}

/** A branch as it was read before: the number is kept before the ref moves, so it must be looked for after it. */
interface Tip {
  name: string;
  commit: string;
}

/** No plan ever is at this revision: what cannot be read refuses its own commit, and no other repository's. */
const DAMAGED = Number.MAX_SAFE_INTEGER;

/** The number that each of these tips was pushed with; tips without one are left out. */
export async function readCheckIndexes(
  repository: string,
  tips: readonly Tip[],
): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  const files = new Set(await filesIn(`${repository}/${DIRECTORY}`));
  for (const { name, commit } of tips) {
    const file = fileOf(name, commit);
    if (!files.has(file)) continue;
    const path = `${repository}/${DIRECTORY}/${file}`;
    const text = await readSmall(path);
    // Taken away in the meantime: by a push of this tip that says nothing.
    if (text === null) continue;
    found.set(name, indexIn(text, name) ?? DAMAGED);
  }
  return found;
}

async function readSmall(path: string): Promise<string | null> {
  try {
    const { size } = await Deno.stat(path);
    return size > MAX_BYTES ? "" : await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Removes the numbers of commits that are no branch's tip, once no push can be under way for them. */
export async function forgetCheckIndexes(
  repository: string,
  tips: readonly Tip[],
  nowMs: number,
): Promise<void> {
  const directory = `${repository}/${DIRECTORY}`;
  const kept = new Set(tips.map(({ name, commit }) => fileOf(name, commit)));
  for (const file of await filesIn(directory)) {
    if (kept.has(file)) continue;
    const path = `${directory}/${file}`;
    try {
      const { mtime } = await Deno.stat(path);
      if (nowMs - (mtime?.getTime() ?? nowMs) < MAX_AGE_MS) continue;
      await Deno.remove(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}
