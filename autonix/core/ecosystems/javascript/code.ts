/**
 * What the sources of a package say of its environment, in one pass over each.
 *
 * @module
 */
import { claim } from "../../draft.ts";
import { basenameOf } from "../../file_tree.ts";
import { scanEnv } from "./env_scan.ts";
import { scanPorts } from "./port_scan.ts";
import type { Listening } from "./ports.ts";
import type { Project } from "./project.ts";
import { isConfiguration, isTool } from "./asides.ts";
import { expandScript } from "./scripts.ts";
import { relativeTo } from "../shared/owners.ts";

/** `env("DATABASE_URL")` of a Prisma schema. */
const OF_PRISMA =
  /^\s{0,20}(?:url|directUrl)\s{0,20}=\s{0,20}env\("([A-Z]\w{0,99})"\)/;

function tellPrisma(project: Project): void {
  const { reading, draft, directory } = project;
  const names = ["prisma/schema.prisma", "schema.prisma", "db/schema.prisma"];
  const path = reading.tree.first(directory, names);
  if (path === null) return;
  for (const { number, text } of reading.lines(path).slice(0, 5_000)) {
    const name = OF_PRISMA.exec(text.slice(0, 300))?.[1];
    if (name === undefined) continue;
    const evidence = { file: path, line: number };
    claim(draft, "env", { name, required: true }, "config", evidence);
  }
}

/** True when what starts the package runs files of this directory. */
function isScripted({ manifest }: Project, relative: string): boolean {
  const [directory = ""] = relative.split("/", 1);
  return expandScript(manifest, "start").includes(`${directory}/`);
}

/** A file among the sources is the application's, whatever it is called: `src/config/app.config.ts`. */
function isOfTool(relative: string): boolean {
  return isConfiguration(basenameOf(relative)) &&
    !/^(?:src|app|server|lib|libs)\//.test(relative);
}

/** Tells variables to the draft, and gives what is listened on. */
export function tellCode(project: Project): Listening[] {
  const { reading, draft, directory } = project;
  const listening: Listening[] = [];
  for (const file of reading.tree.read(project.sources)) {
    const text = reading.tree.text(file);
    if (text === null) continue;
    const relative = relativeTo(directory, file);
    if (isTool(relative) && !isScripted(project, relative)) continue;
    const variables = scanEnv(text);
    for (const { line, ...variable } of variables) {
      claim(draft, "env", variable, "source", { file, line });
    }
    // A configuration's server is a tool's, for development or tests.
    if (isOfTool(relative)) continue;
    for (const mention of scanPorts(text, variables)) {
      listening.push({ ...mention, file });
    }
  }
  tellPrisma(project);
  return listening;
}
