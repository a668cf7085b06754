import assert from "node:assert/strict";
import { copyDirectoryName, directoryName } from "../../vmm/mod.ts";
import { RunDirectory } from "../../vmm/run_directory.ts";
import {
  boundSerialLog,
  MAX_SERIAL_BYTES,
  readSerialTail,
} from "../../vmm/serial_log.ts";
import { tempDir } from "../support/temp.ts";

Deno.test("serial log: bounded while its writer appends, its end stays readable", async () => {
  await using dir = await tempDir("log");
  const path = `${dir.path}/serial.log`;
  // QEMU holds it in append mode: after the cut it goes on at the new end.
  using writer = await Deno.open(path, { append: true, create: true });
  const line = new TextEncoder().encode(`${"x".repeat(1023)}\n`);
  const lines = MAX_SERIAL_BYTES / 1024 + 10;
  for (let count = 0; count < lines; count++) writer.writeSync(line);
  await boundSerialLog(path);
  assert.equal((await Deno.stat(path)).size, 0);
  writer.writeSync(new TextEncoder().encode("the last line\r\n"));
  const tail = await readSerialTail(path, 1024);
  assert.match(tail.text, /^x+\nthe last line\n$/);
  assert.equal(tail.truncated, true);
  await boundSerialLog(path);
  assert.equal((await readSerialTail(path, 15)).text, "the last line\n");
  assert.equal((await readSerialTail(`${dir.path}/none`, 15)).text, "");
});

Deno.test("run directory: a path too long for a socket is refused with what to do", () => {
  const directory = new RunDirectory(`/${"d".repeat(100)}`);
  assert.throws(() => directory.paths({ id: "shop/web-0", incarnation: 1 }), {
    code: "invalid",
    hint: /shorter --run-dir/,
  });
});

Deno.test("run directory: a torn record is reported and harms no other", async () => {
  await using dir = await tempDir("run");
  const directory = new RunDirectory(dir.path);
  const record = {
    version: 1,
    id: "shop/web-0",
    incarnation: 1,
    runtimeHash: "a".repeat(64),
    bootId: "boot",
    marker: crypto.randomUUID(),
    host: "127.0.0.1",
    ports: [],
    startedAtMs: 1,
    state: { kind: "starting" },
  } as const;
  await directory.write({ ...record, ports: [] });
  await Deno.mkdir(`${dir.path}/torn`);
  await Deno.writeTextFile(`${dir.path}/torn/vm.json`, '{"version":1,');
  const unreadable: string[] = [];
  const records = await directory.records((path) => unreadable.push(path));
  assert.deepEqual(records, [record]);
  assert.deepEqual(unreadable, [`${dir.path}/torn/vm.json`]);
});

Deno.test("run directory: a copy is found in the directory that a version before copies named by its VM", async () => {
  await using dir = await tempDir("run");
  const record = {
    version: 1,
    id: "shop/web-0",
    incarnation: 7,
    runtimeHash: "a".repeat(64),
    bootId: "boot",
    marker: crypto.randomUUID(),
    host: "127.0.0.1",
    ports: [],
    startedAtMs: 1,
    state: { kind: "starting" },
  } as const;
  const former = `${dir.path}/${directoryName(record.id)}`;
  await Deno.mkdir(former);
  await Deno.writeTextFile(`${former}/vm.json`, JSON.stringify(record));
  await Deno.writeTextFile(`${former}/serial.log`, "booting");
  const directory = new RunDirectory(dir.path);
  const failed = (path: string) => assert.fail(path);
  assert.deepEqual(await directory.records(failed), [record]);
  assert.equal(directory.paths(record).dir, former);
  // The other copies of the VM have directories of their own.
  const next = { ...record, incarnation: 8 };
  assert.equal(
    directory.paths(next).dir,
    `${dir.path}/${copyDirectoryName(next)}`,
  );
  await directory.clear(record);
  await directory.forget(record);
  assert.deepEqual([...Deno.readDirSync(dir.path)], []);
});
