/**
 * How a project is started: the ways are tried in order, the first that finds
 * something is told.
 *
 * Commands are those of the project's environment, as its own documentation and
 * Procfiles have them: `gunicorn shop.wsgi`, not `poetry run gunicorn ...`.
 * Only scripts that the manifest names are run by its manager.
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import type { Source } from "../../claims.ts";
import { startDjango } from "./django.ts";
import {
  startEntryPoint,
  startFile,
  startProgram,
  startServer,
  startUwsgi,
  startWorker,
} from "./entry_files.ts";
import { portOf } from "./expression.ts";
import { startCommand } from "./manifest_scripts.ts";
import type { Port } from "./ports.ts";
import type { Project } from "./project.ts";
import { startBeside, startStandalone } from "./standalone.ts";
import { startApplication, startTool } from "./web.ts";

export interface Start {
  command: string;
  source: Source;
  evidence: readonly Evidence[];
  port: Port | null;
}

type Way = (project: Project) => Start | null;

function startNamed(project: Project): Start | null {
  const named = startCommand(project);
  if (named === null) return null;
  const { run, text, evidence } = named;
  const port = portOf(
    /(?:--port|-p|--server\.port)[ =]([0-9]{2,5})\b|0\.0\.0\.0:([0-9]{2,5})\b/
      .exec(text?.slice(0, 2_000) ?? "")?.slice(1).find((one) =>
        one !== undefined
      ),
  );
  // What it runs listens where it does without the name.
  const below = port === null
    ? startOf({ ...project }, UNNAMED)?.port ?? null
    : null;
  return {
    command: run,
    source: "manifest",
    evidence: [evidence],
    port: port === null ? below : { value: port, source: "manifest", evidence },
  };
}

const UNNAMED: readonly Way[] = [
  startUwsgi,
  startDjango,
  startStandalone,
  startApplication,
  startTool,
  startBeside,
  startProgram,
  startServer,
  startWorker,
  startFile,
  startEntryPoint,
];
const WAYS: readonly Way[] = [startNamed, ...UNNAMED];

export function startOf(
  project: Project,
  ways: readonly Way[] = WAYS,
): Start | null {
  for (const way of ways) {
    const start = way(project);
    if (start !== null) return start;
  }
  return null;
}
