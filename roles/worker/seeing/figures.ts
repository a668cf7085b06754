/**
 * What the guests of this host use, asked of the driver: one by one for
 * people, all at once for metrics and reports. A VMM that hangs costs its own
 * figures and nobody else's.
 *
 * @module
 */
import { within } from "../../clock/within.ts";
import type { CopyId } from "../../model/ids.ts";
import type { Clock } from "../../model/ports.ts";
import { Turns } from "../../turns/mod.ts";
import type { VmFigures, Vmm } from "../../../vmm/mod.ts";

/** Asking takes a message to the VMM: more at once only wait for each other. */
const MAX_ASKED = 8;
/** Labels of one metric: a store of metrics keeps each for ever. */
const MAX_SAMPLED = 1000;
/** A VMM that is asked answers within milliseconds. */
const MAX_ANSWER_MS = 2000;
/** Who asks within it after a sample, or while one is taken, shares it. */
const FRESH_MS = 1000;
/** Between two samples for reports: a view of what a host does, at no cost that shows. */
const SAMPLE_EVERY_MS = 10_000;

/** One guest's figures. */
export interface Sample extends CopyId {
  figures: VmFigures;
}

/** The keys of figures, as they are in totals of reports. */
const TOTALS = {
  cpuSeconds: "vmCpuSeconds",
  memoryBytes: "vmMemoryBytes",
  diskReadBytes: "vmDiskReadBytes",
  diskWrittenBytes: "vmDiskWrittenBytes",
  networkReceivedBytes: "vmNetworkReceivedBytes",
  networkSentBytes: "vmNetworkSentBytes",
} as const satisfies Record<keyof VmFigures, string>;

/** Sums of what is known; what no guest tells is left out. */
export function totalsOf(samples: readonly Sample[]): Record<string, number> {
  const totals: Record<string, number> = {};
  for (const { figures } of samples) {
    for (const [key, name] of Object.entries(TOTALS)) {
      const value = figures[key as keyof VmFigures];
      if (value !== null) totals[name] = (totals[name] ?? 0) + value;
    }
  }
  return totals;
}

export class FiguresSampler {
  readonly #vmm: Pick<Vmm, "figures">;
  readonly #running: () => CopyId[];
  readonly #clock: Clock;
  readonly #asked = new Turns({
    running: MAX_ASKED,
    waiting: MAX_SAMPLED,
    what: "figures",
  });
  /** The last sample; `atMs` is null while it is taken, which hanging VMMs make long. */
  #sampling: { atMs: number | null; samples: Promise<Sample[]> } | null = null;
  #totals: Record<string, number> = {};

  constructor(options: {
    vmm: Pick<Vmm, "figures">;
    /** The copies that run. */
    running: () => CopyId[];
    clock: Clock;
  }) {
    this.#vmm = options.vmm;
    this.#running = options.running;
    this.#clock = options.clock;
  }

  /** Of the copies whose driver tells; at most a second old. One is taken at a time. */
  sample(): Promise<Sample[]> {
    const known = this.#sampling;
    const isFresh = known !== null &&
      (known.atMs === null || this.#clock.bootMs() - known.atMs < FRESH_MS);
    if (isFresh) return known.samples;
    const taken: { atMs: number | null; samples: Promise<Sample[]> } = {
      atMs: null,
      samples: this.#sampleAll().finally(() => {
        taken.atMs = this.#clock.bootMs();
      }),
    };
    this.#sampling = taken;
    return taken.samples;
  }

  /** Sums over what runs, for reports. */
  get totals(): Readonly<Record<string, number>> {
    return this.#totals;
  }

  /** Keeps the totals fresh until the signal ends. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#totals = totalsOf(await this.sample());
      await this.#clock.sleep(SAMPLE_EVERY_MS, signal);
    }
  }

  async #sampleAll(): Promise<Sample[]> {
    const copies = this.#running().slice(0, MAX_SAMPLED);
    const all = await Promise.all(
      copies.map((copy) => this.#asked.run(() => this.#of(copy))),
    );
    return all.filter((sample) => sample !== null);
  }

  async #of(copy: CopyId): Promise<Sample | null> {
    try {
      const figures = await within({
        clock: this.#clock,
        ms: MAX_ANSWER_MS,
        late: `The VMM of "${copy.id}" did not answer`,
      }, () => this.#vmm.figures(copy));
      return { id: copy.id, incarnation: copy.incarnation, figures };
    } catch {
      // It has ended, its VMM hangs, or the driver does not tell.
      return null;
    }
  }
}
