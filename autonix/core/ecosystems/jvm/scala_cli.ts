/**
 * Scala CLI: directives at the head of sources, `//> using dep "..."`, and no
 * build file.
 *
 * @module
 */
import type { Dependency } from "../../draft.ts";
import { fileEvidence, type Found } from "../../reading.ts";
import type { Command, Place, Project } from "./project.ts";
import { mainProgram } from "./sources.ts";

/** Directives stand before the code. */
const MAX_LINES = 60;
/** Sources of a script are few. */
const MAX_FILES = 200;
const DIRECTIVE = /^\/\/> using\s{1,4}([\w.]{1,40})\s{1,4}(.{1,300})$/;
/** `com.lihaoyi::cask:0.9.1`, `org.postgresql:postgresql:42.7.3`. */
const COORDINATES =
  /^([\w.-]{1,100}):{1,2}([\w.-]{1,100}):{1,2}([\w.+-]{1,60})/;

interface Directives {
  file: string | null;
  jvm: Found | null;
  dependencies: Dependency[];
  hasTests: boolean;
}

function readFile(place: Place, file: string, to: Directives): void {
  const { reading } = place;
  for (const { number, text } of reading.lines(file).slice(0, MAX_LINES)) {
    const [, key = "", rest = ""] = DIRECTIVE.exec(text.slice(0, 400)) ?? [];
    if (key === "") continue;
    to.file ??= file;
    const evidence = { file, line: number };
    const words = rest.replaceAll(/["',]/g, " ").split(/\s+/)
      .filter((word) => word !== "");
    if (key === "jvm") to.jvm ??= { value: words[0] ?? "", evidence };
    const isDev = key.startsWith("test.");
    if (!/^(?:test\.)?(?:deps?|lib|libs|dependency|dependencies)$/.test(key)) {
      continue;
    }
    to.hasTests ||= isDev;
    for (const word of words) {
      const [, group, artifact, version = null] = COORDINATES.exec(word) ?? [];
      if (group === undefined || artifact === undefined) continue;
      const name = `${group}:${artifact}`;
      to.dependencies.push({ name, version, isDev, evidence });
    }
  }
}

/** Null where no source has a directive. */
export function readScalaCli(place: Place): Project | null {
  const { reading, sources } = place;
  const told: Directives = {
    file: null,
    jvm: null,
    dependencies: [],
    hasTests: false,
  };
  const files = reading.tree.read(reading.tree.withExtension("scala"));
  for (const file of files.slice(0, MAX_FILES)) readFile(place, file, told);
  const { file } = told;
  if (file === null) return null;
  const run = (
    command: string,
    evidence: Command["evidence"] = fileEvidence(file),
  ): Command => ({ command, source: "convention", evidence });
  const program = mainProgram(sources);
  const test = sources.test ??
    files.find((path) => path.endsWith(".test.scala")) ?? null;
  return {
    path: place.path,
    manifest: file,
    tool: null,
    role: program === null ? "library" : "application",
    name: null,
    javaVersion: told.jvm,
    language: "scala",
    dependencies: told.dependencies,
    plugins: new Map(),
    provides: [],
    links: [],
    install: null,
    build: run("scala-cli compile ."),
    start: program === null ? null : {
      ...run("scala-cli run .", { file: program.path, line: program.line }),
      source: "source",
    },
    test: test === null ? null : run("scala-cli test .", fileEvidence(test)),
  };
}
