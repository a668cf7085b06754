/**
 * Elixir without a mix.exs: a script at the root, which installs itself what it
 * needs (`Mix.install`).
 *
 * @module
 */
import { claim, type Draft, draftOf } from "../../draft.ts";
import { lineFinder } from "../../formats/node.ts";
import { fileEvidence, type Reading } from "../../reading.ts";
import { scanFiles } from "../shared/source_scan.ts";
import { shellWord } from "../../shell_word.ts";
import { dependenciesIn } from "./mixfile.ts";
import { ELIXIR_SOURCE } from "./variables.ts";

/** Names of what is started, the surest first. */
export const SCRIPTS: readonly string[] = [
  "main.exs",
  "server.exs",
  "app.exs",
  "run.exs",
  "start.exs",
  "script.exs",
];
const SERVERS: ReadonlySet<string> = new Set([
  "phoenix_playground",
  "plug",
  "plug_cowboy",
  "bandit",
]);
/** What `Mix.install` lists. */
const MAX_INSTALL = 20_000;

function readScript(reading: Reading, draft: Draft, file: string): void {
  const text = reading.tree.text(file)?.slice(0, MAX_INSTALL) ?? "";
  const from = text.indexOf("Mix.install(");
  if (from < 0) return;
  const lineOf = lineFinder(text);
  const found = dependenciesIn(text.slice(from), (index) => ({
    file,
    line: lineOf(from + index),
  }));
  draft.dependencies.push(...found.map(({ link: _, ...one }) => one));
  const served = draft.dependencies.filter(({ name }) => SERVERS.has(name));
  claim(
    draft,
    "framework",
    served.some(({ name }) => name === "phoenix_playground")
      ? "phoenix"
      : "plug",
    "source",
    served.length === 0 ? null : served.map(({ evidence }) => evidence),
  );
}

/** The script that is called as one is started, or the only one of the root. */
export function looseDrafts(reading: Reading): Draft[] {
  const there = reading.tree.filesIn(".").filter((name) =>
    /\.exs?$/.test(name) && !name.startsWith(".")
  );
  const [first] = there;
  if (first === undefined) return [];
  const entry = SCRIPTS.find((name) => there.includes(name)) ??
    (there.length === 1 ? first : null);
  const draft = draftOf({
    path: ".",
    ecosystem: "elixir",
    role: "application",
    weight: 1,
  });
  claim(draft, "language", "elixir", "source", fileEvidence(entry ?? first));
  if (entry !== null) {
    const command = `elixir ${shellWord(entry)}`;
    claim(draft, "start", command, "convention", fileEvidence(entry));
    readScript(reading, draft, entry);
    scanFiles(draft, reading, [entry], { syntax: ELIXIR_SOURCE });
  }
  return [draft];
}
