/**
 * The inside of the guests of a simulated host: which user space each runs,
 * and switches of it. What it is here is the truth; it outlives the worker.
 *
 * A switch makes a mixture of a guest before it makes the new system of it, so
 * that a worker that dies in the midst of one leaves a mixture, which answers
 * nobody.
 *
 * @module
 */
import { type CopyId, copyKey } from "../../roles/model/ids.ts";
import type { Guests, SwitchResult } from "../../vmm/guest/guest.ts";
import { HostTime, type Kernel, type Process } from "./kernel.ts";
import type { RandomStream } from "./random.ts";
import type { Trace } from "./trace.ts";

/** A system that guests can be switched to, by its toplevel. */
export interface System {
  runtimeHash: string;
  /** It answers its checks. */
  isGood: boolean;
}

/** A guest as its host knows it. */
interface GuestVm extends CopyId {
  runtimeHash: string;
  cmdline: string;
  startedAtMs: number;
}

interface UserSpace {
  /** Of the VMM that it runs in. */
  startedAtMs: number;
  system: System;
  isMixed: boolean;
}

/** What the guests of one host are made of. */
export interface GuestsHost {
  /** The copy's guest; undefined when it does not run. */
  guest(key: string): GuestVm | undefined;
  /** A user space has changed. */
  look(): void;
}

export class SimulatedGuests {
  /** By toplevel: what publishers have made. */
  systems: ReadonlyMap<string, System> = new Map();
  /** Some guests cannot be switched, through no fault of theirs. */
  isRefusing = true;
  /** A guest is a mixture from now on. */
  onSwitch: () => void = () => {};
  /** By copy: what was switched since its boot. */
  readonly #spaces = new Map<string, UserSpace>();
  readonly #name: string;
  readonly #host: GuestsHost;
  readonly #kernel: Kernel;
  readonly #random: RandomStream;
  readonly #trace: Trace;

  constructor(
    name: string,
    parts: {
      host: GuestsHost;
      kernel: Kernel;
      random: RandomStream;
      trace: Trace;
    },
  ) {
    this.#name = name;
    this.#host = parts.host;
    this.#kernel = parts.kernel;
    this.#random = parts.random;
    this.#trace = parts.trace;
  }

  /** The hash of what really runs in it. */
  runtimeHash(vm: GuestVm): string {
    const space = this.#spaceOf(vm);
    return space === undefined || space.isMixed
      ? vm.runtimeHash
      : space.system.runtimeHash;
  }

  /** What a switch was to make of this copy's guest, which is a mixture now; undefined: it is none. */
  mixtureOf(key: string): System | undefined {
    const vm = this.#host.guest(key);
    const space = vm === undefined ? undefined : this.#spaceOf(vm);
    return space?.isMixed === true ? space.system : undefined;
  }

  /** Its user space answers, as far as that goes. */
  answers(vm: GuestVm): boolean {
    const space = this.#spaceOf(vm);
    if (space !== undefined) return !space.isMixed && space.system.isGood;
    const toplevel = /init=(\S+)\/init/.exec(vm.cmdline)?.[1] ?? "";
    return this.systems.get(toplevel)?.isGood ?? true;
  }

  /** The way to their inside, as one process of this host has it. */
  of(process: Process): Guests {
    const clock = new HostTime(this.#kernel).clockOf(process);
    const none = () => Promise.reject(new Error("guests run no commands here"));
    return {
      ready: none,
      exec: none,
      forget: () => undefined,
      switchTo: async (copy, toplevel, { timeoutMs, signal }) => {
        const result = this.#begin(copy, toplevel);
        const ms = result === null ? timeoutMs : this.#random.integer(50, 4000);
        await clock.sleep(ms, signal);
        if (result === null || signal?.aborted) {
          return { kind: "lost", reason: "it told no end" };
        }
        return this.#end(copy, toplevel, result);
      },
    };
  }

  /** What will come of it; null: it tells no end. */
  #begin(copy: CopyId, toplevel: string): SwitchResult["kind"] | null {
    const key = copyKey(copy);
    const vm = this.#host.guest(key);
    const system = this.systems.get(toplevel);
    if (vm === undefined || system === undefined) return "refused";
    if (this.isRefusing && this.#random.chance(0.1)) {
      this.#trace.fault("switch-refused", this.#name, key);
      return "refused";
    }
    const { startedAtMs } = vm;
    this.#spaces.set(key, { startedAtMs, system, isMixed: true });
    this.#host.look();
    this.onSwitch();
    if (system.isGood) return "switched";
    return this.#random.pick(["switched", "failed", null]);
  }

  #end(
    copy: CopyId,
    toplevel: string,
    kind: SwitchResult["kind"],
  ): SwitchResult {
    const key = copyKey(copy);
    const vm = this.#host.guest(key);
    const system = this.systems.get(toplevel);
    const space = vm === undefined ? undefined : this.#spaceOf(vm);
    if (kind !== "switched") return { kind, reason: `it is ${kind}` };
    if (space === undefined || system === undefined) {
      return { kind: "lost", reason: "its guest has ended" };
    }
    this.#spaces.set(key, { ...space, system, isMixed: false });
    this.#trace.seen(
      "switch",
      this.#name,
      `${key} ${system.runtimeHash.slice(0, 8)}`,
    );
    this.#host.look();
    return { kind };
  }

  #spaceOf(vm: GuestVm): UserSpace | undefined {
    const space = this.#spaces.get(copyKey(vm));
    return space?.startedAtMs === vm.startedAtMs ? space : undefined;
  }
}
