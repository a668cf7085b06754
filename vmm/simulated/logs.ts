/**
 * What simulated guests have written, per boot: by their script, and in answer
 * to what was typed. In memory: a driver that starts anew knows of a boot what
 * its script says.
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";
import { type CopyId, copyKey } from "../../roles/model/ids.ts";
import {
  type BootLog,
  chooseBoot,
  keptOf,
  LOG_BOUNDS,
  spanToRead,
  tooOld,
} from "../core/boot_log.ts";
import { logOf } from "./core/guest.ts";
import type { SimulatedVm } from "./host.ts";
import type { LogPiece, LogRequest, LogTail } from "../vmm.ts";

/** Typed and echoed in one boot; what comes after is not echoed. */
const MAX_TYPED_BYTES = 64 * 1024;

interface Boot extends BootLog {
  /** The VM while it runs, then what it wrote. */
  vm: SimulatedVm | null;
  text: string;
  echoed: string;
  /** Typed, and no line end yet. */
  line: string;
}

export class SimulatedLogs {
  readonly #nowMs: () => number;
  /** By copy. */
  readonly #boots = new Map<string, Boot[]>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** The number of the boot that is about to begin. */
  nextBoot(copy: CopyId): number {
    const boots = this.#boots.get(copyKey(copy)) ?? [];
    return 1 + boots.reduce((highest, { boot }) => Math.max(highest, boot), 0);
  }

  /** A guest runs: its log begins, or is found again. */
  begin(vm: SimulatedVm): void {
    const key = copyKey(vm);
    const boots = this.#boots.get(key) ?? [];
    const { boot = 1, generation = 0 } = vm;
    if (boots.some((known) => known.boot === boot)) return;
    const old = tooOld(boots);
    this.#boots.set(key, [
      ...boots.filter((known) => !old.includes(known)),
      { boot, generation, originMib: 0, vm, text: "", echoed: "", line: "" },
    ]);
  }

  /** It writes no more. */
  end(vm: SimulatedVm): void {
    this.begin(vm);
    for (const boot of this.#boots.get(copyKey(vm)) ?? []) {
      if (boot.vm === null) continue;
      boot.text = this.#textOf(boot);
      boot.vm = null;
    }
  }

  /** Echoes each line that is typed, as the guests of tests do. */
  type(vm: SimulatedVm, text: string): void {
    this.begin(vm);
    const boot = this.#boots.get(copyKey(vm))?.find((known) =>
      known.vm !== null
    );
    if (boot === undefined) return;
    const lines = `${boot.line}${text}`.replaceAll("\r", "\n").split("\n");
    boot.line = (lines.pop() ?? "").slice(-MAX_TYPED_BYTES);
    for (const line of lines) {
      if (boot.echoed.length + line.length > MAX_TYPED_BYTES) return;
      boot.echoed += `${line}\necho: ${line}\n`;
    }
  }

  forget(copy: CopyId): void {
    this.#boots.delete(copyKey(copy));
  }

  tail(copy: CopyId, maxBytes: number): LogTail {
    const at = this.tailOf(copy, maxBytes);
    if (at === null) return { text: "", truncated: false };
    const { bytes } = this.read(copy, { ...at, generation: 0, maxBytes });
    return { text: new TextDecoder().decode(bytes), truncated: at.offset > 0 };
  }

  /** Where the last `maxBytes` of the newest log begin. */
  tailOf(
    copy: CopyId,
    maxBytes: number,
  ): { boot: number; offset: number } | null {
    const boots = this.#boots.get(copyKey(copy)) ?? [];
    const newest = chooseBoot(boots, { generation: 0, boot: 0 });
    const boot = boots.find((known) => known === newest);
    if (boot === undefined) return null;
    const length = bytesOf(this.#textOf(boot)).byteLength;
    return { boot: boot.boot, offset: Math.max(0, length - maxBytes) };
  }

  /** @throws {AppError} `not_found`. */
  read(copy: CopyId, request: LogRequest): LogPiece {
    const boots = this.#boots.get(copyKey(copy)) ?? [];
    const chosen = chooseBoot(boots, request);
    const boot = boots.find((known) => known === chosen);
    if (boot === undefined) {
      throw new AppError("not_found", "There is no log of that boot");
    }
    const all = bytesOf(this.#textOf(boot));
    const kept = keptOf(all.byteLength, LOG_BOUNDS.keptBytes);
    const { from, to } = spanToRead(kept, request);
    return {
      bytes: all.slice(from, to),
      boot: boot.boot,
      offset: to,
      generation: boot.generation,
      ended: boot.vm === null && to === all.byteLength,
    };
  }

  #textOf({ vm, text, echoed }: Boot): string {
    return vm === null ? text : logOf(vm, this.#nowMs()) + echoed;
  }
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
