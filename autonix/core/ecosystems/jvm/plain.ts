/**
 * Projects without a build tool of the closed list: ant's build.xml, and
 * sources alone.
 *
 * @module
 */
import { at, itemsOf, textOf } from "../../formats/node.ts";
import { element } from "../../formats/xml.ts";
import { fileEvidence } from "../../reading.ts";
import {
  type Command,
  type Place,
  type Project,
  shellWord,
} from "./project.ts";
import { mainProgram } from "./sources.ts";

function projectOf(place: Place): Project {
  return {
    path: place.path,
    manifest: place.manifest,
    tool: null,
    role: "library",
    name: null,
    javaVersion: null,
    language: "java",
    dependencies: [],
    plugins: new Map(),
    provides: [],
    links: [],
    install: null,
    build: null,
    start: null,
    test: null,
  };
}

/** Null when it is broken, or of something else that is called so. */
export function readAnt(place: Place): Project | null {
  const { reading, manifest, sources } = place;
  const root = element(reading.xml(manifest), "project");
  if (root === null || sources.total === 0) return null;
  const targets = new Map(
    itemsOf(at(root, "target")).flatMap((node) => {
      const name = textOf(at(node, "@name"));
      return name === null ? [] : [[name, node.line] as const];
    }),
  );
  const run = (target: string | undefined): Command | null => {
    const line = target === undefined ? undefined : targets.get(target);
    return target === undefined || line === undefined ? null : {
      command: `ant ${shellWord(target)}`,
      source: "manifest",
      evidence: { file: manifest, line },
    };
  };
  const name = textOf(at(root, "@name"));
  const standard = textOf(at(root, "@default")) ?? undefined;
  const start = run(["run", "start"].find((one) => targets.has(one)));
  return {
    ...projectOf(place),
    role: start === null ? "library" : "application",
    name: name === null || name === ""
      ? null
      : { value: name, evidence: { file: manifest, line: root.line } },
    build: run(
      ["dist", "jar", "build", "compile"].find((one) => targets.has(one)),
    ) ?? run(standard),
    start,
    test: run(targets.has("test") ? "test" : undefined),
  };
}

/** One program in sources that nothing builds; null without one. */
export function readSources(place: Place): Project | null {
  const { sources } = place;
  const program = mainProgram(sources);
  if (program === null) return null;
  const source = place.path === "."
    ? program.path
    : program.path.slice(place.path.length + 1);
  const evidence = { file: program.path, line: program.line };
  const name = shellWord(program.className);
  const isJava = source.endsWith(".java");
  const isKotlin = source.endsWith(".kt");
  if (!isJava && !isKotlin && !source.endsWith(".scala")) return null;
  const isAlone = sources.total === 1;
  const all = isAlone
    ? shellWord(source)
    : `$(find . -name '*.${isJava ? "java" : isKotlin ? "kt" : "scala"}')`;
  const commands = isJava
    ? isAlone
      ? { build: null, start: `java ${all}` }
      : { build: `javac -d out ${all}`, start: `java -cp out ${name}` }
    : isKotlin
    ? {
      build: `kotlinc ${all} -include-runtime -d app.jar`,
      start: "java -jar app.jar",
    }
    : { build: null, start: `scala ${all}` };
  return {
    ...projectOf({ ...place, manifest: program.path }),
    role: "application",
    language: isJava ? "java" : isKotlin ? "kotlin" : "scala",
    build: commands.build === null ? null : {
      command: commands.build,
      source: "convention",
      evidence: fileEvidence(program.path),
    },
    start: { command: commands.start, source: "source", evidence },
  };
}
