/**
 * Procfile: how an application is run elsewhere. `web` is its start command; one
 * without `web` is started by its worker. What changes to another application's
 * directory first is that one's.
 *
 * @module
 */
import { claimsOf } from "../../claims.ts";
import type { EvidenceDetector } from "../../detector.ts";
import type { Draft, Ecosystem } from "../../draft.ts";
import {
  mainProcess,
  type Process,
  processesOf,
} from "../../ecosystems/shared/procfile.ts";
import {
  basenameOf,
  directoryOf,
  isWithin,
  joinPath,
  wayTo,
} from "../../file_tree.ts";
import { addTo } from "../../lists.ts";
import type { Reading } from "../../reading.ts";
import { shellWord } from "../../shell_word.ts";
import { gathering, state } from "../gathering.ts";
import { Targets } from "../targets.ts";

/** What Heroku's builds of a language call the program, whatever its name. */
const CALLED: Readonly<Partial<Record<Ecosystem, string>>> = {
  crystal: "./app",
};

/** What only calls a program by its name: `stack exec shop`. */
const CALLING = /^(?:stack exec|cabal run) (\S+)$/;

/** A platform looks for what it built on its PATH, or puts it elsewhere. */
function typed(command: string, draft: Draft, reading: Reading): string {
  const [program = ""] = command.split(" ", 1);
  const rest = command.slice(program.length);
  const isCalled = CALLED[draft.ecosystem] === program;
  const path = program.includes("/") ? joinPath(draft.path, program) : null;
  if (path !== null && reading.tree.has(path)) return command;
  for (const { value } of claimsOf(draft.claims, "start")) {
    if (CALLING.exec(value)?.[1] === basenameOf(program)) {
      return rest === "" ? value : `${value} --${rest}`;
    }
    const [word = ""] = value.split(" ", 1);
    const isSame = isCalled || basenameOf(word) === basenameOf(program);
    if (word.startsWith("./") && isSame) return word + rest;
  }
  return command;
}

const CHANGED = /^cd\s{1,4}([\w.\/-]{1,200})\s{0,4}(?:&&|;)\s{0,4}(\S.*)$/;

/** `cd server && bin/rails server` is `bin/rails server` of what lies in `server`. */
function wayOf(
  command: string,
  directory: string,
  targets: Targets,
): { path: string; rest: string } {
  const [, way, rest] = CHANGED.exec(command) ?? [];
  const path = way === undefined ? null : joinPath(directory, way);
  return path === null || rest === undefined || targets.at(path) === null
    ? { path: directory, rest: command }
    : { path, rest };
}

/** The one application of an umbrella that serves: what is started at the root is that. */
function servingBelow(root: Draft, targets: Targets): Draft | null {
  if (root.role !== "root" || root.ecosystem !== "elixir") return null;
  const serving = targets.all.filter(({ path, role, claims }) =>
    role === "application" && isWithin(path, root.path) &&
    claimsOf(claims, "framework").some(({ value }) => value === "phoenix")
  );
  return serving.length === 1 ? serving[0] ?? null : null;
}

export const procfile: EvidenceDetector = {
  name: "Procfile",
  reads: { manifests: ["Procfile"] },
  gather(reading, drafts) {
    const found = gathering();
    const targets = new Targets(drafts);
    for (const file of reading.tree.named("Procfile")) {
      const byPath = new Map<string, Process[]>();
      for (const process of processesOf(reading, file)) {
        const { path, rest } = wayOf(
          process.command,
          directoryOf(file),
          targets,
        );
        addTo(byPath, path, { ...process, command: rest });
      }
      for (const [path, own] of byPath) {
        // In any other directory it starts a part, mostly for work.
        const draft = targets.at(path);
        const start = mainProcess(own);
        if (draft === null || start === null) continue;
        const command = typed(start.command, draft, reading);
        const below = servingBelow(draft, targets);
        state(found, {
          path: below?.path ?? path,
          field: "start",
          value: below === null
            ? command
            : `cd ${shellWord(wayTo(below.path, path))} && ${command}`,
          source: "procfile",
          evidence: start.evidence,
        });
      }
    }
    return found;
  },
};
