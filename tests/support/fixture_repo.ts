/**
 * Fixture repositories: one text file each, in the form of Go's txtar, with
 * what is expected of it at the end.
 *
 * ```
 * A word on what this is a case of.
 * -- package.json --
 * { "name": "shop" }
 * -- .expected.json --
 * { "schema": 1, ... }
 * ```
 *
 * A header with ` -> TARGET` in it is a link: `-- latest -> ../v2 --`.
 *
 * @module
 */
import { ECOSYSTEMS, EVIDENCE } from "../../autonix/core/registry.ts";
import { FileTree } from "../../autonix/core/file_tree.ts";
import { chooseReads } from "../../autonix/core/reads.ts";
import { walkFiles } from "../../autonix/core/walk.ts";

const EXPECTED = ".expected.json";
const HEADER = /^-- (.+) --$/;

export interface FixtureRepo {
  /** `javascript/express_npm`. */
  name: string;
  file: string;
  comment: string;
  /** Text by path, without the expectation and links. */
  files: Map<string, string>;
  links: Map<string, string>;
  /** Null while nobody has labelled it. */
  expected: unknown;
}

export function parseFixture(
  name: string,
  file: string,
  text: string,
): FixtureRepo {
  const files = new Map<string, string>();
  const links = new Map<string, string>();
  let comment = "";
  let path: string | null = null;
  for (const line of text.split(/(?<=\n)/)) {
    const header = HEADER.exec(line.trimEnd())?.[1];
    if (header !== undefined) {
      const [from = header, to] = header.split(" -> ");
      path = to === undefined ? from : null;
      if (to === undefined) files.set(from, "");
      else links.set(from, to);
    } else if (path !== null) files.set(path, (files.get(path) ?? "") + line);
    else if (files.size === 0) comment += line;
  }
  const label = files.get(EXPECTED);
  files.delete(EXPECTED);
  return {
    name,
    file,
    comment: comment.trim(),
    files,
    links,
    expected: label === undefined ? null : JSON.parse(label),
  };
}

const ROOT = new URL("../fixtures/autonix/", import.meta.url).pathname;

/** Every fixture, sorted by name. */
export async function fixtureRepos(): Promise<FixtureRepo[]> {
  const repos: FixtureRepo[] = [];
  for await (const group of Deno.readDir(ROOT)) {
    if (!group.isDirectory) continue;
    for await (const entry of Deno.readDir(`${ROOT}${group.name}`)) {
      if (!entry.name.endsWith(".txtar")) continue;
      const file = `${ROOT}${group.name}/${entry.name}`;
      const name = `${group.name}/${entry.name.slice(0, -".txtar".length)}`;
      repos.push(parseFixture(name, file, await Deno.readTextFile(file)));
    }
  }
  return repos.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The name a clone of it would have. */
export function repositoryOf(repo: FixtureRepo): string {
  return repo.name.slice(repo.name.indexOf("/") + 1).replaceAll("_", "-");
}

/** As a scan of it gives, read from no disk: what a walk leaves out is not in it. */
export function treeOf(texts: ReadonlyMap<string, string>): FileTree {
  const { runs, omissions: left } = walkFiles(texts);
  const reads = [...ECOSYSTEMS, ...EVIDENCE].map(({ reads }) => reads);
  const { paths, omissions } = chooseReads(
    runs,
    reads,
    (path) => texts.get(path)?.length ?? null,
  );
  return new FileTree({
    files: { runs },
    texts: new Map(paths.map((path) => [path, texts.get(path) ?? ""])),
    omissions: [...left, ...omissions],
  });
}

/** The file with another expectation. */
export function withExpected(text: string, expected: unknown): string {
  const at = text.indexOf(`\n-- ${EXPECTED} --\n`);
  const body = at < 0 ? text.trimEnd() : text.slice(0, at);
  return `${body}\n-- ${EXPECTED} --\n${JSON.stringify(expected, null, 1)}\n`;
}
