/**
 * A project of .NET, its files opened.
 *
 * @module
 */
import type { Dependency } from "../../draft.ts";
import type { Framework } from "./kinds.ts";
import type { ProjectFile } from "./project_file.ts";
import type { SourceFacts } from "./source_facts.ts";

export interface Project {
  file: ProjectFile;
  packages: readonly Dependency[];
  references: readonly string[];
  frameworks: readonly Framework[];
  isTest: boolean;
  sources: readonly SourceFacts[];
}
