/**
 * What the port offers of a copy that needs no word to its VMM, or only a
 * socket: its logs, its console, its guest channel. The same under every driver
 * whose VMMs are processes with a run directory.
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";
import type { CopyId } from "../../roles/model/ids.ts";
import { CopyConsole } from "./console.ts";
import type { VmPaths } from "./run_directory.ts";
import type { RunningVm, RunningVms, VmHost } from "./running_vms.ts";
import { readBootLog, readSerialTail, tailOf } from "./serial_log.ts";
import type {
  GuestConnection,
  LogPiece,
  LogRequest,
  LogTail,
  VmInstance,
} from "../vmm.ts";

/** Connects to a VMM's end of the guest channel; `onClose` is called once it is closed. */
export type OpenChannel = (
  path: string,
  what: string,
  onClose: () => void,
) => Promise<GuestConnection>;

/** The copies of one driver, as the port shows them. */
export class CopyAccess<R extends RunningVm> {
  readonly #host: VmHost;
  readonly #vms: RunningVms<R>;

  constructor(host: VmHost, vms: RunningVms<R>) {
    this.#host = host;
    this.#vms = vms;
  }

  async list(): Promise<VmInstance[]> {
    await this.#vms.adopt();
    return this.#vms.all().map(({ instance }) => instance);
  }

  async serialTail(copy: CopyId, maxBytes: number): Promise<LogTail> {
    return await readSerialTail(this.#paths(copy).dir, maxBytes);
  }

  async readLog(copy: CopyId, request: LogRequest): Promise<LogPiece> {
    await this.#vms.adopt();
    return await this.#read(copy, request);
  }

  async console(copy: CopyId): Promise<GuestConnection> {
    await this.#vms.adopt();
    const { console } = this.#vms.required(copy, "attach to the console of");
    return await console.attach();
  }

  /** At most one at a time. @throws {AppError} `conflict`. */
  async guestChannel(
    copy: CopyId,
    open: OpenChannel,
  ): Promise<GuestConnection> {
    await this.#vms.adopt();
    const running = this.#vms.required(copy, "reach inside");
    if (running.hasChannel) {
      throw new AppError(
        "conflict",
        `Cannot reach inside "${copy.id}": its guest channel is in use`,
      );
    }
    running.hasChannel = true;
    const letGo = () => {
      running.hasChannel = false;
    };
    try {
      const { channel } = this.#paths(copy);
      return await open(channel, `the guest channel of "${copy.id}"`, letGo);
    } catch (error) {
      letGo();
      throw error;
    }
  }

  async forget(copy: CopyId): Promise<void> {
    if (this.#vms.get(copy) !== undefined) return;
    await this.#host.directory.forget(copy);
  }

  /** The console of a copy that is taken over: its log, and where its keys go. */
  consoleOf(
    copy: CopyId,
    openInput: () => Promise<GuestConnection>,
  ): CopyConsole {
    const { dir } = this.#paths(copy);
    return new CopyConsole({
      id: copy.id,
      clock: this.#host.clock,
      tail: (maxBytes) => tailOf(dir, maxBytes),
      read: (at) => this.#read(copy, { ...at, generation: 0 }),
      openInput,
    });
  }

  #paths(copy: CopyId): VmPaths {
    return this.#host.directory.paths(copy);
  }

  async #read(copy: CopyId, request: LogRequest): Promise<LogPiece> {
    return await readBootLog(
      this.#paths(copy).dir,
      request,
      () => this.#vms.get(copy) !== undefined,
      this.#host.logBounds,
    );
  }
}
