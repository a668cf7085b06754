/**
 * A commit is what a checkout of it is: every fixture, and trees that were made
 * to be different, byte by byte.
 */
import assert from "node:assert/strict";
import { dirname } from "node:path";
import {
  examineCommit,
  examinePath,
  findCommit,
  SERVICE_LIMITS,
} from "../../autonix/mod.ts";
import { Analysis } from "../../roles/model/analysis.ts";
import { AppError } from "../../roles/model/errors.ts";
import { runChecked } from "../../roles/process/mod.ts";
import { fixtureRepos } from "../support/fixture_repo.ts";
import { git } from "../support/hub.ts";
import { writeFiles } from "../support/files.ts";
import { tempDir } from "../support/temp.ts";

/** Fixtures that are a repository of their own, too: one in so many. */
const ALONE_EVERY = 150;

/** Commits all of a work tree; gives the commit. */
async function commitAll(work: string): Promise<string> {
  await git(work, "init", "-q", "-b", "main");
  // Thousands of files, each synced otherwise.
  await git(work, "config", "core.fsync", "none");
  await git(work, "add", "--force", ".");
  await git(work, "commit", "-q", "--allow-empty", "-m", "all");
  return (await git(work, "rev-parse", "HEAD")).trim();
}

/** The same, in a bare repository beside it. */
async function committed(
  work: string,
): Promise<{ bare: string; commit: string }> {
  const commit = await commitAll(work);
  const bare = `${work}.git`;
  await git(work, "clone", "-q", "--bare", work, bare);
  return { bare, commit };
}

/** Examines the commit and a checkout of it that is made for that. */
async function assertSame(
  { bare, commit }: { bare: string; commit: string },
  checkout: string,
): Promise<Analysis> {
  await git(dirname(bare), "clone", "-q", bare, checkout);
  return await assertAlike(bare, commit, checkout);
}

/** The answers are the same. */
async function assertAlike(
  gitDirectory: string,
  commit: string,
  checkout: string,
): Promise<Analysis> {
  const path = await examinePath(checkout);
  const { isWhole, ...seen } = await examineCommit(gitDirectory, commit);
  assert.deepEqual(seen, path);
  assert.equal(JSON.stringify(seen), JSON.stringify(path));
  assert.equal(isWhole, true);
  return seen.analysis;
}

Deno.test("commit: every fixture is told as a checkout of it is", async () => {
  await using directory = await tempDir("commit");
  const work = `${directory.path}/all`;
  await Deno.mkdir(work);
  const repos = await fixtureRepos();
  assert.ok(repos.length >= 120);
  for (const [index, repo] of repos.entries()) {
    const roots = [`${work}/${repo.name}`];
    if (index % ALONE_EVERY === 0) roots.push(`${directory.path}/${index}`);
    for (const root of roots) {
      await Deno.mkdir(root, { recursive: true });
      await writeFiles(root, Object.fromEntries(repo.files));
      for (const [link, target] of repo.links) {
        await Deno.mkdir(dirname(`${root}/${link}`), { recursive: true });
        await Deno.symlink(target, `${root}/${link}`);
      }
    }
  }
  // What was committed whole is a checkout of its commit.
  const all = await assertAlike(`${work}/.git`, await commitAll(work), work);
  assert.ok(all.applications.length > repos.length / 2);
  for (let index = 0; index < repos.length; index += ALONE_EVERY) {
    const own = `${directory.path}/${index}`;
    await assertAlike(`${own}/.git`, await commitAll(own), own);
  }
});

const GO = "module example.org/a\n\ngo 1.22\n";
const MAIN = "package main\n\nfunc main() {}\n";

Deno.test("commit: links lead where a disk's do", async () => {
  await using directory = await tempDir("commit");
  const tree = `${directory.path}/tree`;
  await writeFiles(tree, {
    "real/go.mod": GO,
    "real/main.go": MAIN,
    "real/deep/package.json": '{"name":"deep","scripts":{"start":"node ."}}',
    "node_modules/hidden/go.mod": "module hidden\n",
    ".gitignore": "ignored/\n",
    "ignored/go.mod": "module ignored\n",
  });
  const links = {
    "a/go.mod": "../real/go.mod",
    "a/main.go": "./../real//./main.go",
    "through/package.json": "../to/package.json",
    "to": "real/deep",
    "twice/go.mod": "../a/go.mod",
    "vendored/go.mod": "../node_modules/hidden/go.mod",
    "left/go.mod": "../ignored/go.mod",
    "out/go.mod": "../../outside/go.mod",
    "back/go.mod": "../../tree/real/go.mod",
    "absolute/go.mod": "/etc/hostname",
    "git/go.mod": "../.git/config",
    "loop/go.mod": "go.mod",
    "round/a": "b",
    "round/b": "a",
    "nowhere/go.mod": "nothing",
    "slash/go.mod": "../real/go.mod/",
    "below/go.mod": "../real/go.mod/../main.go",
    "directory/go.mod": "../real",
    ".gitignore.link": ".gitignore",
    "listed/.gitignore": "../.gitignore",
    "listed/ignored": "../real/go.mod",
  };
  for (const [link, target] of Object.entries(links)) {
    await Deno.mkdir(dirname(`${tree}/${link}`), { recursive: true });
    await Deno.symlink(target, `${tree}/${link}`);
  }
  const { applications } = await assertSame(
    await committed(tree),
    `${directory.path}/out`,
  );
  assert.deepEqual(
    applications.map(({ path }) => path),
    ["a", "real", "real/deep", "through", "twice", "vendored"]
      .filter((path) => applications.some((one) => one.path === path)),
  );
  assert.ok(applications.some(({ path }) => path === "a"));
  assert.ok(!applications.some(({ path }) => path === "out"));
});

const bytes = (...parts: (string | number)[]) =>
  new Uint8Array(
    parts.flatMap((part) =>
      typeof part === "number" ? [part] : [...new TextEncoder().encode(part)]
    ),
  );

Deno.test("commit: names and bytes as they come", async () => {
  await using directory = await tempDir("commit");
  const work = `${directory.path}/work`;
  const manifest = '{"name":"x","scripts":{"start":"node x.js"}}';
  const wide = new Uint8Array([
    0xff,
    0xfe,
    ...new Uint8Array(
      new Uint16Array([...manifest].map((sign) => sign.charCodeAt(0))).buffer,
    ),
  ]);
  await writeFiles(work, {
    "new\nline/go.mod": GO,
    'quo"te/go.mod': GO,
    "tab\there/go.mod": GO,
    "${HOME}/package.json": manifest,
    "-rf/package.json": manifest,
    "--help/go.mod": GO,
    "ünï/go.mod": GO,
    "\ufffd/go.mod": GO,
    "bom/package.json": `\ufeff${manifest}`,
    "wide/package.json": wide,
    "latin/go.mod": bytes("module a // ", 0xe9, "\n"),
    "binary/package.json": bytes("{", 0, "}"),
    "late/package.json": `${manifest}${" ".repeat(9000)}\0`,
    "broken/package.json": '{"name": \n',
    "empty/package.json": "",
    "bom/.gitignore": "\ufeffgo.mod\n",
    "bom/go.mod": GO,
    "large/package-lock.json": " ".repeat(2 * 1024 * 1024 + 1),
    "large/package.json": manifest,
    [`${"d/".repeat(70)}go.mod`]: GO,
  });
  const out = `${directory.path}/out`;
  let analysis: Analysis;
  try {
    // What is no UTF-8: a shell writes it, Deno's names are texts.
    await runChecked("bash", [
      "-c",
      `cd "$1" && mkdir -p $'b\\xff' $'c\\xfe/d' && cp late/package.json $'b\\xff/' &&
     cp ./--help/go.mod $'c\\xfe/d/go.mod' && cp bom/go.mod $'a\\xfd.mod' &&
     cp broken/package.json $'x\\xff.csproj' && ln -s bom/go.mod $'l\\xff.csproj'`,
      "bash",
      work,
    ]);
    analysis = await assertSame(await committed(work), out);
  } finally {
    // Deno removes nothing whose name is no text.
    await runChecked("rm", ["-rf", work, out]);
  }
  Analysis.parse(analysis);
  const told = analysis.unknown.map(({ path, why }) => `${path}: ${why}`);
  assert.ok(told.some((line) => line.startsWith("x\ufffd.csproj: cannot be")));
  assert.ok(
    told.some((line) => line.startsWith("b\ufffd: cannot be")),
    `${told}`,
  );
  assert.ok(told.some((line) => /more than 64 directories deep/.test(line)));
});

Deno.test("commit: a submodule is an empty directory, an empty commit has no files", async () => {
  await using directory = await tempDir("commit");
  const work = `${directory.path}/work`;
  await writeFiles(work, { "go.mod": GO, "main.go": MAIN });
  await git(work, "init", "-q", "-b", "main");
  await git(
    work,
    "update-index",
    "--add",
    "--cacheinfo",
    `160000,${"a".repeat(40)},module`,
  );
  await git(work, "add", "go.mod", "main.go");
  await git(work, "commit", "-q", "-m", "all");
  const bare = `${work}.git`;
  await git(work, "clone", "-q", "--bare", work, bare);
  const commit = (await git(work, "rev-parse", "HEAD")).trim();
  await assertSame({ bare, commit }, `${directory.path}/out`);

  const empty = `${directory.path}/empty`;
  await Deno.mkdir(empty);
  const { unknown } = await assertSame(
    await committed(empty),
    `${directory.path}/empty-out`,
  );
  assert.match(unknown[0]?.why ?? "", /there are no files/);
});

/** A commit of trees that git would not make, nor take from a push. */
async function forged(
  dir: string,
  entries: readonly [mode: string, id: string, name: string][],
): Promise<string> {
  const raw = entries.flatMap(([mode, id, name]) => [
    ...new TextEncoder().encode(`${mode} ${name}\0`),
    ...(id.match(/../g) ?? []).map((pair) => parseInt(pair, 16)),
  ]);
  await Deno.writeFile(`${dir}/tree`, new Uint8Array(raw));
  const tree = (await git(
    dir,
    "hash-object",
    "-t",
    "tree",
    "-w",
    "--literally",
    "tree",
  )).trim();
  return (await git(dir, "commit-tree", tree, "-m", "forged")).trim();
}

Deno.test("commit: forged trees end nothing, and lead nowhere", async () => {
  await using directory = await tempDir("commit");
  const { path } = directory;
  await git(path, "init", "-q", "-b", "main");
  await writeFiles(path, { "go.mod": GO });
  const blob = (await git(path, "hash-object", "-w", "go.mod")).trim();
  const tree = (await git(path, "mktree", "--missing")).trim();
  const missing = "b".repeat(40);
  const commit = await forged(path, [
    ["100644", blob, "../go.mod"],
    ["100644", blob, "a//go.mod"],
    ["100644", blob, ".git/config"],
    ["100644", blob, "/etc/go.mod"],
    ["100644", blob, "go.mod"],
    ["100644", blob, "go.mod"],
    ["100644", missing, "package.json"],
    ["100644", tree, "Cargo.toml"],
    ["100644", blob, `${"x".repeat(100_000)}/go.mod`],
    ["120000", missing, "Gemfile"],
    ["160000", missing, ".."],
  ]);
  const { analysis } = await examineCommit(`${path}/.git`, commit);
  assert.deepEqual(analysis.applications.map((one) => one.path), ["."]);
  assert.deepEqual(
    analysis.unknown.filter(({ why }) => /cannot be read/.test(why))
      .map((one) => one.path),
    ["Cargo.toml", "package.json"],
  );
});

Deno.test("commit: what is no commit here is refused, and never reaches git as an option", async () => {
  await using directory = await tempDir("commit");
  const { path } = directory;
  await writeFiles(path, { "go.mod": GO });
  await git(path, "init", "-q", "-b", "main");
  await git(path, "add", ".");
  await git(path, "commit", "-q", "-m", "one");
  const commit = (await git(path, "rev-parse", "HEAD")).trim();
  const gitDirectory = `${path}/.git`;
  const code = async (id: string) => {
    try {
      await examineCommit(gitDirectory, id);
      return "nothing";
    } catch (error) {
      return error instanceof AppError ? error.code : String(error);
    }
  };
  const tree = (await git(path, "rev-parse", "HEAD^{tree}")).trim();
  assert.equal(await code("c".repeat(40)), "not_found");
  assert.equal(await code(tree), "not_found");
  for (
    const id of ["", "HEAD", "--output=x", commit.slice(1), `${commit}\n`]
  ) assert.equal(await code(id), "invalid", id);

  for (const revision of ["main", "HEAD", commit.slice(0, 8), commit]) {
    assert.equal((await findCommit(path, revision)).commit, commit);
  }
  for (const revision of ["", "none", "--all", "-h", "a\0b", "HEAD:go.mod"]) {
    await assert.rejects(findCommit(path, revision), { code: "not_found" });
  }
  await assert.rejects(findCommit(`${path}/nothing`, "HEAD"), {
    code: "not_found",
  });
  await assert.rejects(findCommit("/", "HEAD"), { code: "invalid" });
});

Deno.test("commit: refs that stand for others change nothing, a signal ends it, limits are told", async () => {
  await using directory = await tempDir("commit");
  const { path } = directory;
  await writeFiles(path, { "go.mod": GO, "main.go": MAIN });
  await git(path, "init", "-q", "-b", "main");
  await git(path, "add", ".");
  await git(path, "commit", "-q", "-m", "one");
  const commit = (await git(path, "rev-parse", "HEAD")).trim();
  await writeFiles(path, { "package.json": '{"name":"other"}' });
  await git(path, "add", ".");
  await git(path, "commit", "-q", "-m", "two");
  await git(path, "replace", commit, "HEAD");
  const gitDirectory = `${path}/.git`;
  const { analysis } = await examineCommit(gitDirectory, commit);
  assert.deepEqual(
    analysis.applications.map(({ language }) => language.value),
    ["go"],
  );
  await assert.rejects(
    examineCommit(gitDirectory, commit, {
      signal: AbortSignal.abort(new Error("enough")),
    }),
    /enough/,
  );
  const bounded = await examineCommit(gitDirectory, commit, {
    limits: {
      ...SERVICE_LIMITS,
      walk: { files: 1, entries: 1 },
    },
  });
  assert.equal(bounded.isWhole, false);
  assert.match(bounded.analysis.unknown[0]?.why ?? "", /more than 1 files/);
  const listed = await examineCommit(gitDirectory, commit, {
    limits: { ...SERVICE_LIMITS, listed: 1 },
  });
  assert.equal(listed.isWhole, false);
  const small = await examineCommit(gitDirectory, commit, {
    limits: SERVICE_LIMITS,
  });
  assert.equal(small.isWhole, true);
});
