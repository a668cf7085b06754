/**
 * What build.zig and build.zig.zon say.
 *
 * build.zig is a program; read are the calls that every build has:
 * `addExecutable` with its name, `step("test")`, `linkSystemLibrary`.
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import type { Dependency } from "../../draft.ts";
import { directoryOf, joinPath } from "../../file_tree.ts";
import { lineFinder } from "../../formats/node.ts";
import type { Found, Reading } from "../../reading.ts";

export interface Manifest {
  directory: string;
  file: string;
  name: Found | null;
  /** `minimum_zig_version`. */
  version: Found | null;
  dependencies: Dependency[];
  /** Directories of dependencies with a path. */
  links: string[];
  /** Those that are installed, where that is said. */
  programs: Found[];
  /** Before Zig 0.11 a build was asked for otherwise. */
  isOld: boolean;
  /** Libraries of the system. */
  libraries: Found[];
  /** Where a step for tests is made. */
  test: Evidence | null;
}

const MAX_TEXT = 256 * 1024;
const MAX_LINES = 2_000;
const CALL =
  /\b(addExecutable|linkSystemLibrary2?|step)\(\s{0,40}(?:\.\{\s{0,80}(?:\.name\s{0,3}=\s{0,3})?)?"([^"\n]{1,100})"/g;
/** A name that stands behind other fields of `addExecutable`. */
const NAME_WITHIN =
  /\baddExecutable\(\s{0,40}\.\{([^;]{0,1500}?)\.name\s{0,3}=\s{0,3}"([^"\n]{1,100})"/g;

function readZon(reading: Reading, file: string, into: Manifest): void {
  let open: string | null = null;
  let isInside = false;
  for (const { number, text } of reading.lines(file).slice(0, MAX_LINES)) {
    const line = text.slice(0, 500).trim();
    const evidence = { file, line: number };
    if (line.startsWith("//")) continue;
    if (/^\.dependencies\s{0,3}=/.test(line)) isInside = true;
    else if (/^\.paths\s{0,3}=/.test(line)) isInside = false;
    const [, word, quoted] =
      /^\.name\s{0,3}=\s{0,3}(?:\.([\w@"-]{1,100})|"([^"]{1,100})")/.exec(
        line,
      ) ?? [];
    const name = quoted ?? word?.replace(/^@"|"$/g, "");
    if (!isInside && name !== undefined) {
      into.name ??= { value: name, evidence };
    }
    const version = /^\.minimum_zig_version\s{0,3}=\s{0,3}"([^"]{1,60})"/.exec(
      line,
    )?.[1];
    if (version !== undefined) into.version = { value: version, evidence };
    if (!isInside) continue;
    const opened = /^\.(?:@"([^"]{1,100})"|(\w{1,100}))\s{0,3}=\s{0,3}\.\{/
      .exec(line);
    const dependency = opened?.[1] ?? opened?.[2];
    if (dependency !== undefined && dependency !== "dependencies") {
      open = dependency;
      into.dependencies.push({
        name: open,
        version: null,
        isDev: false,
        evidence,
      });
    }
    const path = /\.path\s{0,3}=\s{0,3}"([^"]{1,300})"/.exec(line)?.[1];
    const link = path === undefined || open === null
      ? null
      : joinPath(into.directory, path);
    if (link !== null) into.links.push(link);
  }
}

/** `const exe = ` before a call. */
const ASSIGNED = /\b(?:const|var)\s{1,4}(\w{1,60})\s{0,4}=\s{0,20}[\w.]{0,40}$/;
const INSTALLED =
  /\b(?:installArtifact|addInstallArtifact)\(\s{0,20}(\w{1,60})\b|\b(\w{1,60})\.install\(\)/g;

/** Names of programs that a build puts into `zig-out`; the others it only runs. */
function installedOf(
  text: string,
  programs: readonly { found: Found; index: number }[],
): Found[] {
  const installed = new Set(
    [...text.matchAll(INSTALLED)].map(([, one, other]) => one ?? other),
  );
  const kept = programs.filter(({ index }) =>
    installed.has(
      ASSIGNED.exec(text.slice(Math.max(0, index - 150), index))?.[1],
    )
  );
  return (kept.length > 0 ? kept : programs).map(({ found }) => found);
}

function readBuild(reading: Reading, file: string, into: Manifest): void {
  const text = (reading.tree.text(file) ?? "").slice(0, MAX_TEXT);
  const lineOf = lineFinder(text);
  const isCommented = (index: number) => {
    const before = text.slice(Math.max(0, index - 300), index);
    return before.slice(before.lastIndexOf("\n") + 1).includes("//");
  };
  into.isOld = /\bstandardReleaseOptions\(/.test(text);
  const programs: { found: Found; index: number }[] = [];
  for (const found of text.matchAll(CALL)) {
    const [, call = "", value = ""] = found;
    if (isCommented(found.index)) continue;
    const evidence = { file, line: lineOf(found.index) };
    if (call === "addExecutable") {
      programs.push({ found: { value, evidence }, index: found.index });
    } else if (call === "step") {
      if (value === "test") into.test ??= evidence;
    } else into.libraries.push({ value, evidence });
  }
  into.programs.push(...installedOf(text, programs));
  if (into.programs.length > 0) return;
  for (const found of text.matchAll(NAME_WITHIN)) {
    if (isCommented(found.index)) continue;
    const evidence = { file, line: lineOf(found.index) };
    into.programs.push({ value: found[2] ?? "", evidence });
  }
}

/** `file` is a build.zig. */
export function readManifest(reading: Reading, file: string): Manifest {
  const directory = directoryOf(file);
  const manifest: Manifest = {
    directory,
    file,
    name: null,
    version: null,
    dependencies: [],
    links: [],
    programs: [],
    libraries: [],
    isOld: false,
    test: null,
  };
  readZon(reading, joinPath(directory, "build.zig.zon") ?? "", manifest);
  readBuild(reading, file, manifest);
  return manifest;
}
