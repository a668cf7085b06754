/**
 * qmake: a `.pro` file, as Qt's programs have it that CMake does not build.
 *
 * Owns a reading that knows assignments and no scopes: what stands in
 * `win32 { }` is left out, other conditions count.
 *
 * @module
 */
import { basenameOf, directoryOf, joinPath } from "../../file_tree.ts";
import type { Reading } from "../../reading.ts";
import { relativeTo } from "../shared/owners.ts";
import { type Build, builtByMake } from "./build.ts";

const MAX_LINES = 2_000;
const MAX_SUBDIRS = 100;
/** Lists of lists; deeper is a circle. */
const MAX_DEPTH = 4;
const ASSIGNMENT = /^([A-Z][A-Z0-9_]{0,40})\s{0,8}[+*]?=\s{0,8}(.{0,1000})$/;
const ELSEWHERE = /^\s{0,20}(?:win32|macx|mac|android|ios)\b[^{]{0,200}\{/;
/** Modules of `QT +=`, as CMake's components are called. */
const MODULES: ReadonlyMap<string, string> = new Map([
  ["core", "Core"],
  ["gui", "Gui"],
  ["widgets", "Widgets"],
  ["network", "Network"],
  ["sql", "Sql"],
  ["qml", "Qml"],
  ["quick", "Quick"],
  ["quickcontrols2", "QuickControls2"],
  ["svg", "Svg"],
  ["multimedia", "Multimedia"],
  ["multimediawidgets", "MultimediaWidgets"],
  ["webenginewidgets", "WebEngineWidgets"],
  ["charts", "Charts"],
  ["serialport", "SerialPort"],
  ["websockets", "WebSockets"],
  ["x11extras", "X11Extras"],
]);

interface Assigned {
  words: string[];
  line: number;
}

function assignmentsIn(reading: Reading, file: string): Map<string, Assigned> {
  const found = new Map<string, Assigned>();
  let open: Assigned | null = null;
  let depth = 0;
  for (const { number, text } of reading.lines(file).slice(0, MAX_LINES)) {
    const line = text.slice(0, 1_000).replace(/#.*$/, "").trimEnd();
    if (depth > 0 || ELSEWHERE.test(line)) {
      depth += line.split("{").length - line.split("}").length;
      continue;
    }
    const isContinued = line.endsWith("\\");
    const code = isContinued ? line.slice(0, -1) : line;
    const [, name, value] = ASSIGNMENT.exec(code.trimStart()) ?? [];
    if (name !== undefined) {
      open = found.get(name) ?? { words: [], line: number };
      found.set(name, open);
    }
    const words = (name === undefined ? code : value ?? "").trim().split(/\s+/);
    open?.words.push(...words.filter((word) => word !== ""));
    if (!isContinued) open = null;
  }
  return found;
}

type Told = ReadonlyMap<string, Assigned>;

/** Qt's modules, `PKGCONFIG` and `-lx`. */
function askedIn(file: string, told: Told): Build["asked"] {
  const of = (name: string, line: number) => ({
    name,
    version: null,
    isDev: false,
    evidence: { file, line },
    isOfSystem: true,
  });
  const asked: Build["asked"] = [];
  const qt = told.get("QT");
  const isWithout = told.get("CONFIG")?.words.includes("-qt") === true;
  const line = qt?.line ?? told.get("SOURCES")?.line ?? 1;
  if (!isWithout) {
    const modules = (qt?.words ?? []).flatMap((word) =>
      MODULES.get(word) ?? []
    );
    asked.push(...["", ...modules].map((one) => of(`Qt5${one}`, line)));
  }
  for (const word of told.get("PKGCONFIG")?.words ?? []) {
    asked.push(of(word, told.get("PKGCONFIG")?.line ?? 1));
  }
  for (const word of told.get("LIBS")?.words ?? []) {
    const library = /^-l([\w+.-]{1,40})$/.exec(word)?.[1];
    if (library !== undefined) {
      asked.push(of(library, told.get("LIBS")?.line ?? 1));
    }
  }
  return asked;
}

/** Files that one of `TEMPLATE = subdirs` names: directories, or files. */
function listedIn(reading: Reading, file: string, told: Told): string[] {
  const directory = directoryOf(file);
  return (told.get("SUBDIRS")?.words ?? []).slice(0, MAX_SUBDIRS).flatMap(
    (word) => {
      const path = joinPath(directory, word) ?? "";
      if (reading.tree.has(path)) return [path];
      const own = reading.tree.filesIn(path).find((name) =>
        name.endsWith(".pro")
      );
      return own === undefined ? [] : [`${path}/${own}`];
    },
  );
}

/** Null for a file that is none of qmake's. */
export function readQmake(
  reading: Reading,
  file: string,
  depth = 0,
): Build | null {
  const told = assignmentsIn(reading, file);
  const sources = told.get("SOURCES");
  const [kind = "app"] = told.get("TEMPLATE")?.words ?? [];
  const isList = kind === "subdirs" && told.has("SUBDIRS");
  if (sources === undefined && !isList) return null;
  const target = told.get("TARGET");
  const name = target?.words[0] ?? basenameOf(file).replace(/\.pro$/, "");
  const line = target?.line ?? null;
  const build: Build = {
    ...builtByMake(file, "qmake && make"),
    name: { value: name, evidence: { file, line } },
    asked: isList ? [] : askedIn(file, told),
  };
  if (isList && depth < MAX_DEPTH) {
    for (const one of listedIn(reading, file, told)) {
      const part = readQmake(reading, one, depth + 1);
      if (part === null) continue;
      const folder = relativeTo(directoryOf(file), directoryOf(one));
      build.asked.push(...part.asked);
      build.programs.push(...part.programs.map((program) => ({
        ...program,
        output: joinPath(folder, program.output) ?? program.output,
      })));
    }
  } else if (kind === "app") {
    const [folder = "."] = told.get("DESTDIR")?.words ?? [];
    build.programs.push({
      name,
      output: joinPath(folder, name) ?? name,
      evidence: { file, line: line ?? sources?.line ?? null },
    });
  }
  return build;
}

/** Project files, those of the topmost directories first. */
export function qmakeFiles(reading: Reading): readonly string[] {
  return reading.tree.withExtension("pro").toSorted((a, b) =>
    directoryOf(a).length - directoryOf(b).length
  );
}
