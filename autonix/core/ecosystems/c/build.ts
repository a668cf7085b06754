/**
 * What a build system says of a project, whichever it is.
 *
 * @module
 */
import type {
  Evidence,
  PackageManager,
} from "../../../../roles/model/analysis.ts";
import type { Found } from "../../reading.ts";

/** A library that it asks for, by the name it uses. */
export interface Asked {
  name: string;
  version: string | null;
  isDev: boolean;
  evidence: Evidence;
  /** False for what the build fetches and compiles itself. */
  isOfSystem: boolean;
  /** What is linked may be a target of the build itself. */
  isLinked?: boolean;
}

export interface Program {
  name: string;
  /** Where the build puts it, relative to the project. */
  output: string;
  evidence: Evidence;
}

export interface Build {
  /** Null where the closed list knows none. */
  manager: PackageManager | null;
  /** The file that makes it a project. */
  file: string;
  name: Found | null;
  /** What the build itself says; null: sources tell. */
  language: Found<"c" | "cpp"> | null;
  programs: Program[];
  asked: Asked[];
  command: string;
  test: { command: string; evidence: Evidence } | null;
}

/** A build by make of which nothing is known yet. */
export function builtByMake(file: string, command: string): Build {
  return {
    manager: "make",
    file,
    name: null,
    language: null,
    programs: [],
    asked: [],
    command,
    test: null,
  };
}

/** Programs that try out or measure the others. */
const TRYING =
  /(?:^|[_.-])(?:tests?|unittests?|bench|benchmarks?|examples?|demo|fuzz(?:er)?|sample)(?:[_.\d-]|$)/i;
/** Names of what a person means by the application. */
const USUAL = ["server", "main", "app", "api", "daemon"];

/** Programs that people use, not those that try them out; one of the project's own name is what it is about. */
export function ownPrograms(
  programs: readonly Program[],
  names: readonly string[],
): Program[] {
  return programs.filter(({ name }) =>
    !TRYING.test(name) || names.includes(name)
  );
}

/** The one that is started; null when nobody can tell. */
export function mainProgram(
  programs: readonly Program[],
  names: readonly string[],
): Program | null {
  const firm = ownPrograms(programs, names);
  if (firm.length <= 1) return firm[0] ?? null;
  for (const wanted of [...names, ...USUAL]) {
    const found = firm.find(({ name }) =>
      name.toLowerCase() === wanted.toLowerCase()
    );
    if (found !== undefined) return found;
  }
  const serving = firm.filter(({ name }) =>
    /(?:^|[_-])(?:server|daemon|srv)$|d$/.test(name) &&
      names.some((own) => own !== "" && name.startsWith(own)) ||
    /[_-]server$/.test(name)
  );
  return serving.length === 1 ? serving[0] ?? null : null;
}
