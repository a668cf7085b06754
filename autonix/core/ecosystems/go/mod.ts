/**
 * Go: a module is what a go.mod says.
 *
 * | concern                              | file            |
 * | ------------------------------------ | --------------- |
 * | which modules there are, go.work     | `modules.ts`    |
 * | which Go                             | `versions.ts`   |
 * | the program that is started          | `programs.ts`   |
 * | what a Procfile starts               | `started.ts`    |
 * | install, build, start, test          | `commands.ts`   |
 * | frameworks, libraries of modules     | `frameworks.ts` |
 * | libraries of the system              | `cgo.ts`        |
 * | environment variables, ports         | `sources.ts`    |
 * | sources without a module             | `loose.ts`      |
 *
 * @module
 */
import { claimsOf } from "../../claims.ts";
import type { EcosystemDetector } from "../../detector.ts";
import { claim, type Draft, draftOf } from "../../draft.ts";
import { basenameOf, directoryOf, joinPath } from "../../file_tree.ts";
import { fileEvidence, type Reading } from "../../reading.ts";
import { isAside } from "../shared/asides.ts";
import { claimMentions } from "../shared/mentions.ts";
import { sourcesByOwner } from "../shared/owners.ts";
import { PIN_FILES } from "../shared/pins.ts";
import { reportSeveral } from "../shared/project.ts";
import { claimCgo } from "./cgo.ts";
import { claimCommands } from "./commands.ts";
import { claimConfig, CONFIGS } from "./config.ts";
import { claimDependencies, claimDialects } from "./frameworks.ts";
import { looseDrafts } from "./loose.ts";
import {
  findModules,
  findWorks,
  type Module,
  shortName,
  type Work,
  workOf,
} from "./modules.ts";
import {
  listeningProgram,
  mainProgram,
  ownSources,
  programsOf,
} from "./programs.ts";
import { GO } from "./sources.ts";
import { startedProgram } from "./started.ts";
import { claimVersions, PINNING } from "./versions.ts";

/** A framework that listens on 8080 by itself takes another port from PORT. */
function claimUsualPort(draft: Draft): void {
  const usual = claimsOf(draft.claims, "port")
    .find(({ source }) => source === "framework");
  if (usual === undefined) return;
  const value = { name: "PORT", required: false, default: `${usual.value}` };
  claim(draft, "env", value, "framework", usual.evidence);
}

function draftOfModule(
  reading: Reading,
  of: { module: Module; work: Work | null; sources: readonly string[] },
): Draft {
  const { module, work, sources } = of;
  const { directory, file } = module;
  const programs = programsOf(reading, directory, sources);
  const name = shortName(module.path?.value ?? "");
  const started = startedProgram(reading, directory, { programs, name });
  const program = started?.program ??
    mainProgram(programs, [name, basenameOf(directory)]) ??
    listeningProgram(reading, directory, programs);
  const draft = draftOf({
    path: directory,
    ecosystem: "go",
    role: programs.length > 0 ? "application" : "library",
    weight: isAside(directory) ? 1 : program === null ? 2 : 3,
  });
  draft.dependencies = module.dependencies.map(
    ({ isIndirect: _, ...dependency }) => dependency,
  );
  draft.links = [...module.links];
  if (module.path !== null) {
    draft.provides.push(module.path.value);
    claim(draft, "name", name, "manifest", module.path.evidence);
  }
  const evidence = module.path?.evidence ?? fileEvidence(file);
  claim(draft, "language", "go", "manifest", evidence);
  claim(draft, "packageManager", "go", "manifest", evidence);
  const sum = joinPath(directory, "go.sum") ?? "";
  if (reading.tree.has(sum)) {
    claim(draft, "packageManager", "go", "lock", fileEvidence(sum));
  }
  claimVersions(reading, draft, { module, work });
  claimDependencies(draft, module);
  const output = started?.output ?? null;
  claimCommands(reading, draft, { module, program, output, sources });
  const own = ownSources(directory, sources);
  // Tools and other servers have variables and ports of their own.
  const others = new Set(
    program === null
      ? []
      : programs.filter((other) => other !== program && other.directory !== ".")
        .map((other) => joinPath(directory, other.directory)),
  );
  const running = own.filter((path) => !others.has(directoryOf(path)));
  claimMentions(reading, draft, running, GO);
  claimDialects(reading, draft, running);
  claimCgo(reading, draft, own);
  claimConfig(reading, draft);
  claimUsualPort(draft);
  if (programs.length > 1 && program === null) {
    reportSeveral(reading, directory, {
      programs: programs.length,
      like: "module",
    });
  }
  return draft;
}

export const go: EcosystemDetector = {
  ecosystem: "go",
  reads: {
    manifests: [
      "go.mod",
      "go.work",
      "Godeps.json",
      "Procfile",
      ...CONFIGS,
      ...PINNING.files,
      ...PIN_FILES,
    ],
    sources: ["*.go"],
  },
  detect(reading) {
    const modules = findModules(reading);
    if (modules.length === 0) return looseDrafts(reading);
    const works = findWorks(reading);
    const sources = sourcesByOwner(
      reading.tree,
      new Set(modules.map(({ directory }) => directory)),
      GO.extensions,
    );
    return modules.map((module) =>
      draftOfModule(reading, {
        module,
        work: workOf(module, works),
        sources: sources.get(module.directory) ?? [],
      })
    );
  },
};
