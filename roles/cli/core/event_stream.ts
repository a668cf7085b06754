/**
 * Server-sent events from text that arrives in pieces. Pure: holds what is not
 * complete yet, reads nothing.
 *
 * Format: the HTML standard's event streams, with the fields that ci sends.
 *
 * @module
 */
import { AppError } from "../../model/errors.ts";

/** One event. */
export interface StreamEvent {
  event: string;
  data: string;
}

/** A batch of log lines is far below this: a stream that never ends a line must not fill the memory. */
const MAX_PENDING_CHARS = 16 * 1024 * 1024;

/** Takes text, gives events. */
export class EventStream {
  #pending = "";
  #event = "message";
  #data: string[] = [];

  /**
   * The events that `text` completes.
   *
   * @throws {AppError} `failed` when a line does not end.
   */
  take(text: string): StreamEvent[] {
    this.#pending += text;
    const lines = this.#pending.split("\n");
    this.#pending = lines.pop() ?? "";
    if (this.#pending.length > MAX_PENDING_CHARS) {
      throw new AppError("failed", "Cannot read the log: a line has no end");
    }
    const events: StreamEvent[] = [];
    for (const line of lines) {
      const event = this.#line(line.replace(/\r$/, ""));
      if (event !== null) events.push(event);
    }
    return events;
  }

  #line(line: string): StreamEvent | null {
    if (line === "") {
      const event = { event: this.#event, data: this.#data.join("\n") };
      const isEvent = this.#data.length > 0;
      this.#event = "message";
      this.#data = [];
      return isEvent ? event : null;
    }
    const [, field, value] = /^([a-z]+): ?(.*)$/.exec(line) ?? [];
    if (field === "event") this.#event = value ?? "";
    if (field === "data") this.#data.push(value ?? "");
    return null;
  }
}
