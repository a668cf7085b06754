/**
 * How a project's tests are run: a named command, pytest, tox or nox, Django's
 * own, unittest.
 *
 * @module
 */
import { claim, type Draft } from "../../draft.ts";
import { fileEvidence } from "../../reading.ts";
import { managePy } from "./django.ts";
import { readIni } from "./ini.ts";
import { testCommand } from "./manifest_scripts.ts";
import {
  anyDependency,
  fileOf,
  type Project,
  pyprojectAt,
  pyprojectEvidence,
  relativeTo,
} from "./project.ts";
import { shellWord } from "../../shell_word.ts";

/** So many tests tell which library they are written for. */
const MAX_TESTS = 50;

/** Configuration of pytest. */
function pytestConfig(project: Project) {
  const table = pyprojectEvidence(
    project,
    pyprojectAt(project, "tool", "pytest"),
  );
  if (table !== null) return table;
  const own = fileOf(project, "pytest.ini", ".pytest.ini");
  if (own !== null) return fileEvidence(own);
  if (project.setupConfig?.ini.has("tool:pytest") === true) {
    return fileEvidence(project.setupConfig.file);
  }
  const tox = fileOf(project, "tox.ini");
  return tox !== null && readIni(project.reading, tox).has("pytest")
    ? fileEvidence(tox)
    : null;
}

function claimPytest(draft: Draft, project: Project): boolean {
  const dependency = anyDependency(
    project,
    "pytest",
    "pytest-django",
    "pytest-asyncio",
    "pytest-cov",
  );
  const config = pytestConfig(project);
  claim(draft, "test", "pytest", "manifest", dependency?.evidence ?? null);
  claim(draft, "test", "pytest", "config", config);
  return dependency !== null || config !== null;
}

/** What the tests themselves import. */
function claimByTests(draft: Draft, project: Project): void {
  let first: { file: string; line: null } | null = null;
  for (const path of project.tests.slice(0, MAX_TESTS)) {
    const text = project.reading.tree.text(path) ?? "";
    if (/^(?:import|from)[ \t]+pytest\b/m.test(text)) {
      claim(draft, "test", "pytest", "source", fileEvidence(path));
      return;
    }
    if (first === null && /^(?:import|from)[ \t]+unittest\b/m.test(text)) {
      first = { file: path, line: null };
    }
  }
  claim(draft, "test", "python -m unittest", "source", first);
  const [plain] = project.tests.filter((path) =>
    /(?:^|\/)test_[^/]*\.py$/.test(path)
  );
  if (first === null && plain !== undefined) {
    claim(draft, "test", "pytest", "convention", fileEvidence(plain));
  }
}

export function claimTest(draft: Draft, project: Project): void {
  const named = testCommand(project);
  if (named !== null) {
    claim(draft, "test", named.run, "manifest", named.evidence);
    return;
  }
  if (claimPytest(draft, project)) return;
  const tox = fileOf(project, "tox.ini");
  const nox = fileOf(project, "noxfile.py");
  if (tox !== null) claim(draft, "test", "tox", "task", fileEvidence(tox));
  else if (nox !== null) claim(draft, "test", "nox", "task", fileEvidence(nox));
  if (tox !== null || nox !== null) return;
  const manage = managePy(project);
  if (manage !== null && project.tests.length > 0) {
    claim(
      draft,
      "test",
      `python ${shellWord(relativeTo(project, manage))} test`,
      "framework",
      fileEvidence(manage),
    );
    return;
  }
  claimByTests(draft, project);
}
