/**
 * What every driver must do with a guest that runs, as far as its capabilities
 * say that it can: its logs, its console, its channel, a pause, a snapshot. The
 * cases share guests, since a boot costs seconds.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  type ContractCase,
  type ContractHost,
  COPY,
  leaving,
  opened,
} from "./host.ts";
import type { GuestConnection, Vmm } from "../vmm.ts";

const ALL = { generation: 0, boot: 0, offset: 0, maxBytes: 1024 * 1024 };

/** Reads a connection to its end, and tells what came so far. */
function collect(connection: GuestConnection) {
  const decoder = new TextDecoder();
  const seen = { text: "", ended: false, error: null as unknown };
  const read = async () => {
    for await (const piece of connection.readable) {
      seen.text += decoder.decode(piece, { stream: true });
    }
  };
  read().catch((error) => seen.error = error).finally(() => seen.ended = true);
  return seen;
}

async function write(connection: GuestConnection, text: string): Promise<void> {
  await connection.write(new TextEncoder().encode(text));
}

async function booted(host: ContractHost, vmm: Vmm): Promise<void> {
  await host.until("the guest answers", () => host.answers(vmm, COPY));
}

async function holds(
  host: ContractHost,
  what: string,
  look: () => boolean,
): Promise<void> {
  await host.until(what, () => Promise.resolve(look()));
}

async function seesLogs(vmm: Vmm): Promise<void> {
  const whole = await vmm.readLog(COPY, ALL);
  assert.deepEqual([whole.boot, whole.generation, whole.ended], [1, 7, false]);
  const text = new TextDecoder().decode(whole.bytes);
  assert.match(text, /ready/);
  const offset = text.indexOf("ready");
  const part = await vmm.readLog(COPY, { ...ALL, offset, maxBytes: 5 });
  assert.equal(new TextDecoder().decode(part.bytes), "ready");
  assert.equal(part.offset, offset + 5);
  await assert.rejects(vmm.readLog(COPY, { ...ALL, boot: 2 }), {
    code: "not_found",
  });
}

async function typesAndReads(host: ContractHost, vmm: Vmm): Promise<void> {
  const first = await vmm.console(COPY);
  const second = await vmm.console(COPY);
  const [seen, beside] = [collect(first), collect(second)];
  await holds(
    host,
    "a late console shows the last lines",
    () => /ready/.test(seen.text),
  );
  await write(first, "one\n");
  await write(second, "two\n");
  await holds(
    host,
    "what is typed arrives, at both",
    () =>
      [seen, beside].every(({ text }) =>
        text.includes("echo: one") && text.includes("echo: two")
      ),
  );
  first.close();
  await holds(host, "a closed console ends", () => seen.ended);
  await assert.rejects(write(first, "three\n"), { code: "unavailable" });
  second.close();
  const again = await vmm.console(COPY);
  const late = collect(again);
  await holds(
    host,
    "the next one sees it",
    () => late.text.includes("echo: two"),
  );
  await write(again, "four\n");
  await holds(host, "and types", () => late.text.includes("echo: four"));
  await vmm.stop(COPY, { graceMs: 0 });
  await holds(host, "it ends with the VM", () => late.ended);
  assert.equal(late.error, null);
}

async function speaksInside(host: ContractHost, vmm: Vmm): Promise<void> {
  for (const _turn of ["first", "again"]) {
    const channel = await vmm.guestChannel(COPY);
    const seen = collect(channel);
    await assert.rejects(vmm.guestChannel(COPY), { code: "conflict" });
    await host.speak(channel);
    await holds(host, "the guest answers inside", () => host.heard(seen.text));
    channel.close();
    await holds(host, "a closed channel ends", () => seen.ended);
  }
}

async function tellsFigures(vmm: Vmm): Promise<void> {
  const figures = await vmm.figures(COPY);
  assert.ok((figures.cpuSeconds ?? 0) > 0, "processor time");
  assert.ok((figures.memoryBytes ?? 0) > 0, "memory");
}

async function stopsTime(host: ContractHost, vmm: Vmm): Promise<void> {
  const [found] = await vmm.list();
  const [port] = found?.ports ?? [];
  assert.ok(port !== undefined);
  // Paused by the driver before this one, as a worker that was restarted finds it.
  assert.equal(found?.paused, true);
  assert.equal(await vmm.accepts(COPY, port, 300), false);
  await vmm.resume(COPY);
  await vmm.resume(COPY);
  assert.equal((await vmm.list())[0]?.paused, false);
  await booted(host, vmm);
}

async function keepsAndGoesOn(host: ContractHost, vmm: Vmm): Promise<void> {
  const dir = host.snapshotDir();
  const config = host.config(COPY, "serves");
  assert.ok(await vmm.snapshot(COPY, dir) > 0);
  await assert.rejects(vmm.snapshot(COPY, dir), { code: "conflict" });
  assert.equal((await vmm.list())[0]?.paused, false);
  await booted(host, vmm);
  await assert.rejects(vmm.restore(config, dir), { code: "conflict" });
  await vmm.stop(COPY, { graceMs: 0 });
  await assert.rejects(vmm.restore(config, `${dir}-none`), {
    code: "not_found",
  });
  const other = { ...config, runtimeHash: "b".repeat(64) };
  await assert.rejects(vmm.restore(other, dir), { code: "refused" });
  assert.deepEqual(await vmm.list(), []);
  const restored = await vmm.restore(config, dir);
  assert.deepEqual(await vmm.list(), [restored]);
  await booted(host, vmm);
  const { text } = await vmm.serialTail(COPY, 65_536);
  // It did not boot: it went on.
  assert.doesNotMatch(text, /booting|MODE=/);
}

/** Leaves the guest paused, for the next driver. */
async function useInside(host: ContractHost, vmm: Vmm): Promise<void> {
  const { guestChannel, resize, pause } = vmm.capabilities;
  const config = host.config(COPY, "serves");
  await vmm.start(config);
  await booted(host, vmm);
  await tellsFigures(vmm);
  if (guestChannel) await speaksInside(host, vmm);
  // Not much: a guest that runs out of memory ends what serves.
  if (resize) await vmm.resize(COPY, { memoryMib: config.memoryMib * 7 / 8 });
  if (!pause) return;
  await vmm.pause(COPY);
  await vmm.pause(COPY);
}

/** What holds for a guest that runs. */
export const LIVE_CONTRACT: readonly ContractCase[] = [
  {
    name:
      "each boot has its log; consoles come and go, and see what was before",
    run: (host) =>
      opened(host, async (vmm) => {
        const config = { ...host.config(COPY, "serves"), generation: 7 };
        await vmm.start(config);
        await booted(host, vmm);
        await seesLogs(vmm);
        if (vmm.capabilities.console) await typesAndReads(host, vmm);
        await vmm.stop(COPY, { graceMs: 0 });
        assert.equal((await vmm.readLog(COPY, ALL)).ended, true);
        await vmm.start({ ...host.config(COPY, "silent"), generation: 8 });
        const newest = await vmm.readLog(COPY, ALL);
        assert.deepEqual([newest.boot, newest.generation], [2, 8]);
        const before = await vmm.readLog(COPY, { ...ALL, generation: 7 });
        assert.deepEqual([before.boot, before.ended], [1, true]);
        assert.match(new TextDecoder().decode(before.bytes), /ready/);
      }),
  },
  {
    name:
      "a guest is reached inside, measured, paused, and goes on from a snapshot",
    run: async (host) => {
      const { capabilities } = await leaving(host, async (vmm) => {
        await useInside(host, vmm);
        return vmm;
      });
      await opened(host, async (next) => {
        if (capabilities.pause) await stopsTime(host, next);
        if (capabilities.snapshot) await keepsAndGoesOn(host, next);
      });
    },
  },
  {
    name:
      "what a driver cannot do it refuses; a copy that does not run is not found",
    run: (host) =>
      opened(host, async (vmm) => {
        const { console, pause, resize, snapshot, guestChannel } =
          vmm.capabilities;
        const asked: [boolean, () => Promise<unknown>][] = [
          [console, () => vmm.console(COPY)],
          [guestChannel, () => vmm.guestChannel(COPY)],
          [pause, () => vmm.pause(COPY)],
          [pause, () => vmm.resume(COPY)],
          [resize, () => vmm.resize(COPY, { memoryMib: 64 })],
          [snapshot, () => vmm.snapshot(COPY, host.snapshotDir())],
          [true, () => vmm.figures(COPY)],
          [true, () => vmm.readLog(COPY, ALL)],
        ];
        for (const [can, ask] of asked) {
          await assert.rejects(ask(), { code: can ? "not_found" : "refused" });
        }
      }),
  },
];
