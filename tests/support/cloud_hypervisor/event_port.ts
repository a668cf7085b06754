/**
 * The stand-in's event monitor: JSON over several lines, a blank line behind
 * each; a reader that has gone is no reason to stop.
 *
 * @module
 */

export class EventPort {
  readonly #file: Deno.FsFile | null;
  readonly #startedAt = performance.now();
  #writing: Promise<void> = Promise.resolve();

  private constructor(file: Deno.FsFile | null) {
    this.#file = file;
  }

  /** Waits for a reader where `path` is a pipe. */
  static async open(path: string | null): Promise<EventPort> {
    if (path === null) return new EventPort(null);
    return new EventPort(
      await Deno.open(path, { write: true, create: true, truncate: true }),
    );
  }

  tell(source: string, event: string): void {
    const ms = performance.now() - this.#startedAt;
    const object = {
      timestamp: {
        secs: Math.floor(ms / 1000),
        nanos: Math.floor((ms % 1000) * 1e6),
      },
      source,
      event,
      properties: null,
    };
    const text = `${JSON.stringify(object, null, 2)}\n\n`;
    const bytes = new TextEncoder().encode(text);
    this.#writing = this.#writing.then(async () => {
      await this.#file?.write(bytes);
    }).catch(() => undefined);
  }

  async flush(): Promise<void> {
    await this.#writing;
  }
}
