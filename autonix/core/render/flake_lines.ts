/**
 * Lines of Nix, each with the reason it is there.
 *
 * @module
 */
import type { Because } from "./facts.ts";
import { commentText } from "./nix_text.ts";

export interface FlakeLine {
  text: string;
  because: Because;
}

const STEP = "  ";

export class FlakeLines {
  readonly #lines: FlakeLine[] = [];
  #indent = 0;

  constructor(indent = 0) {
    this.#indent = indent;
  }

  get lines(): readonly FlakeLine[] {
    return this.#lines;
  }

  add(text: string, because: Because): this {
    this.#lines.push({
      text: text === "" ? "" : STEP.repeat(this.#indent) + text,
      because,
    });
    return this;
  }

  /** A line of words; what a repository says cannot end it. */
  comment(text: string, because: Because): this {
    return this.add(`# ${commentText(text)}`, because);
  }

  /** `open`, what `body` adds one step further in, `close`. */
  block(
    open: string,
    close: string,
    because: Because,
    body: () => void,
  ): this {
    this.add(open, because);
    this.#indent += 1;
    body();
    this.#indent -= 1;
    return this.add(close, because);
  }
}
