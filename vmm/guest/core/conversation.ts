/**
 * One connection to a guest, as the host keeps it: which commands are under way
 * and what each may still send. Pure. Whatever the guest says, what is kept
 * stays bounded, and what it may not say is either dropped or ends its command.
 *
 * ```text
 *   command:  asked ──out, err, took──▶ asked ──exit, no──▶ gone
 *               └── more than its window, or than its input ──▶ lied, gone
 * ```
 *
 * @module
 */
import {
  type GuestFrame,
  hostLine,
  MAX_GUEST_LINE,
  parseGuestLine,
  PROTOCOL_VERSION,
} from "./frames.ts";
import { LineCutter } from "./lines.ts";

/**
 * Pieces of one stream a guest may send before it is told to go on: 4 of 2 KiB
 * keep the way full over a shell's slow steps, and 64 commands at 18 KiB.
 */
export const WINDOW_PIECES = 4;
/**
 * Bytes that count for nothing, between two answers that count. A former
 * connection leaves at most a pipe and a queue behind, some 100 KiB.
 */
export const MAX_WASTE_BYTES = 1024 * 1024;

/** What the guest has said that counts. */
export type Heard =
  | { readonly kind: "ready" }
  /** Another agent answers: nobody knows what became of the commands of these ids. */
  | { readonly kind: "restarted"; readonly lost: readonly number[] }
  /** The guest speaks another version. */
  | { readonly kind: "stranger"; readonly version: number }
  | {
    readonly kind: "output";
    readonly id: number;
    readonly stream: "out" | "err";
    readonly bytes: Uint8Array;
  }
  | { readonly kind: "took"; readonly id: number }
  | { readonly kind: "exited"; readonly id: number; readonly code: number }
  | { readonly kind: "refused"; readonly id: number; readonly message: string }
  /** It said of this command what it may not; the command is forgotten. */
  | { readonly kind: "lied"; readonly id: number; readonly reason: string }
  /** It talks and talks: the connection is of no use. Nothing is heard after it. */
  | { readonly kind: "flooded" };

interface Command {
  /** Pieces it may send now. */
  readonly windows: { out: number; err: number };
  /** It has not asked for the next piece of its input yet. */
  isFeeding: boolean;
}

export class Conversation {
  readonly #session: string;
  readonly #lines = new LineCutter(MAX_GUEST_LINE);
  readonly #commands = new Map<number, Command>();
  /** Who answered last. */
  #agent: string | null = null;
  #nextId = 1;
  #waste = 0;
  #isFlooded = false;
  /** A hello is under way: a ready that was not asked for counts for nothing. */
  #isAsking = false;

  /** @param session fresh, so that nobody takes the words of a former one for its own. */
  constructor(session: string) {
    this.#session = session;
  }

  /** The line that asks whether anybody is there. It begins with a line end: a former host may have been cut off in mid-line. */
  hello(): string {
    this.#isAsking = true;
    return `\n${hostLine(this.#session, { kind: "hello" })}`;
  }

  /** Takes a command up: its id and the line that asks for it. */
  exec(
    argv: readonly string[],
    input: boolean,
  ): { id: number; line: string } {
    const id = this.#open(input);
    return { id, line: this.#line({ kind: "exec", id, input, argv }) };
  }

  switchTo(toplevel: string): { id: number; line: string } {
    const id = this.#open(false);
    const line = this.#line({ kind: "switch", id, action: "test", toplevel });
    return { id, line };
  }

  /** A piece of input; each only after a `took`, the first one included. */
  feed(id: number, bytes: Uint8Array): string {
    const command = this.#commands.get(id);
    if (command !== undefined) command.isFeeding = true;
    return this.#line({ kind: "in", id, bytes });
  }

  endInput(id: number): string {
    return this.#line({ kind: "eof", id });
  }

  /** A piece was used up: the guest may send another. */
  more(id: number, stream: "out" | "err"): string {
    const command = this.#commands.get(id);
    if (command !== undefined) command.windows[stream]++;
    return this.#line({ kind: "more", id, stream });
  }

  /** Ends a command; nothing is heard of it any more. */
  kill(id: number): string {
    this.#commands.delete(id);
    return this.#line({ kind: "kill", id });
  }

  /** What counts in a chunk from the guest. */
  hear(chunk: Uint8Array): Heard[] {
    const heard: Heard[] = [];
    if (this.#isFlooded) return heard;
    const droppedBefore = this.#lines.dropped;
    for (const line of this.#lines.cut(chunk)) {
      const frame = parseGuestLine(line, this.#session);
      const meant = frame === null ? null : this.#meaning(frame);
      if (meant === null) this.#waste += line.length + 1;
      else heard.push(meant);
    }
    this.#waste += this.#lines.dropped - droppedBefore;
    if (this.#waste > MAX_WASTE_BYTES) {
      this.#isFlooded = true;
      heard.push({ kind: "flooded" });
    }
    return heard;
  }

  #meaning(frame: GuestFrame): Heard | null {
    if (frame.kind === "ready") return this.#ready(frame);
    const { id } = frame;
    const command = this.#commands.get(id);
    if (command === undefined) return null;
    switch (frame.kind) {
      case "out":
      case "err": {
        if (command.windows[frame.kind] === 0) {
          return this.#lied(id, "sent more output than it was let to");
        }
        command.windows[frame.kind]--;
        const { kind: stream, bytes } = frame;
        return { kind: "output", id, stream, bytes };
      }
      case "took":
        if (!command.isFeeding) {
          return this.#lied(id, "asked for input where there is none");
        }
        command.isFeeding = false;
        return { kind: "took", id };
      case "exit":
        this.#commands.delete(id);
        return { kind: "exited", id, code: frame.code };
      case "no":
        this.#commands.delete(id);
        return { kind: "refused", id, message: frame.message };
    }
  }

  #ready({ version, agent }: GuestFrame & { kind: "ready" }): Heard | null {
    if (!this.#isAsking) return null;
    this.#isAsking = false;
    this.#waste = 0;
    if (version !== PROTOCOL_VERSION) return { kind: "stranger", version };
    const former = this.#agent;
    this.#agent = agent;
    if (former === null || former === agent) return { kind: "ready" };
    const lost = [...this.#commands.keys()];
    this.#commands.clear();
    return { kind: "restarted", lost };
  }

  #lied(id: number, what: string): Heard {
    this.#commands.delete(id);
    return { kind: "lied", id, reason: `the guest ${what}` };
  }

  #open(isFeeding: boolean): number {
    const id = this.#nextId++;
    const windows = { out: WINDOW_PIECES, err: WINDOW_PIECES };
    this.#commands.set(id, { windows, isFeeding });
    return id;
  }

  #line(frame: Parameters<typeof hostLine>[1]): string {
    return hostLine(this.#session, frame);
  }
}
