/**
 * Builds of sbt: which projects a build.sbt defines, and all that is said of
 * each: its settings, those it shares by name, and those of the whole build.
 *
 * Reads names, not code: what a plugin or a function of project/*.scala
 * computes is not seen.
 *
 * @module
 */
import { directoryOf, joinPath } from "../../../file_tree.ts";
import type { Found, Reading } from "../../../reading.ts";
import { lineIn, SBT, type Statement, statementsOf } from "../statements.ts";

export interface Placed extends Statement {
  file: string;
}

export interface SbtProject {
  /** Name of the value, which sbt calls it by. */
  id: string;
  directory: string;
  /** Its definition, and everything it names. */
  texts: readonly Placed[];
  dependsOn: readonly string[];
}

export interface SbtBuild {
  directory: string;
  file: string;
  projects: readonly SbtProject[];
}

const MAX_PROJECTS = 500;
/** Values that a project names, and those name. */
const MAX_NAMED = 200;
const MAX_FILES = 30;

const PROJECT =
  /^(?:lazy\s{1,4})?val\s{1,4}`?([\w-]{1,100})`?\s{0,4}(?::\s{0,4}\w{1,30})?\s{0,4}=\s{0,4}\(?\s{0,4}(?:project\b|Project\s{0,4}\(|\(?\s{0,4}crossProject\b)/;
const VALUE =
  /^(?:implicit\s{1,4})?(?:lazy\s{1,4})?(?:val|def)\s{1,4}`?(\w{1,100})`?[^=\n]{0,200}=/;

/** The directory a project is told to be in; its name where nothing is. */
function directoryIn(text: string, id: string): string {
  return /\bfile\s{0,4}\(\s{0,4}"([^"\n]{1,200})"/.exec(text.slice(0, 2_000))
    ?.[1] ?? id;
}

/** The names of the projects in `dependsOn(a, b % "test->test")`. */
function dependsOnIn(text: string): string[] {
  return [...text.matchAll(/\.dependsOn\(([^)]{1,1000})\)/g)].flatMap(
    ([, list = ""]) =>
      list.split(",").flatMap((item) =>
        /\bTest\b|%\s{0,4}"test"/.test(item)
          ? []
          : /^\s{0,20}`?([\w-]{1,100})/.exec(item)?.[1] ?? []
      ),
  );
}

/** Everything of the build's own files, root first. */
function statementsAt(reading: Reading, directory: string): Placed[] {
  const { tree } = reading;
  const meta = joinPath(directory, "project") ?? "project";
  const files = [
    ...tree.filesIn(directory).filter((name) => name.endsWith(".sbt"))
      .map((name) => joinPath(directory, name)),
    ...tree.below(meta).filter((path) => path.endsWith(".scala")),
  ].filter((file) => file !== null).slice(0, MAX_FILES);
  return files.flatMap((file) =>
    statementsOf(reading.tree.text(file) ?? "", SBT)
      .map((statement) => ({ ...statement, file }))
  );
}

/** What values are called, for those who name them. */
function valuesOf(statements: readonly Placed[]): Map<string, Placed[]> {
  const named = new Map<string, Placed[]>();
  for (const statement of statements) {
    const own = VALUE.exec(statement.text)?.[1];
    // `object Versions { val http4s = ... }` and blocks of a value.
    const around = statement.blocks.map((head) =>
      VALUE.exec(head)?.[1] ?? null
    );
    for (const name of [own, ...around]) {
      if (name === undefined || name === null) continue;
      const list = named.get(name) ?? [];
      named.set(name, [...list.slice(0, 50), statement]);
    }
  }
  return named;
}

/** A text with all it names. */
function withNamed(
  texts: readonly Placed[],
  named: ReadonlyMap<string, readonly Placed[]>,
): Placed[] {
  const all = [...texts];
  const seen = new Set(texts);
  for (let index = 0; index < all.length && all.length < MAX_NAMED; index++) {
    const text = all[index]?.text ?? "";
    const from = index < texts.length ? 0 : text.indexOf("=");
    for (const [word] of text.slice(from).matchAll(/\b[A-Za-z_]\w{2,100}\b/g)) {
      for (const statement of named.get(word) ?? []) {
        if (seen.has(statement) || PROJECT.test(statement.text)) continue;
        seen.add(statement);
        all.push(statement);
      }
    }
  }
  return all;
}

export function readBuild(reading: Reading, file: string): SbtBuild {
  const directory = directoryOf(file);
  const statements = statementsAt(reading, directory);
  const named = valuesOf(statements);
  const isOwn = ({ file }: Placed) => file.endsWith(".sbt");
  const whole = statements.filter((one) =>
    isOwn(one) &&
    /^(?:ThisBuild\s{0,4}\/|inThisBuild\b|Global\s{0,4}\/)/.test(one.text)
  );
  const bare = statements.filter((one) =>
    isOwn(one) && one.blocks.length === 0 && !VALUE.test(one.text) &&
    !PROJECT.test(one.text)
  );
  const projects: SbtProject[] = [];
  for (const statement of statements) {
    if (!isOwn(statement) || projects.length >= MAX_PROJECTS) continue;
    const id = PROJECT.exec(statement.text)?.[1];
    if (id === undefined) continue;
    const path = joinPath(directory, directoryIn(statement.text, id));
    if (path === null) continue;
    const own = path === directory
      ? [statement, ...bare]
      : [statement, ...whole];
    projects.push({
      id,
      directory: path,
      texts: withNamed(own, named),
      dependsOn: dependsOnIn(statement.text),
    });
  }
  if (!projects.some(({ directory: at }) => at === directory)) {
    projects.unshift({
      id: "",
      directory,
      texts: withNamed(bare, named),
      dependsOn: [],
    });
  }
  return { directory, file, projects };
}

/** The text a key is set to: `name := "shop"`. */
export function settingOf(
  texts: readonly Placed[],
  key: string,
): Found | null {
  const pattern = new RegExp(
    `(?:^|[\\s(/])${key}\\s{0,40}:=\\s{0,40}(?:Some\\(\\s{0,4})?(?:"{1,3}([^"\\n]{1,200})"|(\\w{1,100}(?:\\.\\w{1,100})?))`,
  );
  for (const statement of texts) {
    const found = pattern.exec(statement.text);
    if (found === null) continue;
    const value = found[1] ?? valueOf(texts, found[2] ?? "");
    if (value === null) continue;
    return {
      value,
      evidence: {
        file: statement.file,
        line: lineIn(statement, found.index + found[0].indexOf(key)),
      },
    };
  }
  return null;
}

/** `val V = "1.0"`. */
export function valueOf(
  texts: readonly Placed[],
  name: string,
): string | null {
  const last = name.slice(name.lastIndexOf(".") + 1);
  for (const { text } of texts) {
    if (VALUE.exec(text)?.[1] !== last) continue;
    const value = /=\s{0,40}"([^"\n]{1,100})"/.exec(text)?.[1];
    if (value !== undefined) return value;
  }
  return null;
}
