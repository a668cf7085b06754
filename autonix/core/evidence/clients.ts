/**
 * Services that an application has a client library for.
 *
 * @module
 */
import type { EvidenceDetector, ServiceClaim } from "../detector.ts";
import type { Dependency, Draft } from "../draft.ts";
import type { Reading } from "../reading.ts";
import { kindOfClient } from "../services/clients.ts";
import { kindOfDriver } from "./configuration/kinds.ts";
import { gathering, service } from "./gathering.ts";

/** A module of Go that only others need is no client of its own. */
function isIndirect(reading: Reading, draft: Draft, dependency: Dependency) {
  const { file, line } = dependency.evidence;
  if (draft.ecosystem !== "go" || line === null) return false;
  const text = reading.lines(file)[line - 1]?.text ?? "";
  return text.slice(0, 1_000).includes("// indirect");
}

/** `celery[redis]`: extras of Python name the driver that they bring. */
function kindsOfExtras(reading: Reading, draft: Draft, dependency: Dependency) {
  const { file, line } = dependency.evidence;
  if (draft.ecosystem !== "python" || line === null) return [];
  const text = (reading.lines(file)[line - 1]?.text ?? "").slice(0, 2_000);
  const from = text.toLowerCase().replace(/[_.]/g, "-")
    .indexOf(`${dependency.name}[`);
  const extras = from >= 0
    ? text.slice(from).split(/[[\]]/, 2)[1] ?? ""
    : /\bextras\s{0,4}=\s{0,4}\[([^\]]{1,200})\]/.exec(text)?.[1] ?? "";
  return extras.split(",").flatMap((extra) =>
    kindOfDriver(extra.trim().replace(/["']/g, "")) ?? []
  );
}

/** What can speak to more kinds than that lets its user choose among them. */
const MAX_KINDS = 6;

export const clients: EvidenceDetector = {
  name: "client libraries",
  reads: { manifests: [] },
  gather(reading, drafts) {
    const found = gathering();
    for (const draft of drafts) {
      const own: ServiceClaim[] = [];
      for (const dependency of draft.dependencies) {
        if (dependency.isDev) continue;
        if (isIndirect(reading, draft, dependency)) continue;
        const kind = kindOfClient(draft.ecosystem, dependency.name);
        const kinds = kindsOfExtras(reading, draft, dependency);
        if (kind !== null) kinds.push(kind);
        for (const kind of new Set(kinds)) {
          own.push(service({
            kind,
            usedBy: draft.path,
            strength: "client",
            evidence: [dependency.evidence],
          }));
        }
      }
      if (new Set(own.map(({ kind }) => kind)).size <= MAX_KINDS) {
        found.services.push(...own);
      }
    }
    return found;
  },
};
