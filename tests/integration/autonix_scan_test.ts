/**
 * The disk as Autonix reads it: links, what is no file, what cannot be read,
 * names as they come.
 */
import assert from "node:assert/strict";
import { dirname } from "node:path";
import type { FileTree } from "../../autonix/core/file_tree.ts";
import { analyzePath } from "../../autonix/mod.ts";
import { openRoot, scan } from "../../autonix/scan.ts";
import { Analysis } from "../../roles/model/analysis.ts";
import { AppError } from "../../roles/model/errors.ts";
import { runChecked } from "../../roles/process/mod.ts";
import { writeFiles } from "../support/files.ts";
import { tempDir } from "../support/temp.ts";

const AUTONIX = new URL("../../autonix/mod.ts", import.meta.url).pathname;
const CONFIG = new URL("../../deno.json", import.meta.url).pathname;

async function scanned(root: string): Promise<FileTree> {
  return await scan(openRoot(root));
}

Deno.test("scan: files and the texts of manifests", async () => {
  await using directory = await tempDir();
  const { path } = directory;
  await writeFiles(path, {
    "go.mod": "module example.org/a\n",
    "picture.png": "text all the same",
    "node_modules/a/go.mod": "module b\n",
  });
  const tree = await scanned(path);
  assert.deepEqual(tree.files, ["go.mod", "picture.png"]);
  assert.equal(tree.text("go.mod"), "module example.org/a\n");
  assert.equal(tree.text("picture.png"), null);
});

Deno.test("scan: what git was told to leave out in this clone is left out", async () => {
  await using directory = await tempDir();
  const { path } = directory;
  await writeFiles(path, { "a/go.mod": "", "b/go.mod": "" });
  await runChecked("git", ["init", "-q", path]);
  await writeFiles(path, { ".git/info/exclude": "/b/\n" });
  assert.deepEqual((await scanned(path)).files, ["a/go.mod"]);
});

Deno.test("scan: a link is the file it leads to, and leads nowhere else", async () => {
  await using directory = await tempDir();
  const { path } = directory;
  const root = `${path}/root`;
  await writeFiles(path, {
    "outside/go.mod": "module outside\n",
    "root/real/go.mod": "module inside\n",
    "root/.git/config": "[credential]\n",
  });
  const links = {
    "a/go.mod": "../real/go.mod",
    "b/go.mod": "../../outside/go.mod",
    "c/go.mod": `${path}/outside/go.mod`,
    "d/go.mod": "../.git/config",
    "e/go.mod": "go.mod",
    "f": "real",
    "g": ".",
    "h": "/",
    "i/go.mod": "nowhere",
  };
  for (const [link, target] of Object.entries(links)) {
    await Deno.mkdir(dirname(`${root}/${link}`), { recursive: true });
    await Deno.symlink(target, `${root}/${link}`);
  }
  const tree = await scanned(root);
  assert.deepEqual(tree.files, ["a/go.mod", "real/go.mod"]);
  assert.equal(tree.text("a/go.mod"), "module inside\n");
  assert.deepEqual(tree.omissions, []);
});

Deno.test("scan: the root may be a link itself", async () => {
  await using directory = await tempDir();
  const { path } = directory;
  await writeFiles(path, { "real/go.mod": "module a\n" });
  await Deno.symlink("real", `${path}/link`);
  assert.deepEqual((await scanned(`${path}/link`)).files, ["go.mod"]);
});

Deno.test("scan: pipes and sockets are not opened", async () => {
  await using directory = await tempDir();
  const { path } = directory;
  await runChecked("mkfifo", [`${path}/go.mod`]);
  using _listener = Deno.listen({ transport: "unix", path: `${path}/go.work` });
  await Deno.symlink("go.mod", `${path}/package.json`);
  assert.deepEqual((await scanned(path)).files, []);
});

Deno.test("scan: binary files by name only, odd text as it can be read", async () => {
  await using directory = await tempDir();
  const { path } = directory;
  const wide = new Uint8Array([0xff, 0xfe, 0x61, 0, 0x0a, 0]);
  await writeFiles(path, {
    "a/go.mod": new Uint8Array([0x6d, 0, 0x6f]),
    "b/go.mod": new Uint8Array([0x6d, 0xff, 0x6f]),
    "c/go.mod": wide,
    "d/go.mod": "",
  });
  const tree = await scanned(path);
  assert.equal(tree.files.length, 4);
  assert.equal(tree.text("a/go.mod"), null);
  assert.equal(tree.text("b/go.mod"), "m\ufffdo");
  assert.equal(tree.text("c/go.mod"), "a\n");
  assert.equal(tree.text("d/go.mod"), "");
});

Deno.test("scan: names with quotes, newlines and shell words are names", async () => {
  await using directory = await tempDir();
  const { path } = directory;
  const names = ['a"b', "a\nb", "${HOME}", "''", "$(id)", "-rf", "a\\b", "ü"];
  for (const name of names) {
    await writeFiles(path, { [`${name}/go.mod`]: "go 1.22" });
  }
  const tree = await scanned(path);
  assert.deepEqual(tree.files, names.map((name) => `${name}/go.mod`).sort());
});

Deno.test("scan: names that are no UTF-8 are carried, and what cannot be opened is told", async () => {
  await using directory = await tempDir();
  const { path } = directory;
  await runChecked("sh", [
    "-c",
    `cd "$1"; d=$(printf 'd\\377'); mkdir "$d" e; : > "$d/x"; : > e/go.mod; : > "e/$(printf 'f\\376')"`,
    "sh",
    path,
  ]);
  const tree = await scanned(path);
  assert.deepEqual(tree.files, ["e/f\ufffd", "e/go.mod"]);
  assert.deepEqual(tree.omissions.map(({ path }) => path), ["d\ufffd"]);
  // By names as bytes, which Deno has none of.
  await runChecked("find", [path, "-mindepth", "1", "-delete"]);
});

Deno.test("scan: what cannot be read is told, the rest is analysed", async () => {
  await using directory = await tempDir();
  const { path } = directory;
  await writeFiles(path, {
    "closed/go.mod": "module a\n",
    "file/go.mod": "module b\n",
    "file/main.go": "package main\n\nfunc main() {}\n",
    "open/go.mod": "module c\n\ngo 1.22\n",
    "open/main.go": "package main\n\nfunc main() {}\n",
  });
  await Deno.chmod(path, 0o755);
  await Deno.chmod(`${path}/closed`, 0o000);
  await Deno.chmod(`${path}/file/go.mod`, 0o000);
  const { applications, unknown } = await analyzedByNobody(path);
  // A go.mod is there, whatever it says.
  assert.deepEqual(applications.map(({ path }) => path), ["file", "open"]);
  const why = "cannot be read: permission denied";
  assert.deepEqual(unknown, [
    { path: "closed", what: "this directory", why },
    { path: "file/go.mod", what: "this file", why },
  ]);
});

/** As a user who may read nothing of root's, the program included: that is one file made for them. */
async function analyzedByNobody(path: string): Promise<Analysis> {
  await using directory = await tempDir();
  const home = directory.path;
  await Deno.chmod(home, 0o777);
  const program = `
    import { analyzePath } from "${AUTONIX}";
    console.log(JSON.stringify(await analyzePath(Deno.args[0])));
  `;
  await writeFiles(home, { "program.ts": program });
  await Deno.copyFile(Deno.execPath(), `${home}/deno`);
  await Deno.chmod(`${home}/deno`, 0o755);
  await runChecked(Deno.execPath(), [
    ...["bundle", "--quiet", "--platform=deno", "--config", CONFIG],
    ...["--output", `${home}/program.js`, `${home}/program.ts`],
  ], { timeoutMs: 60_000 });
  const text = await runChecked("setpriv", [
    ...["--reuid=65534", "--regid=65534", "--clear-groups"],
    ...["env", `HOME=${home}`, `DENO_DIR=${home}/cache`],
    ...[`${home}/deno`, "run", "-A", `${home}/program.js`, path],
  ], { timeoutMs: 60_000 });
  return Analysis.parse(JSON.parse(text));
}

Deno.test("analyzePath: a path that is not there, and one that is a file", async () => {
  await using directory = await tempDir();
  const { path } = directory;
  await writeFiles(path, { "a": "" });
  const codeOf = async (asked: string) => {
    const error = await analyzePath(asked).catch((error) => error);
    assert.ok(error instanceof AppError);
    assert.ok(error.hint !== undefined);
    return error.code;
  };
  assert.equal(await codeOf(`${path}/nothing`), "not_found");
  assert.equal(await codeOf(`${path}/a`), "invalid");
});

Deno.test("analyzePath: an empty directory is an answer", async () => {
  await using directory = await tempDir();
  assert.deepEqual(await analyzePath(directory.path), {
    schema: 1,
    applications: [],
    services: [],
    unknown: [{ path: ".", what: "applications", why: "there are no files" }],
  });
});

Deno.test("analyzePath: the same tree gives the same bytes wherever it lies", async () => {
  await using directory = await tempDir();
  const files = {
    "a/go.mod": "module example.org/a\n\ngo 1.22\n",
    "a/main.go": "package main\n\nfunc main() {}\n",
    "go.mod": "module example.org/b\n\ngo 1.22\n",
    "main.go": "package main\n\nfunc main() {}\n",
  };
  await writeFiles(`${directory.path}/one`, files);
  const reversed = Object.fromEntries(Object.entries(files).reverse());
  await writeFiles(`${directory.path}/other/place`, reversed);
  const one = await analyzePath(`${directory.path}/one`);
  const other = await analyzePath(`${directory.path}/other/place/`);
  assert.equal(one.applications.length, 2);
  assert.equal(JSON.stringify(one), JSON.stringify(other));
});

Deno.test("analyzePath: ends when it is asked to", async () => {
  await using directory = await tempDir();
  await writeFiles(directory.path, { "go.mod": "" });
  const signal = AbortSignal.abort(new AppError("failed", "asked to stop"));
  await assert.rejects(
    analyzePath(directory.path, { signal }),
    /asked to stop/,
  );
});
