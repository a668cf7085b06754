/**
 * `deno task fixtures [WORD...]`: what Autonix tells of the fixture
 * repositories whose names contain a word, beside their labels.
 *
 * `--update` writes what it tells as the label. A label is a person's word: read
 * the difference before it is committed.
 *
 * @module
 */
import { detect } from "../../autonix/core/detect.ts";
import {
  fixtureRepos,
  repositoryOf,
  treeOf,
  withExpected,
} from "../support/fixture_repo.ts";

const isUpdate = Deno.args.includes("--update");
const words = Deno.args.filter((word) => !word.startsWith("--"));
let differing = 0;
for (const repo of await fixtureRepos()) {
  if (words.length > 0 && !words.some((word) => repo.name.includes(word))) {
    continue;
  }
  const told = detect(treeOf(repo.files), { repository: repositoryOf(repo) });
  if (JSON.stringify(told) === JSON.stringify(repo.expected)) {
    console.log(`ok        ${repo.name}`);
    continue;
  }
  differing += 1;
  console.log(`DIFFERENT ${repo.name}\n${JSON.stringify(told, null, 1)}`);
  if (isUpdate) {
    const text = await Deno.readTextFile(repo.file);
    await Deno.writeTextFile(repo.file, withExpected(text, told));
  }
}
if (differing > 0 && !isUpdate) Deno.exit(1);
