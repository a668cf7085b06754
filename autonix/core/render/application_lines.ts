/**
 * An application as a package: its attribute of `applications`.
 *
 * @module
 */
import type { TextFact } from "../../../roles/model/analysis.ts";
import type { PlannedApplication, PlannedRuntime } from "./cluster_plan.ts";
import { commandTools } from "./command_tools.ts";
import { commandText, withoutWrappers } from "./command_text.ts";
import { because, relativeTo } from "./facts.ts";
import type { FlakeLines } from "./flake_lines.ts";
import {
  KEYWORDS,
  nixAttribute,
  nixList,
  nixPath,
  nixString,
} from "./nix_text.ts";
import { packagePath } from "./service_modules.ts";

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

/** Packages of a Python project are part of its interpreter. */
function runtimeText(
  planned: PlannedApplication,
  runtime: PlannedRuntime,
): string {
  if (runtime.name === "rust") return "pkgs.rustc";
  if (runtime.name !== "python") return runtime.package;
  const { application, broken, start } = planned;
  const test = application.commands.test?.value ?? "";
  const extra = new Set([
    ...application.frameworks.map(({ value }) => value),
    ...start?.servers ?? [],
    ...["pytest", "nox", "tox"].filter((tool) =>
      test.slice(0, 200).split(" ").includes(tool)
    ),
  ]);
  const names = nixList([...extra].sort().map(nixString));
  const ignored = broken.length === 0
    ? ""
    : ` broken = ${nixList(broken.map(nixString))};`;
  return `(procurator.pythonPackages { python = ${runtime.package}; project = ${
    nixPath(application.path)
  }; extra = ${names};${ignored} })`;
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

function runtimeLines(lines: FlakeLines, planned: PlannedApplication): void {
  const { runtimes, build, start } = planned;
  for (const runtime of runtimes) {
    if (runtime.note !== null) lines.comment(runtime.note, runtime.because);
  }
  const ran = commandTools(planned.application);
  const tools = [...new Set([...build.tools, ...start?.tools ?? [], ...ran])];
  const why = because("what its commands run");
  if (runtimes.length + tools.length === 0) return;
  lines.block("runtime = [", "];", why, () => {
    for (const runtime of runtimes) {
      lines.add(runtimeText(planned, runtime), runtime.because);
      if (runtime.name === "python") {
        lines.comment(
          "its dependencies by name, in the versions that nixpkgs has",
          runtime.because,
        );
      }
    }
    for (const tool of tools) {
      const manager = planned.application.packageManager;
      if (!build.tools.includes(tool) && ran.includes(tool)) {
        lines.add(packagePath(tool), because("its commands run it"));
        continue;
      }
      lines.add(
        packagePath(tool),
        start?.tools.includes(tool) === true
          ? because("its start command runs it")
          : because(
            `its package manager is ${manager?.value ?? "none"}`,
            manager?.evidence ?? [],
          ),
      );
    }
  });
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
  } else if (build.isOwnBuild) {
    lines.add(
      "ownBuild = true;",
      because("the builder's own build phase knows where the packages are"),
    );
  } else command(lines, "build", application.commands.build);
}

/** What its tests find in the place of VMs. */
function checkLines(lines: FlakeLines, { check, name }: PlannedApplication) {
  const why = because(`services that the tests of ${name} find`);
  if (check.absent.length > 0) {
    lines.comment(
      `${check.absent.join(", ")}: not there while it is tested`,
      because("nixpkgs has no way to start it within a build"),
    );
  }
  if (check.inputs.length > 0) {
    lines.add(`testInputs = ${nixList(check.inputs)};`, why);
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

export function applicationLines(
  lines: FlakeLines,
  planned: PlannedApplication,
): void {
  const { application, name, build, start } = planned;
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
      const directory = relativeTo(build.root, path);
      if (directory !== ".") {
        lines.add(
          `directory = ${nixString(directory)};`,
          because(`it is built from ${build.root}, where its lock file is`),
        );
      }
      runtimeLines(lines, planned);
      const libraries = librariesOf(planned);
      if (libraries.length > 0) {
        lines.block(
          "libraries = [",
          "];",
          because("native libraries"),
          () => {
            for (const { value, evidence } of libraries) {
              lines.add(
                packagePath(value),
                because("a native library", evidence),
              );
            }
          },
        );
      }
      if (language.value === "python") {
        lines.add(
          `environment.PYTHONPATH = ".:src";`,
          because("modules are found in its directory, or in src/"),
        );
      }
      buildLines(lines, planned);
      if (start !== null) {
        const reason = because(
          start.note ?? "start command",
          commands.start?.evidence ?? [],
        );
        if (start.note !== null) {
          lines.comment(
            `${commands.start?.value ?? ""}: ${start.note}`,
            reason,
          );
        }
        lines.add(`start = ${nixString(start.command)};`, reason);
      }
      command(lines, "test", commands.test);
      if (commands.test !== null) checkLines(lines, planned);
    },
  );
}
