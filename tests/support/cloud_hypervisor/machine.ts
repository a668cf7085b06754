/**
 * The stand-in's VM: its states, what it answers in each, the events it tells.
 * Words and numbers are those of the real one (v53).
 *
 * ```text
 *  (none) --create--> Created --boot--> Running <--pause, resume--> Paused
 *     ^------delete------'  ^-------------shutdown-----'
 * ```
 *
 * @module
 */
import { schemaError } from "./digest.ts";
import { type Agent, SerialPort, Vsock } from "./devices.ts";
import {
  checkCpus,
  checkDirectory,
  checkFiles,
  type Config,
  countersText,
  giveMemory,
  Refusal,
} from "./machine_config.ts";
import {
  Guest,
  type GuestEnd,
  type GuestScript,
  guestScript,
} from "./guest.ts";

interface Vm {
  guest: Guest;
  isPaused: boolean;
}

/** What a machine does beside answering. */
export interface MachineOptions {
  tell: (source: string, event: string) => void;
  /** What listens inside a guest. */
  agents: (script: GuestScript) => ReadonlyMap<number, Agent>;
  /** The guest powered itself off: the VMM ends. */
  onOff: () => void;
  /** The kernel has Landlock turned on. */
  hasLandlock: boolean;
  /** How long a guest takes to let go of a processor. */
  ejectMs: number;
}

const API = "Error from API";
const MIGRATABLE = "Failed to send migratable component snapshot";

function pathOf(url: string): string {
  return url.replace(/^file:\/\//, "");
}

export class Machine {
  readonly #options: MachineOptions;
  #config: Config | null = null;
  #serial: SerialPort | null = null;
  #vsock: Vsock | null = null;
  #vm: Vm | null = null;
  #isEjecting = false;

  constructor(options: MachineOptions) {
    this.#options = options;
  }

  create(body: unknown): void {
    this.#parsed(body, "VmConfig");
    if (this.#config !== null) {
      throw this.#refused(
        "The VM could not be created",
        "VM is already created",
      );
    }
    this.#config = body as Config;
    this.#openSerial("The VM could not be created");
    if (!this.#options.hasLandlock && this.#config.landlock_enable === true) {
      throw this.#refused(
        "The VM could not be created",
        "Failed to apply landlock",
        "Failed to manage ruleset",
      );
    }
  }

  async boot(): Promise<void> {
    const what = "The VM could not boot";
    if (this.#vm !== null) throw this.#refused(what, "VM is already created");
    this.#options.tell("vm", "booting");
    const config = this.#config;
    if (config === null) {
      throw new Refusal(404, API, what, "VM config is missing");
    }
    await checkFiles(config, what);
    if (this.#serial === null) this.#openSerial(what);
    const vm = this.#machine(config);
    this.#vm = vm;
    vm.guest.boot();
    this.#options.tell("vm", "booted");
  }

  pause(): void {
    const vm = this.#running("The VM could not be paused");
    this.#options.tell("vm", "pausing");
    if (vm.isPaused) {
      throw this.#refused(
        "The VM could not be paused",
        "Cannot pause VM",
        "Failed to pause migratable component",
        "Invalid transition: InvalidStateTransition(Paused, Paused)",
      );
    }
    vm.isPaused = true;
    vm.guest.pause();
    this.#options.tell("vm", "paused");
  }

  resume(): void {
    const vm = this.#running("The VM could not resume");
    this.#options.tell("vm", "resuming");
    if (!vm.isPaused) {
      throw this.#refused(
        "The VM could not resume",
        "Cannot resume VM",
        "Failed to resume migratable component",
        "Invalid transition: InvalidStateTransition(Running, Running)",
      );
    }
    vm.isPaused = false;
    vm.guest.resume();
    this.#options.tell("vm", "resumed");
  }

  pressButton(): void {
    const vm = this.#running("Error triggering power button");
    if (!vm.isPaused) vm.guest.pressButton();
  }

  shutdown(): void {
    const vm = this.#running("The VM could not shutdown");
    vm.guest.stop();
    this.#vm = null;
    this.#closeDevices();
    this.#options.tell("vm", "shutdown");
  }

  remove(): void {
    if (this.#config === null) return;
    if (this.#vm !== null) this.shutdown();
    this.#closeDevices();
    this.#config = null;
    this.#options.tell("vm", "deleted");
  }

  resize(body: unknown): void {
    this.#parsed(body, "VmResize");
    const what = "The VM could not be resized";
    if (this.#config === null) {
      throw new Refusal(404, API, what, "VM is not created");
    }
    const sizes = body as Record<string, number | undefined>;
    const { desired_vcpus: cpus, desired_ram: bytes } = sizes;
    this.#options.tell("vm", "resizing");
    if (cpus !== undefined) this.#resizeCpus(cpus, what);
    if (bytes !== undefined) giveMemory(this.#config, bytes, what);
    this.#options.tell("vm", "resized");
  }

  async snapshot(body: unknown): Promise<void> {
    const what = "The VM could not be snapshotted";
    this.#parsed(body, "VmSnapshotConfig");
    const vm = this.#running(what);
    const dir = pathOf((body as { destination_url: string }).destination_url);
    this.#options.tell("vm", "snapshotting");
    if (!vm.isPaused) {
      throw this.#refused(
        what,
        "Cannot snapshot VM",
        "Failed to snapshot migratable component",
        "Trying to snapshot while VM is running",
      );
    }
    await checkDirectory(dir, what, "Cannot send VM snapshot", MIGRATABLE);
    await Deno.writeTextFile(
      `${dir}/config.json`,
      JSON.stringify(this.#fullConfig()),
    );
    await Deno.writeTextFile(`${dir}/state.json`, "{}");
    await Deno.writeFile(`${dir}/memory-ranges`, new Uint8Array(4096));
    this.#options.tell("vm", "snapshotted");
  }

  async restore(body: unknown): Promise<void> {
    const what = "The VM could not be restored";
    this.#parsed(body, "RestoreConfig");
    if (this.#config !== null) {
      throw this.#refused(what, "VM is already created");
    }
    const dir = pathOf((body as { source_url: string }).source_url);
    await checkDirectory(dir, what, "Cannot restore VM", MIGRATABLE);
    const text = await Deno.readTextFile(`${dir}/config.json`).catch(() => {
      throw this.#refused(
        what,
        "Cannot restore VM",
        "Failed to receive migratable component snapshot",
        `Error opening VM config snapshot file "${dir}/config.json"`,
        "No such file or directory (os error 2)",
      );
    });
    this.#options.tell("vm", "restoring");
    this.#config = JSON.parse(text) as Config;
    this.#openSerial(what);
    // It is up, and has nothing to say; its port opens when it is resumed.
    this.#vm = { ...this.#machine(this.#config), isPaused: true };
    this.#vm.guest.goOn();
    this.#options.tell("vm", "restored");
  }

  info(): string {
    if (this.#config === null) {
      throw new Refusal(
        404,
        API,
        "The VM info is not available",
        "VM is not created",
      );
    }
    const state = this.#vm === null
      ? "Created"
      : this.#vm.isPaused
      ? "Paused"
      : "Running";
    return JSON.stringify({
      config: this.#fullConfig(),
      state,
      memory_actual_size: this.#config.memory?.size ?? 0,
      ...(this.#vm === null ? {} : { device_tree: {} }),
    });
  }

  /** As text: its greatest number is beyond ours. */
  counters(): string {
    this.#running("The VM info is not available");
    return countersText(this.#config ?? {});
  }

  #parsed(body: unknown, schema: string): void {
    // The file says that a payload is required; the server takes a VM without one, and does not boot it.
    const error = typeof body === "object" && body !== null
      ? schemaError({ payload: {}, ...body }, schema)
      : schemaError(body, schema);
    if (error === null) return;
    throw new Refusal(
      400,
      "Failed to deserialize JSON",
      `${error} at line 1 column 1`,
    );
  }

  #refused(...words: string[]): Refusal {
    return new Refusal(500, API, ...words);
  }

  #running(what: string): Vm {
    if (this.#vm === null) throw this.#refused(what, "VM is not running");
    return this.#vm;
  }

  #openSerial(what: string): void {
    const { mode, socket } = this.#config?.serial ?? {};
    if (mode !== "Socket") return;
    try {
      this.#serial = new SerialPort(
        socket ?? "",
        (bytes) => this.#vm?.guest.type(bytes),
      );
    } catch {
      throw this.#refused(
        what,
        "Error creating console devices",
        "Error creating console device",
        "Address already in use (os error 98)",
      );
    }
  }

  #machine(config: Config): Vm {
    const script = guestScript(config.payload?.cmdline ?? "");
    if (config.vsock !== undefined) {
      this.#vsock = new Vsock(
        config.vsock.socket,
        this.#options.agents(script),
        script.kind === "serves",
      );
    }
    const serial = this.#serial;
    if (serial === null) throw new Error("a guest without a serial port");
    const guest = new Guest(script, serial, (end) => void this.#onEnd(end));
    return { guest, isPaused: false };
  }

  async #onEnd(end: GuestEnd): Promise<void> {
    if (end === "off") {
      this.remove();
      return this.#options.onOff();
    }
    this.#options.tell("vm", "rebooting");
    this.#vm = null;
    this.#closeDevices();
    await this.boot().catch(() => this.#options.onOff());
    this.#options.tell("vm", "rebooted");
  }

  #closeDevices(): void {
    this.#serial?.close();
    this.#vsock?.close();
    for (
      const path of [this.#config?.serial?.socket, this.#config?.vsock?.socket]
    ) {
      try {
        if (path !== undefined) Deno.removeSync(path);
      } catch {
        // Not there.
      }
    }
    this.#serial = null;
    this.#vsock = null;
  }

  #resizeCpus(cpus: number, what: string): void {
    if (this.#isEjecting) throw new Refusal(429, "Too Many Requests");
    const config = this.#config?.cpus ?? { boot_vcpus: 1, max_vcpus: 1 };
    checkCpus(config, cpus, what);
    if (cpus < config.boot_vcpus && this.#vm !== null) {
      this.#isEjecting = true;
      setTimeout(() => this.#isEjecting = false, this.#options.ejectMs);
    }
    config.boot_vcpus = cpus;
  }

  #fullConfig(): Record<string, unknown> {
    const { disks, ...config } = this.#config ?? {};
    return {
      ...config,
      ...(disks === undefined ? {} : {
        disks: disks.map((disk) => ({ readonly: false, ...disk })),
      }),
    };
  }
}
