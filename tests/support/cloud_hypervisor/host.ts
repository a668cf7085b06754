/**
 * Drivers and machines for tests over the stand-in: each copy's guest has a
 * loopback address of its own, where a TAP would give it one.
 *
 * @module
 */
import { systemClock } from "../../../roles/clock/mod.ts";
import { type CopyId, copyKey } from "../../../roles/model/ids.ts";
import type {
  ContractHost,
  GuestKind,
} from "../../../vmm/contract/contract.ts";
import {
  CloudHypervisorVmm,
  directoryName,
  type VmConfig,
  type Vmm,
} from "../../../vmm/mod.ts";
import { hostLine, parseGuestLine } from "../../../vmm/guest/core/frames.ts";
import { findByMarker, killNow } from "../../../vmm/host/process_table.ts";
import { pvhProbe } from "../../../vmm/choice/core/pvh_probe.ts";
import type { CloudHypervisorOptions } from "../../../vmm/cloud_hypervisor/driver.ts";
import { until } from "../wait.ts";
import { installStandIn } from "./install.ts";

/** A stand-in begins within half a second alone, and in far more on a machine that is busy. */
export const STAND_IN_TIMEOUT_MS = 60_000;
/** What this host's end of the guest channel calls itself. */
const SESSION = "0123456789abcdef";

/** A directory with the stand-in and a kernel in it; disposal ends what a failed test has left. */
export interface StandInPlace extends AsyncDisposable {
  dir: string;
  program: string;
}

/** The place of a program whose VMMs run below `dir`. */
export function placeOf(dir: string, program: string): StandInPlace {
  return {
    dir,
    program,
    async [Symbol.asyncDispose]() {
      for (const { pid } of await findByMarker(`path=${dir}/`)) killNow(pid);
    },
  };
}

/** Makes one below `dir`. */
export async function standInPlace(
  dir: string,
  faults: readonly string[] = [],
): Promise<StandInPlace> {
  await Deno.writeFile(`${dir}/kernel`, pvhProbe());
  await Deno.writeTextFile(`${dir}/initrd`, "an initrd\n");
  const program = await installStandIn(`${dir}/cloud-hypervisor`, faults);
  return placeOf(dir, program);
}

/** An address of its own for each copy of each place: 127.0.0.0/8 is all this host, which other tests may use. */
export function addressOf({ dir }: StandInPlace, copy: CopyId): string {
  const digits = directoryName(`${dir} ${copyKey(copy)}`);
  const part = (at: number) =>
    1 + Number.parseInt(digits.slice(at, at + 2), 16) % 250;
  return `127.${part(0)}.${part(2)}.${part(4)}`;
}

/** A machine of the stand-in. */
export function standInMachine(
  place: StandInPlace,
  copy: CopyId,
  guest: string,
): VmConfig {
  const { dir } = place;
  const address = addressOf(place, copy);
  return {
    ...copy,
    runtimeHash: "a".repeat(64),
    cpus: 1,
    memoryMib: 128,
    kernelPath: `${dir}/kernel`,
    initrdPath: `${dir}/initrd`,
    cmdline:
      `console=ttyS0 standin.guest=${guest} standin.listen=${address}:80`,
    ports: [{ name: "http", guest: 80 }],
    volumes: [],
    nic: { tap: "standin0", mac: "02:00:00:00:00:01", address },
  };
}

/** How a driver over `place` is opened. */
export function standInOptions(
  { dir, program }: StandInPlace,
): CloudHypervisorOptions {
  return {
    runDir: `${dir}/run`,
    tempDir: `${dir}/tmp`,
    clock: systemClock,
    cloudHypervisorPath: program,
  };
}

/** A driver over `place`. */
export function standInDriver(
  place: StandInPlace,
  more: Partial<CloudHypervisorOptions> = {},
): CloudHypervisorVmm {
  return new CloudHypervisorVmm({ ...standInOptions(place), ...more });
}

/** The instance of a copy that runs. */
export async function instanceOf(vmm: Vmm, copy: CopyId) {
  return (await vmm.list()).find((vm) => copyKey(vm) === copyKey(copy));
}

/** Whether `/healthz` at a copy's address says that all is well. */
export async function answersHttp(vmm: Vmm, copy: CopyId): Promise<boolean> {
  const instance = await instanceOf(vmm, copy);
  if (instance === undefined) return false;
  try {
    const response = await fetch(
      `http://${instance.host}:${instance.ports[0]?.host}/healthz`,
      { signal: AbortSignal.timeout(2000) },
    );
    return await response.text() === "ok\n";
  } catch {
    return false;
  }
}

/** The stand-in under the contract. */
export function standInContractHost(place: StandInPlace): ContractHost {
  let snapshots = 0;
  return {
    open: () => Promise.resolve(standInDriver(place)),
    config: (copy: CopyId, guest: GuestKind) =>
      standInMachine(place, copy, guest),
    answers: answersHttp,
    async until(what, look) {
      await until(what, look, { timeoutMs: STAND_IN_TIMEOUT_MS });
    },
    async kill(vmm, copy) {
      const instance = await instanceOf(vmm, copy);
      if (instance !== undefined) Deno.kill(instance.pid, "SIGKILL");
    },
    speak: (channel) =>
      channel.write(
        new TextEncoder().encode(hostLine(SESSION, { kind: "hello" })),
      ),
    heard: (text) =>
      text.split("\n").some((line) =>
        parseGuestLine(line, SESSION)?.kind === "ready"
      ),
    snapshotDir: () => `${place.dir}/snapshot-${++snapshots}`,
  };
}
