/**
 * Procfile: how an application is run elsewhere. `web` is its start command; one
 * without `web` is started by its worker.
 *
 * @module
 */
import { claimsOf } from "../../claims.ts";
import type { EvidenceDetector } from "../../detector.ts";
import type { Draft } from "../../draft.ts";
import { mainProcess } from "../../ecosystems/shared/procfile.ts";
import { directoryOf } from "../../file_tree.ts";
import { gathering, state } from "../gathering.ts";
import { Targets } from "../targets.ts";

/** A platform looks for what it built on its PATH, a shell does not. */
function typed(command: string, draft: Draft): string {
  const [program = ""] = command.split(" ", 1);
  const isBuilt = !program.includes("/") &&
    claimsOf(draft.claims, "start").some(({ value }) =>
      value === `./${program}`
    );
  return isBuilt ? `./${command}` : command;
}

export const procfile: EvidenceDetector = {
  name: "Procfile",
  reads: { manifests: ["Procfile"] },
  gather(reading, drafts) {
    const found = gathering();
    const targets = new Targets(drafts);
    for (const file of reading.tree.named("Procfile")) {
      // In any other directory it starts a part, mostly for work.
      const draft = targets.at(directoryOf(file));
      const start = draft === null ? null : mainProcess(reading, file);
      if (draft === null || start === null) continue;
      state(found, {
        path: directoryOf(file),
        field: "start",
        value: typed(start.command, draft),
        source: "procfile",
        evidence: start.evidence,
      });
    }
    return found;
  },
};
