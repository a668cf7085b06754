/**
 * `procurator analyze` as a person and a program use it.
 */
import assert from "node:assert/strict";
import { Analysis } from "../../roles/model/analysis.ts";
import { cli } from "../support/cli.ts";
import { git } from "../support/hub.ts";
import { tempDir } from "../support/temp.ts";

/** A module with its program. */
async function shop() {
  const directory = await tempDir();
  const { path } = directory;
  await Deno.writeTextFile(
    `${path}/go.mod`,
    "module example.org/shop\n\ngo 1.22\n",
  );
  await Deno.writeTextFile(
    `${path}/main.go`,
    "package main\n\nfunc main() {}\n",
  );
  return directory;
}

Deno.test("analyze --json: the answer and nothing else", async () => {
  await using directory = await shop();
  const { status, out, err } = await cli(["analyze", directory.path, "--json"]);
  assert.equal(status, 0);
  assert.equal(err, "");
  const { applications } = Analysis.parse(JSON.parse(out));
  assert.deepEqual(applications.map(({ path }) => path), ["."]);
});

Deno.test("analyze: a table for people", async () => {
  await using directory = await shop();
  const { status, out } = await cli(["analyze", directory.path]);
  assert.equal(status, 0);
  assert.match(out, /language +go\n/);
  assert.match(out, /version +1\.22\n/);
  assert.match(out, /1 application, 0 services/);
  assert.ok(!out.includes("go.mod:3"));
});

Deno.test("analyze --evidence: how sure, and where it stands", async () => {
  await using directory = await shop();
  const { out } = await cli(["analyze", directory.path, "--evidence"]);
  assert.match(out, /version +1\.22\n +\d+ % {2}go\.mod:3\n/);
});

Deno.test("analyze --short and --env: less of it, and more", async () => {
  await using directory = await shop();
  const { path } = directory;
  const names = Array.from({ length: 40 }, (_, index) => `SHOP_${index}`);
  const reads = names.map((name) => `\t_ = os.Getenv("${name}")\n`).join("");
  await Deno.writeTextFile(
    `${path}/main.go`,
    `package main\n\nimport "os"\n\nfunc main() {\n${reads}}\n`,
  );
  const short = await cli(["analyze", path, "--short"]);
  assert.match(short.out, /^APPLICATION .*\n\. +go 1\.22 .*\n\n1 application/);
  const shown = await cli(["analyze", path]);
  assert.match(shown.out, /\d+ more: --env\n/);
  const all = await cli(["analyze", path, "--env"]);
  for (const name of names) assert.ok(all.out.includes(name), name);
});

Deno.test("analyze: a reader that has read enough is no failure to tell of", async () => {
  await using directory = await tempDir();
  // More than a pipe takes in: the writer is still at it when the reader goes.
  for (let index = 0; index < 200; index++) {
    const path = `${directory.path}/service${index}`;
    await Deno.mkdir(path);
    await Deno.writeTextFile(`${path}/main.go`, "package main\n");
    await Deno.writeTextFile(
      `${path}/go.mod`,
      `module example.org/shop/service${index}\n\ngo 1.22\n`,
    );
  }
  const main = new URL("../../main.ts", import.meta.url).pathname;
  const { stdout, stderr } = await new Deno.Command("bash", {
    args: [
      "-c",
      '"$0" run --no-check -A "$1" analyze --json "$2" | head -c 1; echo " ${PIPESTATUS[0]}"',
      Deno.execPath(),
      main,
      directory.path,
    ],
  }).output();
  const text = new TextDecoder();
  assert.equal(text.decode(stdout), "{ 141\n");
  assert.equal(text.decode(stderr), "");
});

Deno.test("analyze --name: what the repository is called where it says nothing", async () => {
  await using directory = await tempDir();
  await Deno.writeTextFile(`${directory.path}/index.html`, "<p>shop</p>\n");
  const args = ["analyze", directory.path, "--json"];
  const named = await cli([...args, "--name", "shop"]);
  const nameless = await cli(args);
  const names = [named, nameless].map(({ out }) =>
    Analysis.parse(JSON.parse(out)).applications.map(({ name }) => name)
  );
  for (const [index, name] of ["shop", "app"].entries()) {
    for (const told of names[index] ?? []) assert.equal(told, name);
  }
});

Deno.test("analyze --commit: a branch, a tag or an id instead of the files", async () => {
  await using directory = await shop();
  const { path } = directory;
  await git(path, "init", "-q", "-b", "main");
  await git(path, "add", ".");
  await git(path, "commit", "-q", "-m", "one");
  await git(path, "tag", "v1");
  await Deno.mkdir(`${path}/web`);
  await Deno.writeTextFile(
    `${path}/web/package.json`,
    '{"name":"web","scripts":{"start":"node ."}}',
  );
  const paths = async (...words: string[]) => {
    const { out } = await cli(["analyze", ...words, "--json"]);
    const { applications } = Analysis.parse(JSON.parse(out));
    return applications.map((one) => one.path);
  };
  assert.deepEqual(await paths(path), [".", "web"]);
  assert.deepEqual(await paths(path, "--commit", "main"), ["."]);
  await git(path, "add", ".");
  await git(path, "commit", "-q", "-m", "two");
  assert.deepEqual(await paths(path, "--commit", "v1"), ["."]);
  assert.deepEqual(await paths(path, "--commit", "HEAD"), [".", "web"]);
  assert.deepEqual(await paths(`${path}/web`, "--commit", "HEAD"), ["."]);
  await git(path, "clone", "-q", "--bare", path, `${path}/bare.git`);
  assert.deepEqual(
    await paths(`${path}/bare.git`, "--commit", "main"),
    [".", "web"],
  );

  const unknown = await cli(["analyze", path, "--commit", "none", "--json"]);
  assert.notEqual(unknown.status, 0);
  assert.equal(JSON.parse(unknown.out).error.code, "not_found");
  const option = await cli(["analyze", path, "--commit=--all"]);
  assert.match(option.err, /"--all" as the repository has no such commit/);
  const nowhere = await cli(["analyze", "/", "--commit", "HEAD"]);
  assert.match(nowhere.err, /name a directory of a Git repository/);
});

Deno.test("analyze: what is wrong with the words is told, with a status", async () => {
  await using directory = await shop();
  const nothing = await cli(["analyze", `${directory.path}/nothing`]);
  assert.equal(nothing.status, 1);
  assert.match(nothing.err, /is not there\nTry: name the directory/);
  const file = await cli(["analyze", `${directory.path}/go.mod`, "--json"]);
  assert.equal(file.status, 2);
  assert.equal(JSON.parse(file.out).error.code, "invalid");
  const words = await cli(["analyze", "a", "b"]);
  assert.equal(words.status, 2);
});

Deno.test("analyze: an empty directory is an answer", async () => {
  await using directory = await tempDir();
  const { status, out } = await cli(["analyze", directory.path]);
  assert.equal(status, 0);
  assert.match(out, /there are no files/);
});
