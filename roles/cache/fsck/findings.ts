/**
 * What a check has found so far: counted whole, named up to a bound.
 *
 * @module
 */
import { z } from "zod";
import { CacheFinding } from "../../model/cache_files.ts";

/** Named in a report: nobody reads more, and each is some 300 bytes. */
const MAX_NAMED = 1000;
/** Paths to push again, kept to be fetched and told: 100 bytes each. */
const MAX_LOST = 100_000;

/** A path whose contents are gone. */
const Lost = z.object({ base: z.string(), narHash: z.string().nullable() });
export type Lost = z.output<typeof Lost>;

/** All of it as JSON, for a check that goes on where one was cut off. */
export const FindingsState = z.object({
  problems: z.number(),
  mended: z.number(),
  named: z.array(CacheFinding),
  lost: z.array(Lost),
  lostMore: z.number(),
});

export class Findings {
  #state: z.output<typeof FindingsState> = {
    problems: 0,
    mended: 0,
    named: [],
    lost: [],
    lostMore: 0,
  };
  readonly #lost = new Set<string>();

  get problems(): number {
    return this.#state.problems;
  }

  get mended(): number {
    return this.#state.mended;
  }

  get named(): readonly CacheFinding[] {
    return this.#state.named;
  }

  get lost(): readonly Lost[] {
    return this.#state.lost;
  }

  /** Lost beyond those that are kept. */
  get lostMore(): number {
    return this.#state.lostMore;
  }

  toJSON(): z.output<typeof FindingsState> {
    return this.#state;
  }

  /** Goes on from what an earlier check had found. */
  take(state: z.output<typeof FindingsState>): void {
    this.#state = structuredClone(state);
    for (const { base } of state.lost) this.#lost.add(base);
  }

  /** Something is wrong; `isMended` when it is as it should be by now. */
  add(finding: CacheFinding): void {
    this.#state.problems++;
    if (finding.isMended) this.#state.mended++;
    if (this.#state.named.length < MAX_NAMED) this.#state.named.push(finding);
  }

  /** A path has to come from somewhere else. */
  lose(lost: Lost): void {
    if (this.#lost.has(lost.base)) return;
    if (this.#state.lost.length >= MAX_LOST) {
      this.#state.lostMore++;
      return;
    }
    this.#lost.add(lost.base);
    this.#state.lost.push(lost);
  }

  /** It is here again. */
  found(base: string): void {
    this.#state.lost = this.#state.lost.filter((lost) => lost.base !== base);
    this.#lost.delete(base);
  }
}
