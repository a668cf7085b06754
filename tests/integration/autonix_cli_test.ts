/**
 * `procurator analyze` as a person and a program use it.
 */
import assert from "node:assert/strict";
import { Analysis } from "../../roles/model/analysis.ts";
import { cli } from "../support/cli.ts";
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
