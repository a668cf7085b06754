import assert from "node:assert/strict";
import { z } from "zod";
import { parseJsonWith } from "../../roles/model/parse.ts";
import {
  readIfThere,
  removeIfThere,
  removeUnfinished,
  setAside,
  storageError,
  writeFileAtomic,
} from "../../roles/files/mod.ts";
import { tempDir } from "../support/temp.ts";

const namesIn = (path: string) =>
  [...Deno.readDirSync(path)].map((entry) => entry.name);
const modeOf = async (path: string) =>
  ((await Deno.stat(path)).mode ?? 0) & 0o777;

Deno.test("writeFileAtomic() replaces the whole file, its owner's alone unless told otherwise", async () => {
  await using dir = await tempDir("file");
  const path = `${dir.path}/a.json`;
  await writeFileAtomic(path, "a longer text");
  await writeFileAtomic(path, "2");
  assert.equal(await readIfThere(path), "2");
  assert.equal(await modeOf(path), 0o600);
  await writeFileAtomic(path, new Uint8Array([51]), { mode: 0o644 });
  assert.equal(await readIfThere(path), "3");
  assert.equal(await modeOf(path), 0o644);
  assert.deepEqual(namesIn(dir.path), ["a.json"]);
});

Deno.test("writeFileAtomic(): writers of one path may overlap, one of them wins", async () => {
  await using dir = await tempDir("file");
  const path = `${dir.path}/a`;
  const texts = Array.from({ length: 8 }, (_, i) => `${i}`.repeat(1000 * i));
  await Promise.all(texts.map((text) => writeFileAtomic(path, text)));
  assert.ok(texts.includes(await readIfThere(path) ?? "absent"));
  assert.deepEqual(namesIn(dir.path), ["a"]);
});

Deno.test("writeFileAtomic(): an error says where and leaves nothing behind", async () => {
  await using dir = await tempDir("file");
  await assert.rejects(writeFileAtomic(`${dir.path}/no/a.json`, "1"), {
    code: "storage",
    message: /no\/a\.json/,
    hint: /disk/,
  });
  await Deno.mkdir(`${dir.path}/taken/inside`, { recursive: true });
  await assert.rejects(writeFileAtomic(`${dir.path}/taken`, "1"), {
    code: "storage",
  });
  assert.deepEqual(namesIn(dir.path), ["taken"]);
});

Deno.test("what is absent reads as null and is removed already", async () => {
  await using dir = await tempDir("file");
  assert.equal(await readIfThere(`${dir.path}/none`), null);
  await removeIfThere(`${dir.path}/none`);
  await removeUnfinished(`${dir.path}/none`);
});

Deno.test("removeUnfinished() takes what a killed writer left and nothing else", async () => {
  await using dir = await tempDir("file");
  await writeFileAtomic(`${dir.path}/kept.json`, "1");
  await Deno.writeTextFile(`${dir.path}/3f2a.new`, "ha");
  await removeUnfinished(dir.path);
  assert.deepEqual(namesIn(dir.path), ["kept.json"]);
});

Deno.test("what is in the place of a file is named, with what to do; damaged ones are set aside, the last one is kept", async () => {
  await using dir = await tempDir("file");
  const path = `${dir.path}/a.json`;
  const read = async () => {
    try {
      const text = await readIfThere(path);
      return parseJsonWith(z.literal(1), text ?? "", { what: path });
    } catch (error) {
      return error;
    }
  };
  await Deno.mkdir(`${path}/inside`, { recursive: true });
  const inPlace = {
    name: "AppError",
    code: "storage",
    hint: /something else is in its place/,
  };
  await assert.rejects(readIfThere(path), {
    ...inPlace,
    message: `Cannot read ${path}: Is a directory (os error 21)`,
  });
  await assert.rejects(writeFileAtomic(path, "1"), {
    ...inPlace,
    message: `Cannot write ${path}: Is a directory (os error 21)`,
  });
  assert.equal(await setAside(path, await read()), `${path}.unreadable`);
  await Deno.symlink(path, path);
  assert.equal(await setAside(path, await read()), `${path}.unreadable`);
  await Deno.writeTextFile(path, "{torn");
  assert.equal(await setAside(path, await read()), `${path}.unreadable`);
  assert.equal(await Deno.readTextFile(`${path}.unreadable`), "{torn");
  // What the system may read another time stays where it is.
  await writeFileAtomic(path, "1");
  const busy = storageError(path, new Error("Too many open files"), "read");
  assert.equal(await setAside(path, busy), null);
  assert.deepEqual(namesIn(dir.path).sort(), ["a.json", "a.json.unreadable"]);
});
