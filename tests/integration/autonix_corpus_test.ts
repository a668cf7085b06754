/**
 * The labelled corpus: each fixture repository is told exactly as its label
 * says, whatever the order of its files.
 */
import assert from "node:assert/strict";
import { detect } from "../../autonix/core/detect.ts";
import { isWithin } from "../../autonix/core/file_tree.ts";
import {
  type AnalysedApplication,
  Analysis,
  type Evidence,
} from "../../roles/model/analysis.ts";
import { fixtureRepos, repositoryOf, treeOf } from "../support/fixture_repo.ts";

const repos = await fixtureRepos();

for (const repo of repos) {
  Deno.test(`corpus: ${repo.name}`, () => {
    const repository = repositoryOf(repo);
    const analysis = detect(treeOf(repo.files), { repository });
    assert.deepEqual(analysis, repo.expected);
    Analysis.parse(analysis);
    const reversed = new Map([...repo.files].reverse());
    const again = detect(treeOf(reversed), { repository });
    assert.equal(JSON.stringify(again), JSON.stringify(analysis));
  });
}

Deno.test("corpus: every application depends on applications of its repository", () => {
  for (const repo of repos) {
    const { applications, services } = Analysis.parse(repo.expected);
    const paths = new Set(applications.map(({ path }) => path));
    const named = [
      ...applications.flatMap(({ dependsOn }) => dependsOn),
      ...services.flatMap(({ usedBy }) => usedBy),
    ];
    for (const path of named) {
      assert.ok(paths.has(path), `${repo.name}: ${path}`);
    }
  }
});

/** Every place that an application's facts name. */
function placesOf(application: AnalysedApplication): Evidence[] {
  const { language, runtimeVersion, packageManager, commands } = application;
  const facts = [
    language,
    runtimeVersion,
    packageManager,
    ...Object.values(commands),
    ...application.frameworks,
    ...application.ports,
    ...application.env,
    ...application.nativeLibraries,
  ];
  return facts.flatMap((fact) => fact?.evidence ?? []);
}

Deno.test("corpus: no fact of an application stands in the directory of another", () => {
  for (const repo of repos) {
    const { applications } = Analysis.parse(repo.expected);
    for (const one of applications) {
      const others = applications.filter(({ path }) =>
        // What lies above may speak for it: a workspace's lockfile, a pin.
        path !== one.path && !isWithin(one.path, path)
      );
      for (const { file } of placesOf(one)) {
        const nearer = others.find(({ path }) => isWithin(file, path));
        assert.equal(
          nearer?.path,
          undefined,
          `${repo.name}: ${one.path} by ${file}`,
        );
      }
    }
  }
});

Deno.test("corpus: every evidence is a line of a file of the repository", () => {
  for (const repo of repos) {
    const { applications, services } = Analysis.parse(repo.expected);
    const places = [
      ...applications.flatMap(placesOf),
      ...services.flatMap(({ evidence }) => evidence),
    ];
    for (const { file, line } of places) {
      const text = repo.files.get(file);
      assert.ok(text !== undefined, `${repo.name}: ${file}`);
      const lines = text.split("\n").length;
      assert.ok((line ?? 1) <= lines, `${repo.name}: ${file}:${line}`);
    }
  }
});
