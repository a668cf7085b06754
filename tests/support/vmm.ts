/**
 * Drivers and machines for tests that boot real guests.
 *
 * @module
 */
import { systemClock } from "../../roles/clock/mod.ts";
import type { ContractHost, GuestKind } from "../../vmm/contract/contract.ts";
import { type CopyId, copyKey } from "../../roles/model/ids.ts";
import { QemuVmm, type VmConfig, type Vmm } from "../../vmm/mod.ts";
import type { QemuOptions } from "../../vmm/qemu/driver.ts";
import { type TestImage, testImage } from "./vmm_image.ts";
import { until } from "./wait.ts";

const MODES = {
  "serves": "healthy",
  "silent": "silent",
  "powers-off": "poweroff",
  "panics": "panic",
} as const satisfies Record<GuestKind, string>;

/** A boot takes 2 s alone and ten times that on a machine that is busy. */
export const BOOT_TIMEOUT_MS = 60_000;

/** A machine of the test image. */
export function testMachine(
  image: TestImage,
  copy: CopyId,
  guest: GuestKind,
): VmConfig {
  return {
    id: copy.id,
    incarnation: copy.incarnation,
    runtimeHash: "a".repeat(64),
    cpus: 1,
    memoryMib: 128,
    kernelPath: image.kernel,
    initrdPath: image.initrd,
    cmdline: `console=ttyS0 panic=1 quiet MODE=${MODES[guest]}`,
    ports: [{ name: "http", guest: 80 }],
    volumes: [],
  };
}

/** The body of `path` over HTTP at `port` of this host; null when nothing answers. */
export function httpBody(
  port: number,
  path = "/healthz",
): Promise<string | null> {
  return httpBodyAt("127.0.0.1", port, path);
}

/** The same at any address. */
export async function httpBodyAt(
  host: string,
  port: number,
  path: string,
): Promise<string | null> {
  try {
    const response = await fetch(`http://${host}:${port}${path}`, {
      signal: AbortSignal.timeout(2000),
    });
    const body = await response.text();
    return response.ok ? body : null;
  } catch {
    return null;
  }
}

/** A QEMU driver over a run directory below `dir`. */
export function testQemu(
  dir: string,
  runDir = "run",
  options: Partial<QemuOptions> = {},
): QemuVmm {
  return new QemuVmm({
    runDir: `${dir}/${runDir}`,
    tempDir: `${dir}/tmp`,
    clock: systemClock,
    ...options,
  });
}

async function instanceOf(vmm: Vmm, copy: CopyId) {
  return (await vmm.list()).find((vm) => copyKey(vm) === copyKey(copy));
}

/** QEMU under the contract, over `dir`. */
export async function qemuContractHost(dir: string): Promise<ContractHost> {
  const image = await testImage();
  let snapshots = 0;
  return {
    // The test image sends back what it is told.
    speak: (channel) => channel.write(new TextEncoder().encode("a word\n")),
    heard: (text) => text.includes("a word"),
    snapshotDir: () => `${dir}/snapshot-${++snapshots}`,
    open: () => Promise.resolve(testQemu(dir)),
    config: (copy, guest) => testMachine(image, copy, guest),
    async answers(vmm, copy) {
      const instance = await instanceOf(vmm, copy);
      const port = instance?.ports[0]?.host;
      return port !== undefined && await httpBody(port) === "ok\n";
    },
    async until(what, look) {
      await until(what, look, { timeoutMs: BOOT_TIMEOUT_MS });
    },
    async kill(vmm, copy) {
      const instance = await instanceOf(vmm, copy);
      if (instance !== undefined) Deno.kill(instance.pid, "SIGKILL");
    },
  };
}
