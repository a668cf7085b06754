import { hostLine, parseGuestLine } from "../guest/core/frames.ts";
import { VMM_CONTRACT } from "./contract.ts";
import { SimulatedVmm } from "../simulated/driver.ts";
import { MemoryHost } from "../simulated/host.ts";
import type { Clock } from "../../roles/model/ports.ts";

const SESSION = "0123456789abcdef";

const CMDLINES = {
  "serves": "simulated.boot_ms=100",
  "silent": "simulated.outcome=never",
  "powers-off": "simulated.outcome=poweroff",
  "panics": "simulated.outcome=crash simulated.after_ms=50",
};

/** Time that passes only when somebody advances it. */
function manualClock(): { clock: Clock; advance(ms: number): Promise<void> } {
  let now = 1000;
  const sleepers = new Set<{ at: number; wake: () => void }>();
  return {
    clock: {
      now: () => now,
      bootMs: () => now,
      sleep: (ms, signal) =>
        new Promise((resolve) => {
          const sleeper = { at: now + ms, wake: resolve };
          sleepers.add(sleeper);
          signal?.addEventListener("abort", () => resolve(), { once: true });
        }),
    },
    async advance(ms) {
      now += ms;
      for (const sleeper of [...sleepers]) {
        if (sleeper.at > now) continue;
        sleepers.delete(sleeper);
        sleeper.wake();
      }
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    },
  };
}

for (const { name, run } of VMM_CONTRACT) {
  Deno.test(`simulated driver: ${name}`, async () => {
    const { clock, advance } = manualClock();
    const host = new MemoryHost();
    await run({
      open: () => Promise.resolve(new SimulatedVmm({ host, clock })),
      config: (copy, guest) => ({
        ...copy,
        runtimeHash: "a".repeat(64),
        cpus: 1,
        memoryMib: 128,
        kernelPath: "/kernel",
        initrdPath: "/initrd",
        cmdline: CMDLINES[guest],
        ports: [{ name: "http", guest: 80 }],
        volumes: [],
      }),
      speak: (channel) =>
        channel.write(
          new TextEncoder().encode(hostLine(SESSION, { kind: "hello" })),
        ),
      heard: (text) =>
        text.split("\n").some((line) =>
          parseGuestLine(line, SESSION)?.kind === "ready"
        ),
      snapshotDir: () => "/snapshots/one",
      answers: (vmm, copy) =>
        vmm instanceof SimulatedVmm
          ? vmm.answers(copy)
          : Promise.resolve(false),
      async until(what, look) {
        for (let steps = 0; steps < 200; steps++) {
          if (await look()) return;
          await advance(50);
        }
        throw new Error(`${what} did not happen`);
      },
    });
  });
}
