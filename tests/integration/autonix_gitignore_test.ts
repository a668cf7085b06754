/**
 * What `.gitignore` leaves out, against git itself: random trees with random
 * patterns, the odd ones included.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { openRoot, scan } from "../../autonix/scan.ts";
import { runChecked } from "../../roles/process/mod.ts";
import { tempDir } from "../support/temp.ts";

/** Trees of one repository: git is asked once for all of them. */
const TREES = 100;
const RUNS = 3;

const name = fc.constantFrom(
  ...["a", "b", "ab", "abc", "a.b", "a.log", ".b", "b b", "c ", "é", "a[b"],
  ...["A", "#a", "!b", "a-b", "b]", "1", "a\\b", "**"],
);
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) =>
  parts.join("/")
);
const piece = fc.oneof(
  { weight: 6, arbitrary: name },
  {
    weight: 6,
    arbitrary: fc.constantFrom("*", "**", "?", "*.", "***", "**/", "/**", "/"),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      ...["[ab]", "[!a]", "[^b]", "[a-c]", "[]a]", "[a-]", "[[:alpha:]]"],
      ...["[[:upper:]x]", "[[:no:]]", "[[:]", "[\\]]", "[a", "[--b]", "[b-a]"],
      ...["[a/b]", "[!/]", "[a-c-e]", "[\\a-\\c]", "[[:digit:]-z]"],
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom("\\", "\\*", "\\ ", " ", "\\/", "\t", "\r"),
  },
);
const pattern = fc.tuple(
  fc.constantFrom("", "", "", "!", "/", "!/", "\\!", "#"),
  fc.array(piece, { maxLength: 5 }),
  fc.constantFrom("", "", "/", " ", "\\ ", "\r"),
).map(([before, pieces, after]) => before + pieces.join("") + after);
const ignore = fc.array(pattern, { maxLength: 6 });

interface Tree {
  files: string[];
  ignores: (readonly [string, string[]])[];
}
const tree: fc.Arbitrary<Tree> = fc.record({
  files: fc.array(path, { minLength: 3, maxLength: 14 }),
  ignores: fc.array(fc.tuple(fc.constantFrom("", "a/", "b/", "a/b/"), ignore), {
    minLength: 1,
    maxLength: 3,
  }),
});

/** A name may be a file in one path and a directory in another: whoever comes first. */
async function write(file: string, text: string): Promise<void> {
  try {
    await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(file, text);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
  }
}

async function make(root: string, { files, ignores }: Tree): Promise<void> {
  for (const file of files) await write(`${root}/${file}`, "");
  for (const [directory, patterns] of ignores) {
    await write(`${root}/${directory}.gitignore`, patterns.join("\n"));
  }
}

/** What is not left out, as git has it. */
async function askGit(root: string): Promise<string[]> {
  const text = await runChecked(
    "git",
    ["ls-files", "-z", "-o", "--exclude-standard"],
    {
      cwd: root,
      env: { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" },
    },
  );
  return text.split("\0").filter((file) => file !== "").sort();
}

Deno.test("gitignore: what is left out is what git leaves out", async () => {
  const trees = fc.array(tree, { minLength: TREES, maxLength: TREES });
  const check = async (all: readonly Tree[], exclude: readonly string[]) => {
    await using directory = await tempDir();
    const root = directory.path;
    await runChecked("git", ["init", "-q", root]);
    await Deno.writeTextFile(
      `${root}/.git/info/exclude`,
      exclude.join("\n"),
    );
    for (const [index, one] of all.entries()) {
      await make(`${root}/t${index}`, one);
    }
    const { files } = await scan(openRoot(root));
    const expected = await askGit(root);
    const wrong = new Set(files).symmetricDifference(new Set(expected));
    const [first = ""] = wrong;
    const index = /^t(\d+)\//.exec(first)?.[1] ?? "";
    assert.deepEqual(
      [...wrong],
      [],
      JSON.stringify([exclude, all[Number(index)]]),
    );
  };
  await fc.assert(fc.asyncProperty(trees, ignore, check), {
    numRuns: RUNS,
    // A failing repository names its tree; making it smaller asks git hundreds of times.
    endOnFailure: true,
  });
});
