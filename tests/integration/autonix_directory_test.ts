/**
 * Directories as the kernel tells them are those that Deno tells.
 */
import assert from "node:assert/strict";
import {
  type DirectoryNames,
  DirectoryReader,
} from "../../autonix/directory_reader.ts";
import { runChecked } from "../../roles/process/mod.ts";
import { tempDir } from "../support/temp.ts";

/** More than the kernel tells at once. */
const MANY = 6_000;

function sorted({ entries, links }: DirectoryNames): DirectoryNames {
  return { entries: entries.toSorted(), links: links.toSorted() };
}

/** By both ways, which have to agree. */
function namesOf(path: string): DirectoryNames {
  using kernel = new DirectoryReader(0);
  using deno = new DirectoryReader(Number.POSITIVE_INFINITY);
  const told = sorted(kernel.names(path));
  assert.deepEqual(told, sorted(deno.names(path)));
  return told;
}

Deno.test("a directory: files, directories, links, and names as they come", async () => {
  await using directory = await tempDir();
  const { path } = directory;
  const plain = [".hidden", "ä", "a b", "back\\slash", "line\nbreak", "\ufeff"];
  for (const name of plain) await Deno.writeTextFile(`${path}/${name}`, "");
  await Deno.mkdir(`${path}/...`);
  await Deno.mkdir(`${path}/é`);
  await Deno.symlink("nowhere", `${path}/link`);
  await runChecked("mkfifo", [`${path}/pipe`]);
  // A byte that begins a character and none that ends it.
  await runChecked("sh", ["-c", "touch \"$1/$(printf 'a\\303')\"", "sh", path]);
  assert.deepEqual(namesOf(path), {
    entries: [...plain, ".../", "é/", "a\ufffd"].sort(),
    links: ["link"],
  });
  assert.deepEqual(namesOf(`${path}/é`), { entries: [], links: [] });
});

Deno.test("a directory that is told in parts is whole", async () => {
  await using directory = await tempDir();
  const { path } = directory;
  const names = Array.from(
    { length: MANY },
    (_, at) => `a-name-of-some-length-${at}`,
  );
  for (const name of names) Deno.writeTextFileSync(`${path}/${name}`, "");
  assert.deepEqual(namesOf(path).entries, names.toSorted());
});

Deno.test("what is no directory is said as Deno says it", async () => {
  await using directory = await tempDir();
  const { path } = directory;
  await Deno.writeTextFile(`${path}/file`, "");
  using reader = new DirectoryReader(0);
  assert.throws(() => reader.names(`${path}/gone`), Deno.errors.NotFound);
  assert.throws(() => reader.names(`${path}/file`), Deno.errors.NotADirectory);
  assert.throws(() => reader.names(`${path}/${"long/".repeat(2_000)}`));
  assert.deepEqual(reader.names(path).entries, ["file"]);
});
