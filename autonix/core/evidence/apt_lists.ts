/**
 * Lists of Debian's packages that a platform installs: Heroku's `Aptfile`,
 * `packages.txt` of Streamlit's cloud and of Spaces, `apt.txt` of Binder.
 *
 * @module
 */
import type { EvidenceDetector } from "../detector.ts";
import { directoryOf } from "../file_tree.ts";
import { libraryOf } from "./dockerfile/packages.ts";
import { gathering, state } from "./gathering.ts";
import { Targets } from "./targets.ts";

/** Names of lists; where one is of Python's alone, others have files of that name for other things. */
const LISTS: ReadonlyMap<string, "python" | null> = new Map([
  ["Aptfile", null],
  ["packages.txt", "python"],
  ["apt.txt", "python"],
]);
/** A platform's machine has few of its own. */
const MAX_LINES = 500;
const PACKAGE = /^[a-z0-9][a-z0-9.+-]{1,80}$/;

export const aptLists: EvidenceDetector = {
  name: "lists of Debian's packages",
  reads: { manifests: [...LISTS.keys()] },
  gather(reading, drafts) {
    const found = gathering();
    const targets = new Targets(drafts);
    for (const [name, ecosystem] of LISTS) {
      for (const file of reading.tree.named(name)) {
        const draft = targets.at(directoryOf(file));
        if (draft === null) continue;
        if (ecosystem !== null && draft.ecosystem !== ecosystem) continue;
        for (
          const { number, text } of reading.lines(file).slice(0, MAX_LINES)
        ) {
          const word = text.slice(0, 200).trim();
          const library = PACKAGE.test(word) ? libraryOf(word) : null;
          if (library === null) continue;
          state(found, {
            path: draft.path,
            field: "nativeLibrary",
            value: library,
            source: "procfile",
            evidence: { file, line: number },
          });
        }
      }
    }
    return found;
  },
};
