/**
 * How large the closures of what runs are: measured once per content, one
 * after the other, beside everything else. Owns the figures, judges nothing.
 *
 * @module
 */
import { MAX_ORDERS } from "../../model/assignment.ts";
import { storePathsOf } from "../../model/blueprint.ts";
import type { Clock } from "../../model/ports.ts";
import type { VmSpec } from "../../model/vm_spec.ts";
import { Turns } from "../../turns/mod.ts";
import type { Closures } from "./closures.ts";

/** What runs and what ran before it, on the busiest host; older figures are measured again. */
const MAX_SIZES = 2 * MAX_ORDERS;
/** A store that could not be read is asked again this much later: nothing waits for the figure. */
const RETRY_MS = 60_000;

type Size =
  | { readonly kind: "measuring" }
  | { readonly kind: "known"; readonly bytes: number | null }
  | { readonly kind: "failed"; readonly untilMs: number };

/** What measuring is done with. */
export interface ClosureSizesDeps {
  closures: Pick<Closures, "closureBytes">;
  clock: Clock;
  onMeasured: () => void;
  onWarning: (message: string, error: unknown) => void;
}

interface Image {
  paths: readonly string[];
  key: string;
}

export class ClosureSizes {
  readonly #deps: ClosureSizesDeps;
  /** What an image is looked up by: every report asks for every VM. */
  readonly #images = new WeakMap<VmSpec, Image>();
  /** By the store paths of an image. */
  readonly #sizes = new Map<string, Size>();
  /** Reading a store is one process each time: more at once only slow each other down. */
  readonly #turns = new Turns({
    running: 1,
    waiting: MAX_SIZES,
    what: "closures to measure",
  });
  readonly #ending = new AbortController();
  readonly #underWay = new Set<Promise<void>>();

  constructor(deps: ClosureSizesDeps) {
    this.#deps = deps;
  }

  /** The size of an image's closure; null while it is not known. Asking has it measured. */
  of(spec: VmSpec): number | null {
    const { paths, key } = this.#imageOf(spec);
    const size = this.#sizes.get(key);
    if (size?.kind === "known") return size.bytes;
    const isDue = size === undefined || (size.kind === "failed" &&
      size.untilMs <= this.#deps.clock.bootMs());
    if (isDue && !this.#ending.signal.aborted) this.#begin(key, paths);
    return null;
  }

  /** Ends what is being measured. */
  async stop(): Promise<void> {
    this.#ending.abort();
    await Promise.all([...this.#underWay]);
  }

  #imageOf(spec: VmSpec): Image {
    let image = this.#images.get(spec);
    if (image === undefined) {
      const paths = storePathsOf([spec]);
      image = { paths, key: paths.join(" ") };
      this.#images.set(spec, image);
    }
    return image;
  }

  #begin(key: string, paths: readonly string[]): void {
    this.#note(key, { kind: "measuring" });
    const measuring = this.#measure(key, paths).finally(() =>
      this.#underWay.delete(measuring)
    );
    this.#underWay.add(measuring);
  }

  async #measure(key: string, paths: readonly string[]): Promise<void> {
    const { closures, clock, onMeasured, onWarning } = this.#deps;
    const { signal } = this.#ending;
    try {
      const bytes = await this.#turns.run(
        () => closures.closureBytes(paths, signal),
        signal,
      );
      if (signal.aborted) return;
      this.#note(key, { kind: "known", bytes });
      if (bytes !== null) onMeasured();
    } catch (error) {
      if (signal.aborted) return;
      this.#note(key, { kind: "failed", untilMs: clock.bootMs() + RETRY_MS });
      onWarning(`cannot measure the closure of ${paths[0] ?? ""}`, error);
    }
  }

  #note(key: string, size: Size): void {
    this.#sizes.delete(key);
    this.#sizes.set(key, size);
    for (const oldest of this.#sizes.keys()) {
      if (this.#sizes.size <= MAX_SIZES) return;
      this.#sizes.delete(oldest);
    }
  }
}
