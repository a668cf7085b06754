/**
 * Long work in slices, so that requests are answered in between.
 *
 * @module
 */
/** What a request may wait for a slice: a hundredth of what people notice. */
const SLICE_MS = 8;

export class Pace {
  #begunMs = performance.now();

  /** True when this slice is used up. */
  get isOver(): boolean {
    return performance.now() - this.#begunMs >= SLICE_MS;
  }

  /** Lets all others have their turn, when this slice is used up. */
  async rest(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (!this.isOver) return;
    // Not setImmediate: sockets wait for a hundred of its turns, a second each request.
    await new Promise((resolve) => setTimeout(resolve, 0));
    signal?.throwIfAborted();
    this.#begunMs = performance.now();
  }

  /** Does all steps of `work` in slices. */
  async run<T>(work: Generator<void, T>, signal?: AbortSignal): Promise<T> {
    for (;;) {
      const step = work.next();
      if (step.done === true) return step.value;
      await this.rest(signal);
    }
  }
}
