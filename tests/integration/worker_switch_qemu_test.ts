/**
 * A guest with a switch-to-configuration of its own, in real QEMU, with the
 * store of its host by virtiofs (needs root and Debian's qemu-system-common):
 * switched, taken over by the next worker, also in the middle of a switch,
 * reverted, rebooted, replaced.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { run } from "../../roles/worker/mod.ts";
import { systemClock, systemRandom } from "../../roles/clock/mod.ts";
import { GuestChannels } from "../../vmm/guest/mod.ts";
import { copyDirectoryName } from "../../vmm/mod.ts";
import { findByMarker } from "../../vmm/host/process_table.ts";
import type { ObservedVm } from "../../roles/model/mod.ts";
import { nixStore } from "../support/nix_store.ts";
import {
  GO_ON,
  type SwitchImageName,
  switchImages,
} from "../support/switch_image.ts";
import { tempDir } from "../support/temp.ts";
import { BOOT_TIMEOUT_MS, httpBody, testQemu } from "../support/vmm.ts";
import { until } from "../support/wait.ts";
import {
  DirectoryMaster,
  fallbackTo,
  orderFor,
  startWorkerProcess,
  testVmSpec,
  workerConfig,
} from "../support/worker.ts";

const VM = "shop/web-0";
const COPY = { id: VM, incarnation: 1 };
/** For those meant to fail: a switch takes a second, ten times that beside other tests. */
const FAILS_MS = 12_000;

/** The agent of a real guest, over virtio-serial, between two workers. */
async function speak(dir: string): Promise<void> {
  const vmm = testQemu(`${dir}/run`, "vms");
  await vmm.list();
  // A worker that died in the midst of a command: what it had begun to say must not be done.
  const torn = await vmm.guestChannel(COPY);
  const command = btoa("/bin/poweroff");
  await torn.write(
    new TextEncoder().encode(
      `\nhello 00000000000000aa .\nexec 00000000000000aa 1 none ${command}`,
    ),
  );
  torn.close();
  const guests = new GuestChannels({
    vmm,
    clock: systemClock,
    random: systemRandom,
  });
  const said: number[] = [];
  const exec = async (argv: string[], stdin?: Uint8Array<ArrayBuffer>) =>
    await guests.exec(COPY, argv, {
      timeoutMs: BOOT_TIMEOUT_MS,
      onOutput: (_stream, bytes) => void said.push(...bytes),
      ...(stdin === undefined ? {} : { stdin: ReadableStream.from([stdin]) }),
    });
  await until("its agent answers", async () => {
    await guests.ready(COPY, 2000);
    return true;
  }, { timeoutMs: BOOT_TIMEOUT_MS });
  const sent = new Uint8Array(5000).map((_, index) => (index * 7) % 256);
  const { code } = await exec(["cat"], sent);
  assert.equal(code, 0);
  assert.deepEqual(new Uint8Array(said), sent);
  const one = await exec(["sh", "-c", "exit 3"]);
  assert.equal(one.code, 3);
  // Somebody else's turn: what runs there ends with the connection.
  const begun = Promise.withResolvers<void>();
  const hanging = guests.exec(COPY, ["sh", "-c", "echo begun; sleep 3600"], {
    timeoutMs: 0,
    onOutput: () => begun.resolve(),
  });
  await begun.promise;
  guests.forget(COPY);
  await assert.rejects(hanging, { code: "unavailable" });
  await until("it has ended with its connection", async () => {
    const { code } = await exec(["sh", "-c", "! ps | grep -q 'sleep [3]600'"]);
    return code === 0;
  }, { timeoutMs: BOOT_TIMEOUT_MS });
  await guests.close();
  await vmm.close();
}

Deno.test("worker: a guest is switched in place, reverted the same way, rebooted when it is unreachable, and else replaced", async () => {
  await using dir = await tempDir("sw");
  await using store = await nixStore("sw-nix");
  const images = await switchImages(store.nix, dir.path);
  await Deno.mkdir(`${dir.path}/master`);
  const master = new DirectoryMaster(`${dir.path}/master`);
  const config = {
    driver: "qemu",
    closures: "nix",
    nixStore: join(store.path, "store"),
    storeShare: "virtiofs",
  };
  const start = () =>
    run(workerConfig(dir.path, config), { link: () => master });
  await using ending = new AsyncDisposableStack();
  ending.defer(async () => {
    const vmm = testQemu(`${dir.path}/run`, "vms");
    for (const copy of await vmm.list()) await vmm.stop(copy, { graceMs: 0 });
    await vmm.close();
  });
  let worker = await start();
  ending.defer(() => worker.stop());

  const qemu = async () =>
    (await findByMarker(`${dir.path}/run/vms/`))
      .filter(({ cmdline }) => cmdline.includes("qemu-system"))
      .map(({ pid }) => pid);
  const specOf = (name: SwitchImageName, more: Record<string, unknown> = {}) =>
    testVmSpec({
      spec: {
        image: images[name],
        healthChecks: [
          ...testVmSpec().healthChecks,
          { name: "agent", kind: "guest", timeoutMs: 10_000 },
          {
            name: "inside",
            kind: "command",
            command: ["grep", "-q", name, "/www/index.html"],
            timeoutMs: 10_000,
          },
        ],
        update: {
          minHealthyTimeMs: 500,
          healthyDeadlineMs: images[name] === images.unhealthy ||
              images[name] === images.lost
            ? FAILS_MS
            : BOOT_TIMEOUT_MS,
        },
        ...more,
      },
    });
  let revision = 0;
  let active = specOf("first");
  /** Orders it, with what is active to fall back to; the VM as it is reported when `look` is content. */
  const order = async (
    name: SwitchImageName,
    look: (vm: ObservedVm) => boolean,
    more: Record<string, unknown> = {},
  ) => {
    revision++;
    const spec = specOf(name, more);
    await master.assign(revision, [
      orderFor(VM, spec, {
        revision,
        generation: revision,
        ...(revision === 1 ? {} : { fallback: fallbackTo(active, 1) }),
      }),
    ]);
    const seen = new Set<string>();
    const vm = await until(`${name} is as it should be`, async () => {
      const vm = await master.vm(VM);
      if (vm !== undefined) seen.add(vm.message);
      return vm !== undefined && look(vm) ? vm : null;
    }, { timeoutMs: 2 * BOOT_TIMEOUT_MS }).catch(async (error) => {
      throw new Error(JSON.stringify(await master.vm(VM)), { cause: error });
    });
    if (vm.rolledBack === null) active = spec;
    return { vm, said: [...seen].join("\n") };
  };
  const settled = (vm: ObservedVm) =>
    vm.settled && vm.health === "healthy" && vm.generation === revision;
  const rolledBack = (vm: ObservedVm) =>
    vm.rolledBack?.orderRevision === revision && vm.health === "healthy";
  const page = async (vm: ObservedVm) =>
    (await httpBody(vm.ports[0]?.host ?? 0, "/"))?.trim();

  const first = await order("first", settled);
  assert.equal(await page(first.vm), "first");
  const booted = await qemu();
  assert.equal(booted.length, 1);

  // Switched: the same machine with another page.
  const second = await order("second", settled);
  assert.equal(await page(second.vm), "second");
  assert.deepEqual(await qemu(), booted);
  assert.equal(second.vm.restarts, 0);
  assert.match(second.said, /switch(ing|ed) in place/);

  // The next worker process knows what runs.
  await worker.stop();
  const { process } = await master.report() ?? {};
  await speak(dir.path);
  worker = await start();
  await until(
    "the next worker reports",
    async () => (await master.report())?.process !== process,
    { timeoutMs: BOOT_TIMEOUT_MS },
  );
  const taken = await until(
    "it is healthy again",
    async () => {
      const vm = await master.vm(VM);
      return vm?.health === "healthy" ? vm : null;
    },
    { timeoutMs: BOOT_TIMEOUT_MS },
  );
  assert.equal(taken.runtimeHash, second.vm.runtimeHash);
  assert.deepEqual(await qemu(), booted);

  // Killed in the middle of a switch: what may be a mixture is switched again.
  await worker.stop();
  {
    await using killed = startWorkerProcess(dir.path, {
      driver: "qemu",
      config,
    });
    await order("held", ({ message }) => /switching in place/.test(message));
    await until(
      "the guest is in the middle of it",
      async () => await page(second.vm) === "held",
      { timeoutMs: BOOT_TIMEOUT_MS },
    );
    await killed.kill();
  }
  const ledger = JSON.parse(
    await Deno.readTextFile(
      `${dir.path}/run/vms/${copyDirectoryName(COPY)}/ledger.json`,
    ),
  );
  assert.equal(ledger.switched.isMixed, true);
  worker = await start();
  const mixture = await until("it is taken over", async () => {
    const report = await master.report();
    return report?.process === process ? null : await master.vm(VM);
  }, { timeoutMs: BOOT_TIMEOUT_MS });
  assert.deepEqual([mixture.health, mixture.settled], ["unknown", false]);
  await Deno.writeTextFile(join(store.path, "store/nix/store", GO_ON), "");
  const held = await until("it is switched again", async () => {
    const vm = await master.vm(VM);
    return vm !== undefined && settled(vm) ? vm : null;
  }, { timeoutMs: 2 * BOOT_TIMEOUT_MS });
  assert.equal(await page(held), "held");
  assert.deepEqual([held.restarts, held.rolledBack], [0, null]);
  assert.deepEqual(await qemu(), booted);

  // Unhealthy, then failed: reverted in place.
  const unhealthy = await order("unhealthy", rolledBack);
  assert.match(
    unhealthy.vm.rolledBack?.reason ?? "",
    /not healthy within 12000 ms: http: answered 404/,
  );
  assert.equal(await page(unhealthy.vm), "held");
  const failing = await order("failing", rolledBack);
  assert.equal(
    failing.vm.rolledBack?.reason,
    "switch-to-configuration ended with 4: a unit failed",
  );
  assert.match(failing.vm.message, /switched in place/);
  assert.equal(await page(failing.vm), "held");
  assert.deepEqual(await qemu(), booted);

  // Unreachable: rebooted on the fallback.
  const lost = await order("lost", rolledBack);
  // On a busy machine the agent may be gone before it has told the switch's end.
  assert.match(
    lost.vm.message,
    /restarted: (The guest does not answer|its switch did not end|the switch got lost)/,
  );
  assert.equal(await page(lost.vm), "held");
  const rebooted = await qemu();
  assert.notDeepEqual(rebooted, booted);
  assert.equal(rebooted.length, 1);

  // More than user space: replaced, and it says why.
  const replaced = await order("first", settled, { memoryMib: 144 });
  assert.equal(await page(replaced.vm), "first");
  assert.match(replaced.said, /restarted: its memory changed/);
  assert.notDeepEqual(await qemu(), rebooted);
});
