/**
 * Procfile: how an application is run elsewhere. `web` is its start command; one
 * without `web` is started by its worker.
 *
 * @module
 */
import type { EvidenceDetector } from "../../detector.ts";
import { directoryOf } from "../../file_tree.ts";
import { gathering, state } from "../gathering.ts";
import { Targets } from "../targets.ts";

/** Strongest first. `release` runs before a start, not as one. */
const PROCESSES = ["web", "app", "server", "bot", "worker"];
const LINE = /^([A-Za-z][\w-]{0,60})\s{0,8}:\s{0,8}(\S.{0,1000})$/;

export const procfile: EvidenceDetector = {
  name: "Procfile",
  reads: { manifests: ["Procfile"] },
  gather(reading, drafts) {
    const found = gathering();
    const targets = new Targets(drafts);
    for (const file of reading.tree.named("Procfile")) {
      // In any other directory it starts a part, mostly for work.
      if (targets.at(directoryOf(file)) === null) continue;
      const commands = new Map<string, { text: string; line: number }>();
      for (const { number, text } of reading.lines(file).slice(0, 200)) {
        const [, name, command] = LINE.exec(text.slice(0, 1_100).trim()) ?? [];
        if (name === undefined || command === undefined) continue;
        if (!commands.has(name)) {
          commands.set(name, { text: command.trim(), line: number });
        }
      }
      const name = PROCESSES.find((one) => commands.has(one));
      const start = name === undefined ? undefined : commands.get(name);
      if (start === undefined) continue;
      state(found, {
        path: directoryOf(file),
        field: "start",
        value: start.text,
        source: "procfile",
        evidence: { file, line: start.line },
      });
    }
    return found;
  },
};
