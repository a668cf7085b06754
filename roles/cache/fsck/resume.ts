/**
 * How far a check that reads every nar has come, in `fsck.json` of the state
 * directory: terabytes take hours, and a check that was ended goes on where it
 * was. Owns that file. A lost one costs time only.
 *
 * @module
 */
import { z } from "zod";
import {
  readIfThere,
  removeIfThere,
  writeFileAtomic,
} from "../../files/mod.ts";
import { type Findings, FindingsState } from "./findings.ts";

/** What a killed check reads again at most. */
const EVERY_MS = 5000;

const Place = z.object({
  repair: z.boolean(),
  after: z.string(),
  findings: FindingsState,
});

export class Resume {
  readonly #path: string;
  #writtenMs = performance.now();

  constructor(stateDir: string, private readonly repair: boolean) {
    this.#path = `${stateDir}/fsck.json`;
  }

  /** The file behind which an earlier check of the same kind ended; what it had found goes into `findings`. */
  async take(findings: Findings): Promise<string | null> {
    const text = await readIfThere(this.#path);
    if (text === null) return null;
    try {
      const place = Place.parse(JSON.parse(text));
      if (place.repair !== this.repair) return null;
      findings.take(place.findings);
      return place.after;
    } catch {
      // Not what we write: from the beginning.
      return null;
    }
  }

  /** Keeps the place, now and then. */
  async at(after: string, findings: Findings): Promise<void> {
    if (performance.now() - this.#writtenMs < EVERY_MS) return;
    await this.keep(after, findings);
  }

  async keep(after: string, findings: Findings): Promise<void> {
    const place = { repair: this.repair, after, findings };
    await writeFileAtomic(this.#path, JSON.stringify(place));
    this.#writtenMs = performance.now();
  }

  /** It is done. */
  async forget(): Promise<void> {
    await removeIfThere(this.#path);
  }
}
