/**
 * What QEMU may be given that is bad, and a QEMU that is: each is told with what
 * to do, leaves nothing, and harms no other VM. As root, with Debian's
 * qemu-system-x86.
 */
import assert from "node:assert/strict";
import { RunDirectory } from "../../vmm/host/run_directory.ts";
import { findByMarker } from "../../vmm/host/process_table.ts";
import { MAX_ATTACHED } from "../../vmm/host/console.ts";
import type { VmConfig } from "../../vmm/mod.ts";
import type { QemuOptions } from "../../vmm/qemu/driver.ts";
import { tempDir } from "../support/temp.ts";
import {
  BOOT_TIMEOUT_MS,
  httpBody,
  testMachine,
  testQemu,
} from "../support/vmm.ts";
import { testImage } from "../support/vmm_image.ts";
import { until } from "../support/wait.ts";

const COPY = { id: "contract/vm-0", incarnation: 1 };
const NEIGHBOUR = { id: "contract/vm-1", incarnation: 1 };
const NOBODY = { uid: 65_534, gid: 65_534 };
const WAIT = { timeoutMs: BOOT_TIMEOUT_MS };

/** What is left of VMMs below a directory. */
async function leftOf(dir: string): Promise<string[]> {
  const left: string[] = [];
  for (const { cmdline } of await findByMarker(`${dir}/run/`)) {
    left.push(cmdline);
  }
  for (const { name } of listing(`${dir}/run`)) {
    for (const file of listing(`${dir}/run/${name}`)) {
      left.push(`${name}/${file.name}`);
    }
  }
  return left;
}

function listing(dir: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(dir)];
  } catch {
    return [];
  }
}

interface Bad {
  options?: Partial<QemuOptions>;
  more?: Partial<VmConfig>;
}

/** Starting ends with this error, and nothing is left. */
async function isRefused(
  dir: string,
  { options = {}, more = {} }: Bad,
  expected: { code: string; message: RegExp; hint: RegExp },
): Promise<void> {
  const vmm = testQemu(dir, "run", options);
  const config = { ...testMachine(await testImage(), COPY, "silent"), ...more };
  try {
    await assert.rejects(vmm.start(config), expected);
    assert.deepEqual(await vmm.list(), []);
    assert.deepEqual(await leftOf(dir), []);
    // A start that failed was no boot.
    await assert.rejects(
      vmm.readLog(COPY, { generation: 0, boot: 0, offset: 0, maxBytes: 1 }),
      { code: "not_found" },
    );
  } finally {
    await vmm.close();
  }
}

Deno.test("qemu driver: kernels and initrds that are missing, no files or none, are told with what to do", async () => {
  await using dir = await tempDir("vmm");
  const text = `${dir.path}/text`;
  const empty = `${dir.path}/empty`;
  await Deno.writeTextFile(text, "not a kernel\n".repeat(1000));
  await Deno.writeTextFile(empty, "");
  const table: [more: Partial<VmConfig>, code: string, RegExp, RegExp][] = [
    [
      { kernelPath: "/nowhere/kernel" },
      "not_found",
      /\/nowhere\/kernel is not on this host/,
      /closure is in the cache/,
    ],
    [
      { initrdPath: "/nowhere/initrd" },
      "not_found",
      /\/nowhere\/initrd is not on this host/,
      /closure is in the cache/,
    ],
    [{ kernelPath: "/etc" }, "invalid", /\/etc is no file/, /kernelPath/],
    [{ initrdPath: "/etc" }, "invalid", /\/etc is no file/, /initrdPath/],
    [{ kernelPath: text }, "invalid", /kernel/, /bzImage/],
    [{ kernelPath: empty }, "invalid", /empty is empty/, /kernelPath/],
  ];
  for (const [more, code, message, hint] of table) {
    await isRefused(dir.path, { more }, { code, message, hint });
  }
});

Deno.test("qemu driver: an image too large for its guest, and guests too large for their host", async () => {
  await using dir = await tempDir("vmm");
  const large = `${dir.path}/large`;
  await Deno.writeTextFile(large, "");
  await Deno.truncate(large, 200 * 2 ** 20);
  await isRefused(dir.path, { more: { initrdPath: large } }, {
    code: "invalid",
    message: /with 128 MiB: its kernel and initrd have 2\d\d MiB/,
    hint: /raise memoryMib/,
  });
  await isRefused(dir.path, { more: { memoryMib: 60_000_000 } }, {
    code: "overloaded",
    message: /needs 60000000 MiB: this host has \d+ MiB/,
    hint: /lower memoryMib/,
  });
  await isRefused(dir.path, { more: { cpus: 4000 } }, {
    code: "invalid",
    message: /CPUs 4000/,
    hint: /lower the VM's cpuMilli/,
  });
});

Deno.test("qemu driver: a program that is missing, another one, none or too old", async () => {
  await using dir = await tempDir("vmm");
  const old = `${dir.path}/old`;
  await Deno.writeTextFile(
    old,
    "#!/bin/sh\necho 'QEMU emulator version 4.2.1 (Debian)'\n",
    { mode: 0o755 },
  );
  const table: [qemuPath: string, message: RegExp][] = [
    ["/nowhere/qemu", /\/nowhere\/qemu: it is not installed/],
    [
      "/bin/echo",
      /\/bin\/echo: it says "echo .*", which is no version of QEMU/,
    ],
    ["/etc/passwd", /\/etc\/passwd: it is no program/],
    [old, /it is version 4\.2\.1, and versions before 5 are not driven/],
  ];
  for (const [qemuPath, message] of table) {
    await isRefused(dir.path, { options: { qemuPath } }, {
      code: "missing_dependency",
      message,
      hint: /apt-get install .*qemu-system-x86/,
    });
  }
});

Deno.test("qemu driver: /dev/kvm without permission", async () => {
  await using dir = await tempDir("vmm");
  await Deno.chmod(dir.path, 0o711);
  // Where there is no /dev/kvm QEMU says so, and what to do is the same.
  await isRefused(dir.path, {
    options: { accel: "kvm" },
    more: { user: NOBODY },
  }, {
    code: "missing_dependency",
    message: /KVM/,
    hint: /read and write \/dev\/kvm .*accel to "tcg"/,
  });
});

Deno.test("qemu driver: a run directory that is too long for sockets", async () => {
  await using dir = await tempDir("vmm");
  const vmm = testQemu(dir.path, "long".repeat(20));
  const config = testMachine(await testImage(), COPY, "silent");
  await assert.rejects(vmm.start(config), {
    code: "invalid",
    message: /unix socket below it would have more than 107 bytes/,
    hint: /shorter --run-dir/,
  });
  await vmm.close();
});

Deno.test("qemu driver: each request to a QEMU that hangs ends in time and says so, and its neighbour serves on", async () => {
  await using dir = await tempDir("vmm");
  const image = await testImage();
  const requestTimeoutMs = 1000;
  const vmm = testQemu(dir.path, "run", { requestTimeoutMs });
  const exits: string[] = [];
  using _watch = vmm.watch(({ id }) => exits.push(id));
  try {
    const { ports } = await until(
      "the neighbour runs",
      () => vmm.start(testMachine(image, NEIGHBOUR, "serves")),
      WAIT,
    );
    const serves = async () => await httpBody(ports[0]?.host ?? 0) === "ok\n";
    await until("the neighbour serves", serves, WAIT);
    const { pid } = await until(
      "the VM runs",
      () => vmm.start(testMachine(image, COPY, "silent")),
      WAIT,
    );
    Deno.kill(pid, "SIGSTOP");
    const late = (endpoint: string) => ({
      code: "timeout",
      message: `QEMU did not answer ${endpoint} within ${requestTimeoutMs} ms`,
      hint: /swaps/,
    });
    const port = [{ name: "http", publish: 1, guest: 80 }];
    await Promise.all([
      assert.rejects(vmm.pause(COPY), late("stop")),
      assert.rejects(vmm.resume(COPY), late("cont")),
      assert.rejects(
        vmm.resize(COPY, { memoryMib: 64 }),
        late("query-memory-size-summary"),
      ),
      assert.rejects(
        vmm.publish(COPY, port),
        late("human-monitor-command"),
      ),
      assert.rejects(vmm.snapshot(COPY, `${dir.path}/snapshot`), {
        code: "timeout",
      }),
      // What can be said without it is.
      vmm.figures(COPY).then(({ memoryBytes }) =>
        assert.ok(memoryBytes !== null)
      ),
      vmm.serialTail(COPY, 4096),
      vmm.list().then((found) => assert.equal(found.length, 2)),
    ]);
    // Nobody reads what is typed: no console waits for it, and the next is told.
    const consoles = [];
    for (let count = 0; count < MAX_ATTACHED; count++) {
      consoles.push(await vmm.console(COPY));
    }
    await assert.rejects(vmm.console(COPY), { code: "overloaded" });
    for (const console of consoles) console.close();
    assert.equal(await serves(), true);
    await vmm.stop(COPY, { graceMs: 200 });
    assert.deepEqual((await vmm.list()).map(({ id }) => id), [NEIGHBOUR.id]);
    const { dir: own } = new RunDirectory(`${dir.path}/run`).paths(COPY);
    assert.deepEqual(
      listing(own).filter(({ name }) => !name.startsWith("serial-")),
      [],
    );
    assert.equal(await serves(), true);
    assert.deepEqual(exits, []);
  } finally {
    for (const copy of await vmm.list()) await vmm.stop(copy, { graceMs: 0 });
    await vmm.close();
  }
});
