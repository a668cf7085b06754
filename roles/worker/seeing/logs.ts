/**
 * Reading a guest's log as it grows: the driver is asked again until there is
 * something, the boot has ended, or the reader's time is over.
 *
 * @module
 */
import type { CopyId } from "../../model/ids.ts";
import type { Clock } from "../../model/ports.ts";
import { Turns } from "../../turns/mod.ts";
import type { LogPiece, LogRequest, Vmm } from "../../../vmm/mod.ts";

/** Between two looks at a file: sooner than a reader wonders, and cheap. */
const LOOK_EVERY_MS = 200;
/** Readers that wait at once: each looks five times a second. */
const MAX_WAITING = 256;
/** Most of a log given out at once: a terminal's scrollback, and far below a message's limit. */
const MAX_BYTES = 1024 * 1024;
/** As long as a poll may be held. */
const MAX_WAIT_MS = 60_000;

export class LogReader {
  readonly #vmm: Pick<Vmm, "readLog">;
  readonly #clock: Clock;
  readonly #waits = new Turns({
    running: MAX_WAITING,
    waiting: 0,
    what: "readers that follow logs",
  });

  constructor({ vmm, clock }: { vmm: Pick<Vmm, "readLog">; clock: Clock }) {
    this.#vmm = vmm;
    this.#clock = clock;
  }

  /** @throws {AppError} what the driver throws; `overloaded` when too many wait. */
  async read(
    copy: CopyId,
    request: LogRequest & { waitMs: number },
    signal: AbortSignal,
  ): Promise<LogPiece> {
    const { waitMs, ...asked } = request;
    const bounded = {
      ...asked,
      maxBytes: Math.min(Math.max(asked.maxBytes, 1), MAX_BYTES),
    };
    const first = await this.#vmm.readLog(copy, bounded);
    if (waitMs === 0 || isWorthTelling(first)) return first;
    const end = this.#clock.bootMs() + Math.min(waitMs, MAX_WAIT_MS);
    return await this.#waits.run(async () => {
      for (let piece = first;;) {
        const leftMs = end - this.#clock.bootMs();
        if (leftMs <= 0 || signal.aborted) return piece;
        await this.#clock.sleep(Math.min(LOOK_EVERY_MS, leftMs), signal);
        piece = await this.#vmm.readLog(copy, bounded);
        if (isWorthTelling(piece)) return piece;
      }
    });
  }
}

function isWorthTelling({ bytes, ended }: LogPiece): boolean {
  return bytes.length > 0 || ended;
}
