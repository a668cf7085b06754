/**
 * How a Dart package is built, started and tested.
 *
 * A program in `bin/` is compiled (`dart compile exe`) and started as what it
 * was compiled to. Flutter is built for devices and browsers: no server.
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import { claim, type Draft } from "../../draft.ts";
import { basenameOf, joinPath } from "../../file_tree.ts";
import { fileEvidence, type Reading } from "../../reading.ts";
import { shellWord } from "../../shell_word.ts";

export interface Project {
  reading: Reading;
  draft: Draft;
  manifest: string;
  name: string | null;
  frameworks: readonly string[];
}

/** The program of `bin/` that is started: what serves, what is named as the package, the only one. */
export function programOf(project: Project): string | null {
  const { reading, draft, name } = project;
  const bin = joinPath(draft.path, "bin") ?? "bin";
  const there = reading.tree.filesIn(bin).filter((one) =>
    one.endsWith(".dart")
  );
  const wanted = [
    "server.dart",
    "main.dart",
    `${name}.dart`,
    "app.dart",
    "bot.dart",
  ];
  const found = wanted.find((one) => there.includes(one)) ??
    (there.length === 1 ? there[0] : undefined);
  return found === undefined ? null : joinPath(bin, found);
}

function claimFrog(project: Project): boolean {
  const { draft, reading } = project;
  const frog = draft.dependencies.find(({ name }) => name === "dart_frog");
  const routes = joinPath(draft.path, "routes") ?? "routes";
  // What adds to Dart Frog has no routes of its own.
  if (frog === undefined || !reading.tree.hasDirectory(routes)) return false;
  claim(draft, "build", "dart_frog build", "framework", frog.evidence);
  claim(
    draft,
    "start",
    "dart build/bin/server.dart",
    "framework",
    frog.evidence,
  );
  claim(draft, "port", 8080, "framework", frog.evidence);
  return true;
}

function claimFlutter(project: Project, flutter: Evidence): void {
  const { draft, reading } = project;
  const main = reading.tree.first(draft.path, ["lib/main.dart"]);
  if (main === null) {
    draft.role = "library";
    return;
  }
  const web = reading.tree.first(draft.path, ["web/index.html"]);
  claim(
    draft,
    "build",
    web === null ? null : "flutter build web",
    "framework",
    web === null ? null : fileEvidence(web),
  );
  reading.report({
    path: flutter.file,
    what: "start command",
    why:
      "a Flutter application runs on a device or in a browser, not as a server",
  });
}

/** Claims build and start; sets the role where nothing can be started. */
export function claimStart(project: Project, flutter: Evidence | null): void {
  const { draft } = project;
  if (flutter !== null) return claimFlutter(project, flutter);
  if (claimFrog(project)) return;
  const program = programOf(project);
  if (program === null) {
    draft.role = "library";
    return;
  }
  const file = basenameOf(program);
  const evidence = fileEvidence(program);
  const output = `bin/${file.slice(0, -".dart".length)}`;
  claim(
    draft,
    "build",
    `dart compile exe ${shellWord(`bin/${file}`)} -o ${shellWord(output)}`,
    "convention",
    evidence,
  );
  claim(draft, "start", shellWord(`./${output}`), "convention", evidence);
}

export function claimTest(project: Project, flutter: Evidence | null): void {
  const { draft, reading, manifest } = project;
  const directory = joinPath(draft.path, "test") ?? "test";
  if (!reading.tree.hasDirectory(directory)) return;
  const found = draft.dependencies.find(({ name }) =>
    name === "test" || name === "flutter_test"
  );
  claim(
    draft,
    "test",
    flutter === null ? "dart test" : "flutter test",
    "convention",
    found?.evidence ?? fileEvidence(manifest),
  );
}
