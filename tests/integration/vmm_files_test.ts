import assert from "node:assert/strict";
import { copyDirectoryName, directoryName } from "../../vmm/mod.ts";
import { RunDirectory } from "../../vmm/host/run_directory.ts";
import { KEPT_BOOTS, LOG_BOUNDS } from "../../vmm/core/boot_log.ts";
import {
  beginBootLog,
  boundSerialLog,
  newestBootLog,
  readBootLog,
  readSerialTail,
  removeBootLogs,
} from "../../vmm/host/serial_log.ts";
import { AppError } from "../../roles/model/errors.ts";
import { systemClock } from "../../roles/clock/mod.ts";
import { prepareFiles } from "../../vmm/host/vm_files.ts";
import { SerialLine } from "../../vmm/cloud_hypervisor/serial.ts";
import { saveState } from "../../vmm/qemu/transfer.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";

const { keptBytes: KEPT_BYTES, dropBytes: DROP_BYTES } = LOG_BOUNDS;
const ANY = { generation: 0, boot: 0, offset: 0, maxBytes: 64 * 1024 * 1024 };
const running = () => true;

/** What the file holds on its disk. */
async function heldBytes(path: string): Promise<number> {
  return ((await Deno.stat(path)).blocks ?? 0) * 512;
}

Deno.test("serial log: bounded while its writer appends, offsets stay true, nothing of its end is lost", async () => {
  await using dir = await tempDir("log");
  const log = await beginBootLog(dir.path, { generation: 7, originMib: 1024 });
  using writer = await Deno.open(log.path, { append: true });
  const lines = KEPT_BYTES / 1024 * 3;
  for (let line = 0; line < lines; line++) {
    const text = `line ${line} `.padEnd(1023, "x");
    writer.writeSync(new TextEncoder().encode(`${text}\n`));
    if (line % 1000 === 0) await boundSerialLog(dir.path, 0);
  }
  await boundSerialLog(dir.path, 0);
  assert.ok(await heldBytes(log.path) < KEPT_BYTES + 2 * DROP_BYTES);
  const kept = await readBootLog(dir.path, ANY, running);
  assert.equal(kept.offset, lines * 1024);
  assert.equal(kept.bytes.byteLength, KEPT_BYTES);
  assert.deepEqual([kept.boot, kept.generation, kept.ended], [1, 7, false]);
  const offset = (lines - 2) * 1024;
  const part = await readBootLog(dir.path, { ...ANY, offset }, () => false);
  const text = new TextDecoder().decode(part.bytes);
  assert.match(
    text,
    new RegExp(`^line ${lines - 2} x+\nline ${lines - 1} x+\n$`),
  );
  assert.equal(part.ended, true);
});

Deno.test("serial log: a tail is whole lines of text, with less than asked for when there is less", async () => {
  await using dir = await tempDir("log");
  assert.equal((await readSerialTail(dir.path, 15)).text, "");
  const { path } = await beginBootLog(dir.path, {
    generation: 1,
    originMib: 0,
  });
  await Deno.writeTextFile(path, "first\r\nthe last line\r\n");
  assert.deepEqual(await readSerialTail(dir.path, 100), {
    text: "first\nthe last line\n",
    truncated: false,
  });
  assert.deepEqual(await readSerialTail(dir.path, 15), {
    text: "the last line\n",
    truncated: true,
  });
});

Deno.test("serial log: each boot has its own, found by its generation; the oldest goes", async () => {
  await using dir = await tempDir("log");
  for (let boot = 1; boot <= KEPT_BOOTS + 1; boot++) {
    const log = await beginBootLog(dir.path, {
      generation: 10 + boot,
      originMib: 0,
    });
    await Deno.writeTextFile(log.path, `boot ${boot}\n`);
  }
  const textOf = async (request: Partial<typeof ANY>) => {
    const piece = await readBootLog(dir.path, { ...ANY, ...request }, running);
    return `${new TextDecoder().decode(piece.bytes).trim()} ${piece.ended}`;
  };
  assert.equal(await textOf({}), `boot ${KEPT_BOOTS + 1} false`);
  assert.equal(await textOf({ generation: 13 }), "boot 3 true");
  assert.equal(await textOf({ boot: 2 }), "boot 2 true");
  await assert.rejects(textOf({ boot: 1 }), {
    code: "not_found",
    hint: /2 \(generation 12\)/,
  });
  await removeBootLogs(dir.path);
  await assert.rejects(textOf({}), { code: "not_found" });
});

Deno.test("serial log: what a VMM's user puts among them is neither read, written, emptied nor counted", async () => {
  await using dir = await tempDir("log");
  const secret = `${dir.path}/secret`;
  const content = "x".repeat(KEPT_BYTES + 2 * DROP_BYTES);
  await Deno.writeTextFile(secret, content);
  const run = `${dir.path}/run`;
  await Deno.mkdir(run);
  const log = await beginBootLog(run, { generation: 7, originMib: 0 });
  await Deno.writeTextFile(log.path, "the guest's\n");
  await Deno.symlink(secret, `${run}/serial-999999999-7-0.log`);
  if (Deno.uid() === 0) {
    const foreign = `${run}/serial-999999998-7-0.log`;
    await Deno.writeTextFile(foreign, "not the worker's\n");
    await Deno.chown(foreign, 64_042, 64_042);
  }
  assert.equal((await readSerialTail(run, 100)).text, "the guest's\n");
  await boundSerialLog(run, 0);
  assert.equal(await newestBootLog(run), log.path);
  const next = await beginBootLog(run, { generation: 8, originMib: 0 });
  assert.equal(next.boot, 2);
  await removeBootLogs(run);
  assert.deepEqual([...Deno.readDirSync(run)], []);
  assert.equal(await Deno.readTextFile(secret), content);
});

Deno.test("serial log: one that cannot be cut ends at its bound, told once, and goes on when it was cut", async () => {
  await using dir = await tempDir("line");
  const path = `${dir.path}/console`;
  using listener = Deno.listen({ transport: "unix", path });
  const warnings: unknown[] = [];
  const log = `${dir.path}/log`;
  const line = await SerialLine.connect(
    path,
    log,
    (error) => warnings.push(error),
  );
  using guest = await listener.accept();
  const say = async (bytes: Uint8Array) => {
    for (let done = 0; done < bytes.length;) {
      done += await guest.write(bytes.subarray(done));
    }
  };
  await say(new Uint8Array(LOG_BOUNDS.unwatchedBytes + 4 * 2 ** 20).fill(46));
  await until("it is told", () => warnings.length > 0, { timeoutMs: 60_000 });
  line.goOn();
  await until("it goes on", async () => {
    await say(new TextEncoder().encode("again\n"));
    return (await Deno.readTextFile(log)).endsWith("again\n");
  }, { timeoutMs: 60_000 });
  const { size } = await Deno.stat(log);
  assert.ok(size < LOG_BOUNDS.unwatchedBytes + 4 * 2 ** 20, String(size));
  assert.equal(warnings.length, 1);
  line.close();
  await line.closed;
});

Deno.test("VMM user: nobody but it and the worker makes files where VMMs have theirs", async () => {
  if (Deno.uid() !== 0) return;
  await using dir = await tempDir("shared");
  const image = `${dir.path}/image`;
  await Deno.writeTextFile(image, "an image");
  const temp = `${dir.path}/tmp`;
  await prepareFiles({
    id: "shop/web-0",
    incarnation: 1,
    runtimeHash: "a".repeat(64),
    cpus: 1,
    memoryMib: 64,
    kernelPath: image,
    initrdPath: image,
    cmdline: "",
    ports: [],
    volumes: [],
    user: { uid: 64_042, gid: 64_043 },
  }, temp);
  const { mode, uid, gid } = await Deno.stat(temp);
  assert.deepEqual([(mode ?? 0) & 0o7777, uid, gid], [0o1730, 0, 64_043]);
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

Deno.test("QEMU's state: a VMM that refuses to move it and does not go on leaves no file open, and is asked again", async () => {
  await using dir = await tempDir("state");
  const asked: string[] = [];
  const qmp = {
    execute(command: string) {
      asked.push(command);
      if (command === "migrate") {
        return Promise.reject(new AppError("failed", "QEMU refused: migrate"));
      }
      if (command === "cont") {
        return Promise.reject(new AppError("timeout", "QEMU is busy"));
      }
      return Promise.resolve({});
    },
    closed: Promise.resolve(),
    close: () => undefined,
  };
  let isLeft = false;
  await assert.rejects(
    saveState(qmp, {
      id: "shop/web-0",
      state: `${dir.path}/state`,
      socket: `${dir.path}/migrate`,
      mark: `${dir.path}/saving`,
      pid: Deno.pid,
      wasPaused: false,
      clock: systemClock,
      onLeft: () => {
        isLeft = true;
      },
    }),
    { code: "failed", message: /refused: migrate/ },
  );
  assert.equal(isLeft, true, "it stands still");
  assert.deepEqual(asked.at(-1), "cont");
  // What tells the next process that it may stand still.
  assert.ok((await Deno.lstat(`${dir.path}/saving`)).isFile);
});
