/**
 * Compose files as evidence: which services a repository runs, who uses each,
 * through which variable, and on which ports its own containers listen.
 *
 * @module
 */
import type { EvidenceDetector, NamePattern } from "../../detector.ts";
import { type Gathering, gathering } from "../gathering.ts";
import { Targets } from "../targets.ts";
import { callsIn } from "./calls.ts";
import {
  type Context,
  draftOf,
  type Own,
  stateOwn,
  stateVariables,
} from "./own.ts";
import { COMPOSE_NAMES } from "./files.ts";
import { Compose, type ComposeFile } from "./read.ts";
import { stateStarts } from "./start.ts";
import {
  byHost,
  placeOf,
  pointingAt,
  type Run,
  runOf,
  stateRuns,
} from "./runs.ts";

function gatherFile(to: Gathering, file: ComposeFile, context: Context): void {
  const named = new Map<string, Run>();
  const own: Own[] = [];
  for (const compose of file.services.values()) {
    const run = runOf(compose, context);
    if (run !== null) named.set(compose.name, run);
    else own.push({ compose, draft: draftOf(compose, context) });
  }
  const runs = byHost(file.services.values(), named);
  stateRuns(to, file, { runs, own, context });
  if (placeOf(file.path) === "test") return;
  to.calls.push(...callsIn(file, own));
  if (placeOf(file.path) !== "devcontainer") {
    stateStarts(to, own, context.reading);
  }
  for (const one of own) {
    const pointing = new Set(
      pointingAt(one.compose.environment, { runs, file })
        .map(({ variable }) => variable.name),
    );
    const isForWork = file.path.includes(".devcontainer/");
    stateVariables(to, one, { pointing, isForWork });
    if (!isForWork) stateOwn(to, one, context.reading);
  }
}

/** What services read their variables from, by whatever name. */
const ENV_FILES: readonly NamePattern[] = [".env.*", "*.env"];

export const compose: EvidenceDetector = {
  name: "compose files",
  reads: { manifests: [...COMPOSE_NAMES, ...ENV_FILES] },
  gather(reading, drafts) {
    const found = gathering();
    const targets = new Targets(drafts);
    const { files } = new Compose(reading);
    for (const file of files) {
      if (targets.isAside(file.path)) continue;
      gatherFile(found, file, { reading, targets });
    }
    return found;
  },
};
