/**
 * The port to what runs inside a copy: is it up, run a command, switch its
 * user space. Decides nothing; who may ask is the caller's to know.
 *
 * @module
 */
import type { CopyId } from "../../roles/model/ids.ts";

/** Which of a command's two streams. */
export type OutputStream = "stdout" | "stderr";

/** How a command is run. */
export interface ExecOptions {
  /** Ended after so long, with an error of code `timeout`; 0: as long as it takes. */
  timeoutMs: number;
  /**
   * Given each piece, in order within a stream. The guest sends on only when
   * it has resolved: a slow reader slows its own command and nothing else.
   */
  onOutput?: (
    stream: OutputStream,
    bytes: Uint8Array,
  ) => void | Promise<void>;
  /** What the command reads; absent: nothing. */
  stdin?: ReadableStream<Uint8Array>;
  /** Ends the command. */
  signal?: AbortSignal;
  /** More output than this is dropped, and told in the result; default: no limit, since nothing of it is kept. */
  maxOutputBytes?: number;
  /** Who asks: health checks have a place in line of their own, so that people cannot crowd them out. */
  lane?: "people" | "checks";
}

/** How a command ended. */
export interface ExecResult {
  /** Its exit code; 128 and the number of the signal that ended it. */
  code: number;
  /** Output beyond `maxOutputBytes` was dropped. */
  truncated: boolean;
}

/**
 * What runs inside the copies of this host.
 *
 * Errors, all as {@linkcode AppError}: `refused` where the driver has no guest
 * channel, `not_found` when the copy does not run, `unavailable` when the guest
 * does not answer or goes away, `timeout`, `overloaded` when too many commands
 * wait, `failed` when the guest cannot run it.
 */
export interface Guests {
  /** Resolves when the guest's side answers. */
  ready(copy: CopyId, timeoutMs: number): Promise<void>;
  /** Runs a command inside the guest, without a shell. */
  exec(
    copy: CopyId,
    argv: readonly string[],
    options: ExecOptions,
  ): Promise<ExecResult>;
  /** Runs `TOPLEVEL/bin/switch-to-configuration test` inside the guest. */
  switchTo(
    copy: CopyId,
    toplevel: string,
    options: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<SwitchResult>;
  /** Lets go of a copy that ends or has ended. */
  forget(copy: CopyId): void;
}

/** What became of a switch. */
export type SwitchResult =
  | { readonly kind: "switched" }
  /** Nothing was touched: it cannot be switched, and why. */
  | { readonly kind: "refused"; readonly reason: string }
  /** It ran and said no; the user space is a mixture. */
  | { readonly kind: "failed"; readonly reason: string }
  /** It was begun, and the guest told no end. */
  | { readonly kind: "lost"; readonly reason: string };
