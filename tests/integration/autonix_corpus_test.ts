/**
 * The labelled corpus: each fixture repository is told exactly as its label
 * says, whatever the order of its files.
 */
import assert from "node:assert/strict";
import { detect } from "../../autonix/core/detect.ts";
import { Analysis } from "../../roles/model/analysis.ts";
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
