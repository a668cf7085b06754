/**
 * QEMU guests and their host: a card, groups, a user, stores, floods. As root,
 * with Debian's qemu-system-x86, erofs-utils, iproute2 and util-linux.
 */
import assert from "node:assert/strict";
import { runChecked } from "../../roles/process/mod.ts";
import type { LogBounds } from "../../vmm/core/boot_log.ts";
import { startCommand } from "../../vmm/core/starter.ts";
import { processFacts } from "../../vmm/host/process_table.ts";
import { CARDED_ADDRESS, cardedVm } from "../support/carded_vm.ts";
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
const WAIT = { timeoutMs: BOOT_TIMEOUT_MS };
const NOBODY = { uid: 65_534, gid: 65_534 };

/** A store with one file; as an image when it has a name to be made at. */
async function storeIn(dir: string, image?: string): Promise<string> {
  const store = `${dir}/store`;
  await Deno.mkdir(store);
  await Deno.writeTextFile(`${store}/hello`, "from the store\n");
  if (image !== undefined) await runChecked("mkfs.erofs", [image, store]);
  return store;
}

/** A new group in each of this host's hierarchies of processors and memory. */
async function testGroups(): Promise<string[]> {
  const name = `pcr-test-${crypto.randomUUID().slice(0, 8)}`;
  const groups: string[] = [];
  for (const place of ["cpu", "memory", "unified", "."]) {
    const base = `/sys/fs/cgroup/${place}`;
    const isGroup = await Deno.stat(`${base}/cgroup.procs`).catch(() => null);
    if (isGroup === null) continue;
    await Deno.mkdir(`${base}/${name}`);
    groups.push(`${base}/${name}`);
  }
  return groups;
}

/** The threads of a process that has ended leave its group a moment later. */
async function removeGroups(groups: readonly string[]): Promise<void> {
  const remove = (group: string) =>
    Deno.remove(group).then(() => true, () => false);
  for (const group of groups) {
    await until(`${group} to be empty`, () => remove(group), WAIT);
  }
}

Deno.test("qemu driver: a guest has its card, its groups, its user and its store", async () => {
  await using dir = await tempDir("vmm");
  // Others must be able to pass to what is theirs.
  await Deno.chmod(dir.path, 0o711);
  const path = `${dir.path}/store.erofs`;
  await storeIn(dir.path, path);
  const cgroups = await testGroups();
  assert.ok(cgroups.length > 0);
  try {
    const seen = await cardedVm({
      dir: dir.path,
      config: {
        ...testMachine(await testImage(), COPY, "serves"),
        nic: { tap: "pcr0", mac: "02:00:00:00:00:01", address: CARDED_ADDRESS },
        store: { kind: "image", path, format: "erofs" },
        volumes: [{ name: "data", path: `${dir.path}/v/a/d.raw`, sizeMib: 8 }],
        cgroups,
        user: NOBODY,
      },
    });
    assert.equal(seen.host, CARDED_ADDRESS);
    const ports = [{ name: "http", guest: 80, host: 80 }];
    assert.deepEqual([seen.ports, seen.published], [ports, ports]);
    assert.deepEqual([seen.early, seen.accepts, seen.refuses], [
      false,
      true,
      true,
    ]);
    assert.equal(seen.store, "from the store\n");
    assert.equal(seen.uid, String(NOBODY.uid));
    for (const group of cgroups) {
      const name = `/${group.split("/").at(-1)}\n`;
      assert.ok(seen.cgroups.includes(name), seen.cgroups);
    }
    assert.ok((seen.figures.sent ?? 0) > 0 && (seen.figures.received ?? 0) > 0);
  } finally {
    await removeGroups(cgroups);
  }
});

Deno.test("qemu driver: a guest is shown a directory as its store by virtiofs, and gives memory back", async () => {
  await using dir = await tempDir("vmm");
  const source = await storeIn(dir.path);
  const socketPath = `${dir.path}/fs`;
  const daemon = new Deno.Command("/usr/lib/qemu/virtiofsd", {
    args: [
      `--socket-path=${socketPath}`,
      "-o",
      `source=${source}`,
      "-o",
      "sandbox=chroot",
    ],
    stdout: "null",
    stderr: "null",
  }).spawn();
  const vmm = testQemu(dir.path);
  try {
    await until(
      "virtiofsd listens",
      () => Deno.stat(socketPath).then(() => true, () => false),
      WAIT,
    );
    const config = testMachine(await testImage(), COPY, "serves");
    const { ports } = await vmm.start({
      ...config,
      cmdline: `${config.cmdline} STORE=virtiofs`,
      store: { kind: "virtiofs", socketPath },
    });
    const port = ports[0]?.host ?? 0;
    await until(
      "the guest serves its store",
      async () => await httpBody(port, "/store/hello") === "from the store\n",
      WAIT,
    );
    const memoryKib = async () => {
      const text = await httpBody(port, "/sys") ?? "";
      return Number(/^MemTotal:\s*(\d+) kB$/m.exec(text)?.[1] ?? 0);
    };
    const whole = await until("the guest tells its memory", memoryKib, WAIT);
    await vmm.resize(COPY, { memoryMib: 112 });
    await until("the guest has less", async () => {
      const now = await memoryKib();
      return now > 0 && now <= whole - 15 * 1024;
    }, WAIT);
    await vmm.resize(COPY, { memoryMib: 128 });
    await until(
      "the guest has it back",
      async () => await memoryKib() >= whole - 1024,
      WAIT,
    );
    for (const more of [{ memoryMib: 256 }, { cpus: 2 }, { memoryMib: 0 }]) {
      await assert.rejects(vmm.resize(COPY, more), { code: "refused" });
    }
    // What another process is part of cannot be kept.
    await assert.rejects(vmm.snapshot(COPY, `${dir.path}/snapshot`), {
      code: /refused|failed/,
    });
    assert.equal((await vmm.list())[0]?.paused, false);
  } finally {
    await vmm.stop(COPY, { graceMs: 0 });
    await vmm.close();
    await daemon.status;
  }
});

Deno.test("qemu driver: a guest whose disk finds no room on its host waits, and goes on when there is", async () => {
  await using dir = await tempDir("vmm");
  const room = `${dir.path}/room`;
  await Deno.mkdir(room);
  await runChecked("mount", ["-t", "tmpfs", "-o", "size=2m", "none", room]);
  const vmm = testQemu(dir.path);
  using _watch = vmm.watch((exit) => assert.fail(exit.reason));
  try {
    const config = testMachine(await testImage(), COPY, "serves");
    await vmm.start({
      ...config,
      cmdline: config.cmdline.replace("MODE=healthy", "MODE=fills"),
      volumes: [{ name: "data", path: `${room}/data.raw`, sizeMib: 8 }],
    });
    await until("there is no room", async () => {
      const { blocks } = await Deno.stat(`${room}/data.raw`);
      return (blocks ?? 0) * 512 === 2 * 1024 * KIB;
    }, WAIT);
    await runChecked("mount", ["-o", "remount,size=64m", room]);
    await until(
      "the guest has written all",
      async () =>
        (await vmm.serialTail(COPY, 4096)).text.includes("test-vm: filled"),
      WAIT,
    );
  } finally {
    await vmm.stop(COPY, { graceMs: 0 });
    await vmm.close();
    await runChecked("umount", ["-l", room]);
  }
});

const KIB = 1024;
const SMALL: LogBounds = {
  keptBytes: 32 * KIB,
  keptOldBytes: 16 * KIB,
  dropBytes: 32 * KIB,
  unwatchedBytes: 128 * KIB,
};
const MOST_BYTES = SMALL.keptBytes + SMALL.unwatchedBytes + 16 * KIB;

Deno.test("qemu driver: a guest that floods serial port, console and channel fills no disk and runs on", async () => {
  await using dir = await tempDir("vmm");
  const vmm = testQemu(dir.path, "run", { logBounds: SMALL });
  const image = await testImage();
  const config = testMachine(image, COPY, "serves");
  config.cmdline = config.cmdline.replace("MODE=healthy", "MODE=flood");
  const { ports } = await vmm.start(config);
  const written = async () =>
    (await vmm.readLog(COPY, {
      generation: 0,
      boot: 0,
      offset: 2 ** 50,
      maxBytes: 1,
    })).offset;
  const held = async () => {
    const used = await runChecked("du", ["-sk", `${dir.path}/run`]);
    return Number(used.split("\t")[0]) * KIB;
  };
  const answers = async () => await httpBody(ports[0]?.host ?? 0) === "ok\n";
  try {
    await until(
      "the log ends, with nobody looking",
      async () => await written() === SMALL.unwatchedBytes,
      WAIT,
    );
    await until("the guest serves all the same", answers, WAIT);
    assert.equal(await written(), SMALL.unwatchedBytes);
    using _watch = vmm.watch(() => undefined);
    await until(
      "it goes on when somebody looks",
      async () => await written() > 3 * SMALL.unwatchedBytes,
      WAIT,
    );
    // Nobody reads: neither what is on the console nor what comes out of the channel.
    const console = await vmm.console(COPY);
    await console.write(new Uint8Array([13]));
    const channel = await vmm.guestChannel(COPY);
    const before = await written();
    await until(
      "the guest writes on",
      async () => await written() > before + 2 * SMALL.unwatchedBytes,
      WAIT,
    );
    assert.ok(await held() <= MOST_BYTES + 64 * KIB, String(await held()));
    const reader = console.readable.getReader();
    await assert.rejects(async () => {
      for (let turns = 0; turns < 10_000; turns++) await reader.read();
    }, { code: "overloaded", message: /cut off/ });
    channel.close();
    await until("the guest serves to the end", answers, WAIT);
  } finally {
    await vmm.stop(COPY, { graceMs: 0 });
    await vmm.close();
  }
});

Deno.test("a VMM of another user dies with the guard that started it", async () => {
  const marker = crypto.randomUUID();
  const { program, args } = startCommand({
    program: "tail",
    args: ["-f", "/dev/null", `--pid=${Deno.pid}`, "-s", "60", "--", marker],
    fileLimitBytes: 1024,
    isGuarded: true,
    user: NOBODY,
  });
  const guard = new Deno.Command("sh", {
    args: [
      "-c",
      'setpriv --pdeathsig KILL -- "$@" & echo $!; wait',
      "guard",
      program,
      ...args,
    ],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = guard.stdout.getReader();
  const { value } = await reader.read();
  const pid = Number(new TextDecoder().decode(value).trim());
  try {
    await until("it is another user's", async () => {
      const status = await Deno.readTextFile(`/proc/${pid}/status`);
      return status.includes("Name:\ttail") &&
        /^Uid:\s*65534\s/m.test(status);
    }, WAIT);
    guard.kill("SIGKILL");
    await guard.status;
    await until("it has ended", async () => {
      const facts = await processFacts(pid);
      return facts === null || facts.zombie;
    }, WAIT);
  } finally {
    await reader.cancel();
    try {
      Deno.kill(pid, "SIGKILL");
    } catch {
      // It has ended, as it should.
    }
  }
});
