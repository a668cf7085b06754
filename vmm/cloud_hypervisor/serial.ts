/**
 * A guest's serial port, which its VMM serves on a unix socket to one client:
 * what comes out is appended to the boot's log, what is typed goes in.
 *
 * The worker stands between guest and log here, since this VMM has no other
 * console that both logs and takes input. While nobody is connected versions
 * from 53 on keep the last MiB and hand it over, those before drop it. What a
 * worker had in its socket when it was killed is lost; one that ends takes it.
 *
 * A log is cut once a second. Where that cannot be, on a file system that makes
 * no holes, it ends at a bound: no more is written until it was cut.
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";
import { LOG_BOUNDS } from "../core/boot_log.ts";
import { newestBootLog } from "../host/serial_log.ts";
import type { GuestConnection } from "../vmm.ts";

/** One read: a socket's buffer holds not much more. */
const PIECE_BYTES = 16 * 1024;
/**
 * Taken at most, in the long run: what an emulated port carries when its guest
 * does nothing else, and a hundredth of a processor here. More than a boot
 * writes is taken at once.
 */
const BYTES_PER_MS = 1024;
const BURST_BYTES = 8 * 1024 * 1024;

/** Nothing came for so long: what had come is taken. */
const QUIET_MS = 10;
/** A guest that writes without end is not waited for. */
const FINISH_MS = 200;

async function writeAll(
  to: { write(bytes: Uint8Array): Promise<number> },
  bytes: Uint8Array,
): Promise<void> {
  for (let done = 0; done < bytes.byteLength;) {
    done += await to.write(bytes.subarray(done));
  }
}

const UNCUT = new AppError(
  "overloaded",
  `The log has had ${LOG_BOUNDS.unwatchedBytes} bytes since it was last cut`,
  { hint: "keep the run directory on tmpfs, ext4, xfs or btrfs" },
);

/** How fast one port is read. */
export class Pace {
  #credit = BURST_BYTES;
  #lastMs = 0;

  /** How long to wait after these bytes before more are taken. */
  waitMs(bytes: number, nowMs: number): number {
    const earned = (nowMs - this.#lastMs) * BYTES_PER_MS;
    this.#lastMs = nowMs;
    this.#credit = Math.min(BURST_BYTES, this.#credit + earned) - bytes;
    return Math.max(0, -this.#credit / BYTES_PER_MS);
  }
}

/** The connection to one guest's serial port. */
export class SerialLine {
  readonly #socket: Deno.UnixConn;
  readonly #log: Deno.FsFile;
  readonly #onWarning: (error: unknown) => void;
  #isClosed = false;
  #isFull = false;
  /** Written since the log was last known to be bounded. */
  #uncutBytes = 0;
  #reads = 0;
  /** Resolves when the VMM has closed it, which its end does too, or `close` was called; all that came is in the log then. */
  readonly closed: Promise<void>;

  private constructor(
    socket: Deno.UnixConn,
    log: Deno.FsFile,
    onWarning: (error: unknown) => void,
  ) {
    this.#socket = socket;
    this.#log = log;
    this.#onWarning = onWarning;
    this.closed = this.#read().finally(() => {
      this.close();
      this.#log.close();
    });
  }

  /** @throws {AppError} `unavailable` when nobody serves it, `storage`. */
  static async connect(
    socketPath: string,
    logPath: string,
    onWarning: (error: unknown) => void,
  ): Promise<SerialLine> {
    let log: Deno.FsFile;
    try {
      log = await Deno.open(logPath, {
        append: true,
        create: true,
        mode: 0o600,
      });
    } catch (cause) {
      throw new AppError("storage", `Cannot write ${logPath}`, { cause });
    }
    try {
      const socket = await Deno.connect({
        transport: "unix",
        path: socketPath,
      });
      return new SerialLine(socket, log, onWarning);
    } catch (cause) {
      log.close();
      throw new AppError(
        "unavailable",
        `Cannot connect to the serial port at ${socketPath}`,
        { cause },
      );
    }
  }

  /** Types into the guest. What comes out is in the log. */
  input(): GuestConnection {
    return {
      // It ends with the connection, and says nothing.
      readable: new ReadableStream<Uint8Array>({
        start: (controller) => {
          void this.closed.then(() => controller.close()).catch(() =>
            undefined
          );
        },
      }),
      write: (bytes) => this.#write(bytes),
      close: () => undefined,
    };
  }

  /** The log has been cut, or is short: as much again may be written. */
  goOn(): void {
    this.#uncutBytes = 0;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.close();
  }

  /** Takes what has come, then closes: what lies unread in a socket goes with it. */
  async finish(): Promise<void> {
    const endMs = performance.now() + FINISH_MS;
    for (let seen = -1; seen !== this.#reads && performance.now() < endMs;) {
      seen = this.#reads;
      await new Promise((done) => setTimeout(done, QUIET_MS));
    }
    this.close();
    await this.closed;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    try {
      await writeAll(this.#socket, bytes);
    } catch (cause) {
      throw new AppError("unavailable", "The guest's serial port has closed", {
        cause,
      });
    }
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(PIECE_BYTES);
    const pace = new Pace();
    for (;;) {
      // An error is an end too.
      const count = await this.#socket.read(buffer).catch(() => null);
      if (count === null) return;
      this.#reads++;
      await this.#append(buffer.subarray(0, count));
      const waitMs = pace.waitMs(count, performance.now());
      // Not read meanwhile: the guest that floods waits, and nobody else.
      if (waitMs > 0) await new Promise((done) => setTimeout(done, waitMs));
    }
  }

  /** A disk that is full loses what comes now, never the guest. */
  async #append(bytes: Uint8Array): Promise<void> {
    try {
      if (this.#uncutBytes > LOG_BOUNDS.unwatchedBytes) throw UNCUT;
      await writeAll(this.#log, bytes);
      this.#uncutBytes += bytes.byteLength;
      this.#isFull = false;
    } catch (error) {
      if (!this.#isFull) this.#onWarning(error);
      this.#isFull = true;
    }
  }
}

/**
 * Connects to the serial port of a guest that runs. Null when that cannot be:
 * the guest runs as well without, and what it writes is not seen.
 */
export async function reconnectSerial(
  id: string,
  on: {
    dir: string;
    socketPath: string;
    onWarning: (message: string, error: unknown) => void;
  },
): Promise<SerialLine | null> {
  const warn = (error: unknown) =>
    on.onWarning(`cannot write the log of ${id}`, error);
  try {
    const log = await newestBootLog(on.dir);
    return log === null
      ? null
      : await SerialLine.connect(on.socketPath, log, warn);
  } catch (error) {
    warn(error);
    return null;
  }
}
