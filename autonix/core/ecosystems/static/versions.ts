/**
 * Which version of a generator builds a site, where hosts and workflows say it:
 * `HUGO_VERSION` of netlify.toml, `hugo-version` of a step.
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import { claim, type Draft } from "../../draft.ts";
import { joinPath } from "../../file_tree.ts";
import { at, scalarText } from "../../formats/node.ts";
import { nodeEvidence, type Reading } from "../../reading.ts";
import { cleanVersion } from "../shared/pins.ts";

/** Contexts of netlify.toml that are what visitors see, the nearest to them last. */
const NETLIFY: readonly (readonly string[])[] = [
  ["context", "production", "environment"],
  ["build", "environment"],
];
const WORKFLOWS = ".github/workflows";
/** Workflows of a site are short. */
const MAX_LINES = 2_000;

function inNetlify(reading: Reading, draft: Draft, name: string): boolean {
  const file = joinPath(draft.path, "netlify.toml");
  const root = file !== null && reading.tree.has(file)
    ? reading.toml(file)
    : null;
  for (const keys of NETLIFY) {
    const node = at(root, ...keys, name);
    const version = cleanVersion(scalarText(node) ?? "");
    if (file === null || node === null || version === null) continue;
    const evidence = nodeEvidence(file, node);
    claim(draft, "runtimeVersion", version, "procfile", evidence);
    return true;
  }
  return false;
}

/** `HUGO_VERSION: 0.128.0` or `hugo-version: '0.128.0'` of a workflow. */
function inWorkflows(
  reading: Reading,
  name: string,
): { version: string; evidence: Evidence } | null {
  const line = new RegExp(
    `^[\\s-]{0,40}(?:${name.toUpperCase()}_VERSION|${name}-version)\\s{0,3}:\\s{0,3}["']?v?([\\d.]{3,20})\\b`,
  );
  for (const workflow of reading.tree.filesIn(WORKFLOWS)) {
    if (!/\.ya?ml$/.test(workflow)) continue;
    const file = `${WORKFLOWS}/${workflow}`;
    for (const { number, text } of reading.lines(file).slice(0, MAX_LINES)) {
      const version = line.exec(text.slice(0, 300))?.[1];
      if (version === undefined) continue;
      return { version, evidence: { file, line: number } };
    }
  }
  return null;
}

/** Tells the version of a site's generator. */
export function tellGeneratorVersion(
  reading: Reading,
  draft: Draft,
  name: string,
): void {
  if (inNetlify(reading, draft, `${name.toUpperCase()}_VERSION`)) return;
  const found = inWorkflows(reading, name);
  if (found === null) return;
  claim(draft, "runtimeVersion", found.version, "ci", found.evidence);
}
