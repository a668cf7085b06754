/**
 * An application as a package: its attribute of `applications`.
 *
 * @module
 */
import type { TextFact } from "../../../roles/model/analysis.ts";
import { wayTo } from "../file_tree.ts";
import type { PlannedApplication } from "./cluster_plan.ts";
import { commandText, withoutWrappers } from "./command_text.ts";
import { because } from "./facts.ts";
import type { FlakeLines } from "./flake_lines.ts";
import {
  KEYWORDS,
  nixAttribute,
  nixList,
  nixPath,
  nixString,
} from "./nix_text.ts";
import { runtimeLines } from "./runtime_lines.ts";
import { packagePath } from "./service_modules.ts";
import { writableFolders } from "./writable.ts";

/** An attribute path of nixpkgs: what is none would be an expression. */
const ATTRIBUTE_PATH =
  /^[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z_][A-Za-z0-9_-]*){0,3}$/;

/** Native libraries that can be named. */
export function librariesOf({ application }: PlannedApplication): TextFact[] {
  return application.nativeLibraries.filter(({ value }) =>
    ATTRIBUTE_PATH.test(value) &&
    !value.split(".").some((word) => KEYWORDS.has(word))
  );
}

/** A start or build command is a shell's text; the manager's install step is the builder's. */
function command(
  lines: FlakeLines,
  name: string,
  fact: TextFact | null,
): void {
  if (fact === null) return;
  lines.add(
    `${name} = ${nixString(withoutWrappers(commandText(fact.value)))};`,
    because(`${name} command`, fact.evidence),
  );
}

/** A command as it runs here; null where the builder has no need of it. */
function changed(
  fact: TextFact | null,
  change: (command: string | null) => string | null,
): TextFact | null {
  const value = change(
    fact === null ? null : withoutWrappers(commandText(fact.value)),
  );
  return value === null ? null : {
    value,
    confidence: fact?.confidence ?? 1,
    evidence: fact?.evidence ?? [],
  };
}

function buildLines(lines: FlakeLines, planned: PlannedApplication): void {
  const { build, application } = planned;
  if (build.builder !== null) {
    lines.add(`builder = ${build.builder.text};`, build.builder.because);
  }
  if (build.arguments.length > 0) {
    const why = because("what the builder has to be told");
    lines.block("arguments = {", "};", why, () => {
      for (const { text, because } of build.arguments) {
        lines.add(text, because);
      }
    });
  }
  if (build.isOwnPhases) {
    lines.add(
      "ownPhases = true;",
      because("the builder installs programs by itself"),
    );
    return;
  }
  command(lines, "build", changed(application.commands.build, build.build));
}

/** What its tests find in the place of VMs. */
function checkLines(
  lines: FlakeLines,
  { build, check, name }: PlannedApplication,
) {
  const why = because(`services that the tests of ${name} find`);
  if (check.absent.length > 0) {
    lines.comment(
      `${check.absent.join(", ")}: not there while it is tested`,
      because("nixpkgs has no way to start it within a build"),
    );
  }
  const inputs = [...check.inputs, ...build.testInputs];
  if (inputs.length > 0) {
    lines.add(`testInputs = ${nixList(inputs)};`, why);
  }
  if (check.environment.length > 0) {
    lines.block("testEnvironment = {", "};", why, () => {
      for (const { name, value, because } of check.environment) {
        lines.add(`${nixAttribute(name)} = ${nixString(value)};`, because);
      }
    });
  }
  if (check.setup.length > 0) {
    lines.add(`testSetup = ${nixString(check.setup.join("\n"))};`, why);
  }
}

const ENVIRONMENT = because("what its commands have to be told here");

/** Names, and values as Nix. */
function environmentOf(
  { application, build }: PlannedApplication,
): (readonly [string, string])[] {
  const usesChromium = application.nativeLibraries.some(({ value }) =>
    value === "chromium"
  );
  return [
    ...application.language.value === "python"
      // Modules are found in its directory, or in src/.
      ? [["PYTHONPATH", nixString(".:src")] as const]
      : [],
    ...usesChromium
      // Puppeteer looks for the one that it would have fetched.
      ? [
        [
          "PUPPETEER_EXECUTABLE_PATH",
          '"${pkgs.chromium}/bin/chromium"',
        ] as const,
      ]
      : [],
    ...build.environment.map(([name, value]) =>
      [name, nixString(value)] as const
    ),
  ];
}

/** Client library and pg_config of PostgreSQL are packages of their own. */
const LIBRARY_PARTS: ReadonlyMap<string, readonly string[]> = new Map([
  ["postgresql", ["libpq", "libpq.pg_config", "postgresql"]],
]);

/** Attributes that hold a library. */
export function libraryParts(attribute: string): readonly string[] {
  return LIBRARY_PARTS.get(attribute) ?? [attribute];
}

function libraryLines(lines: FlakeLines, planned: PlannedApplication): void {
  const libraries = librariesOf(planned);
  if (libraries.length === 0) return;
  lines.block("libraries = [", "];", because("native libraries"), () => {
    for (const { value, evidence } of libraries) {
      for (const part of libraryParts(value)) {
        lines.add(packagePath(part), because("a native library", evidence));
      }
    }
  });
}

function writableLines(
  lines: FlakeLines,
  { application, start }: PlannedApplication,
): void {
  const writable = start === null ? [] : writableFolders(application);
  if (writable.length === 0) return;
  lines.add(
    `writable = ${nixList(writable.map(nixString))};`,
    because(
      "its framework writes there",
      application.frameworks.flatMap(({ evidence }) => evidence),
    ),
  );
}

function startLines(
  lines: FlakeLines,
  { application: { commands }, build, start }: PlannedApplication,
): void {
  if (start === null) return;
  const reason = because(
    start.note ?? "start command",
    commands.start?.evidence ?? [],
  );
  if (start.note !== null) {
    lines.comment(`${commands.start?.value ?? ""}: ${start.note}`, reason);
  }
  lines.add(`start = ${nixString(build.start(start.command))};`, reason);
}

export function applicationLines(
  lines: FlakeLines,
  planned: PlannedApplication,
): void {
  const { application, name, build } = planned;
  const { path, language, frameworks, commands } = application;
  const why = because(`${path} is an application`, language.evidence);
  const title = [language.value, ...frameworks.map(({ value }) => value)];
  lines.comment(`${application.name} in ${path}: ${title.join(", ")}`, why);
  const hash = build.needsHash
    ? ` hash = hashes.${name} or pkgs.lib.fakeHash;`
    : "";
  lines.block(
    `${name} = let source = procurator.source ${
      nixPath(build.root)
    };${hash} in procurator.application {`,
    "};",
    why,
    () => {
      lines.add("inherit pkgs source;", why);
      lines.add(`name = ${nixString(name)};`, why);
      const directory = build.directory ?? wayTo(build.root, path);
      if (directory !== ".") {
        lines.add(
          `directory = ${nixString(directory)};`,
          because(`it is built from ${build.root}, where its lock file is`),
        );
      }
      runtimeLines(lines, planned);
      libraryLines(lines, planned);
      for (const [name, value] of environmentOf(planned)) {
        lines.add(`environment.${name} = ${value};`, ENVIRONMENT);
      }
      writableLines(lines, planned);
      buildLines(lines, planned);
      startLines(lines, planned);
      command(
        lines,
        "test",
        changed(
          commands.test,
          (text) => text === null ? null : build.test(text),
        ),
      );
      if (commands.test !== null) checkLines(lines, planned);
    },
  );
}
