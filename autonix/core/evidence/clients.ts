/**
 * Services that an application has a client library for.
 *
 * @module
 */
import type { EvidenceDetector } from "../detector.ts";
import type { Dependency, Draft } from "../draft.ts";
import type { Reading } from "../reading.ts";
import { kindOfClient } from "../services/clients.ts";
import { gathering, service } from "./gathering.ts";

/** A module of Go that only others need is no client of its own. */
function isIndirect(reading: Reading, draft: Draft, dependency: Dependency) {
  const { file, line } = dependency.evidence;
  if (draft.ecosystem !== "go" || line === null) return false;
  const text = reading.lines(file)[line - 1]?.text ?? "";
  return text.slice(0, 1_000).includes("// indirect");
}

export const clients: EvidenceDetector = {
  name: "client libraries",
  reads: { manifests: [] },
  gather(reading, drafts) {
    const found = gathering();
    for (const draft of drafts) {
      for (const dependency of draft.dependencies) {
        if (dependency.isDev) continue;
        const kind = kindOfClient(draft.ecosystem, dependency.name);
        if (kind === null || isIndirect(reading, draft, dependency)) continue;
        found.services.push(service({
          kind,
          usedBy: draft.path,
          strength: "client",
          evidence: [dependency.evidence],
        }));
      }
    }
    return found;
  },
};
