/**
 * The real cloud-hypervisor under the contract, with guests without an
 * operating system (pvh_guest.ts): real processes, processors, serial ports and
 * TAPs. What such a guest cannot do is done around it and said here:
 *
 * - It has no network: when it says that it is ready a listener of ours takes
 *   connections at its address, for as long as it runs and is not paused.
 * - It has no driver for the vsock, so its guest channel is left out.
 * - A KVM that cannot tell a guest's whole state makes no snapshots.
 *
 * Runs in a network namespace of its own (`deno task test:cloud-hypervisor`).
 *
 * @module
 */
import { type CopyId, copyKey } from "../../../roles/model/ids.ts";
import type { ContractHost } from "../../../vmm/contract/contract.ts";
import { AppError } from "../../../roles/model/errors.ts";
import {
  CloudHypervisorVmm,
  copyDirectoryName,
  type VmConfig,
  type VmmCapabilities,
} from "../../../vmm/mod.ts";
import { until } from "../wait.ts";
import {
  addressOf,
  answersHttp,
  instanceOf,
  placeOf,
  standInOptions,
  type StandInPlace,
} from "./host.ts";
import { pvhGuest } from "./pvh_guest.ts";

/** The guest is up in milliseconds; the machine may be busy. */
const TIMEOUT_MS = 60_000;
const WORDS = { serves: "s", silent: "q", "powers-off": "o", panics: "r" };

/** The binary that `CLOUD_HYPERVISOR` names. */
export function realProgram(): string {
  const path = Deno.env.get("CLOUD_HYPERVISOR") ?? "";
  if (path === "") {
    throw new Error("set CLOUD_HYPERVISOR to the path of cloud-hypervisor");
  }
  return path;
}

/** A directory with the guest in it. */
export async function realPlace(dir: string): Promise<StandInPlace> {
  await Deno.writeFile(`${dir}/kernel`, pvhGuest());
  await Deno.writeTextFile(`${dir}/initrd`, "an initrd\n");
  return placeOf(dir, realProgram());
}

/** A TAP of this namespace, made when it is not there. */
function tapOf(copy: CopyId, uid: number): string {
  const tap = `t${copyDirectoryName(copy).slice(0, 8)}${uid}`;
  const has = Deno.readTextFileSync("/proc/net/dev").includes(`${tap}:`);
  if (has) return tap;
  for (
    const args of [
      ["tuntap", "add", tap, "mode", "tap", "vnet_hdr", "user", String(uid)],
      ["link", "set", tap, "up"],
    ]
  ) {
    const { success, stderr } = new Deno.Command("ip", { args }).outputSync();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  }
  return tap;
}

/** A machine of the guest. */
export function realMachine(
  place: StandInPlace,
  copy: CopyId,
  guest: keyof typeof WORDS,
  uid = 0,
): VmConfig {
  const { dir } = place;
  return {
    ...copy,
    runtimeHash: "a".repeat(64),
    cpus: 1,
    memoryMib: 64,
    kernelPath: `${dir}/kernel`,
    initrdPath: `${dir}/initrd`,
    cmdline: `console=ttyS0 pvh=${WORDS[guest]}`,
    ports: [{ name: "http", guest: 80 }],
    volumes: [],
    nic: {
      tap: tapOf(copy, uid),
      mac: "02:00:00:00:00:01",
      address: addressOf(place, copy),
    },
  };
}

/** The network that the guests would have. */
class Doors {
  readonly #open = new Map<string, Deno.HttpServer>();
  readonly #place: StandInPlace;

  constructor(place: StandInPlace) {
    this.#place = place;
  }

  open(copy: CopyId): void {
    if (this.#open.has(copyKey(copy))) return;
    const server = Deno.serve({
      hostname: addressOf(this.#place, copy),
      port: 80,
      onListen: () => undefined,
    }, () => new Response("ok\n"));
    this.#open.set(copyKey(copy), server);
  }

  async close(copy: CopyId): Promise<void> {
    const server = this.#open.get(copyKey(copy));
    this.#open.delete(copyKey(copy));
    await server?.shutdown();
  }
}

/** The driver, with its guests' doors closed in time, and refusing what cannot be shown here. */
class RealVmm extends CloudHypervisorVmm {
  override readonly capabilities: VmmCapabilities;
  readonly #doors: Doors;

  constructor(
    place: StandInPlace,
    on: { doors: Doors; canSnapshot: boolean },
  ) {
    super(standInOptions(place));
    this.#doors = on.doors;
    this.capabilities = {
      console: true,
      pause: true,
      resize: true,
      snapshot: on.canSnapshot,
      switch: false,
      guestChannel: false,
      publish: false,
    };
  }

  override async pause(copy: CopyId): Promise<void> {
    await this.#doors.close(copy);
    await super.pause(copy);
  }

  override async stop(
    copy: CopyId,
    options: { graceMs: number },
  ): Promise<void> {
    await this.#doors.close(copy);
    await super.stop(copy, options);
  }

  override guestChannel(): Promise<never> {
    return refused("reach inside a guest that has no driver for it");
  }

  override async snapshot(copy: CopyId, dir: string): Promise<number> {
    if (!this.capabilities.snapshot) {
      return await refused("make a snapshot on this host");
    }
    return await super.snapshot(copy, dir);
  }
}

function refused(what: string): Promise<never> {
  return Promise.reject(new AppError("refused", `Cannot ${what}`));
}

/** The real one under the contract. */
export function realContractHost(
  place: StandInPlace,
  { canSnapshot }: { canSnapshot: boolean },
): ContractHost {
  const doors = new Doors(place);
  let snapshots = 0;
  return {
    open: () =>
      Promise.resolve(
        new RealVmm(place, { doors, canSnapshot }),
      ),
    config: (copy, guest) => realMachine(place, copy, guest),
    async answers(vmm, copy) {
      const instance = await instanceOf(vmm, copy);
      if (instance === undefined || instance.paused) return false;
      const { text } = await vmm.serialTail(copy, 4096);
      // It polls its port, so the next tick of the kernel's clock finds it at work.
      const { cpuSeconds } = await vmm.figures(copy);
      if (/ready/.test(text) && cpuSeconds !== 0) doors.open(copy);
      return await answersHttp(vmm, copy);
    },
    async until(what, look) {
      await until(what, look, { timeoutMs: TIMEOUT_MS });
    },
    async kill(vmm, copy) {
      const instance = await instanceOf(vmm, copy);
      if (instance !== undefined) Deno.kill(instance.pid, "SIGKILL");
    },
    speak: () => Promise.resolve(),
    heard: () => false,
    snapshotDir: () => `${place.dir}/snapshot-${++snapshots}`,
  };
}
