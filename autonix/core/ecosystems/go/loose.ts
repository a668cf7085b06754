/**
 * Sources without go.mod: those of dep, glide or GOPATH, and single files. An
 * application only where nothing else is.
 *
 * @module
 */
import { claim, type Draft, draftOf } from "../../draft.ts";
import { directoryOf } from "../../file_tree.ts";
import { fileEvidence, nodeEvidence, type Reading } from "../../reading.ts";
import { isAside, isForeign } from "../shared/asides.ts";
import { at, textOf } from "../../formats/node.ts";
import { claimMentions } from "../shared/mentions.ts";
import { claimPins } from "../shared/pins.ts";
import { shellWord } from "../../shell_word.ts";
import { claimCgo } from "./cgo.ts";
import { claimTests } from "./commands.ts";
import { claimImports } from "./frameworks.ts";
import { mainProgram, ownSources, programsOf } from "./programs.ts";
import { GO } from "./sources.ts";
import { PINNING } from "./versions.ts";

const GODEPS = "Godeps/Godeps.json";
/** What managed packages before modules. */
const MANIFESTS = [
  "Gopkg.toml",
  "glide.yaml",
  "vendor.json",
  "vendor/vendor.json",
  GODEPS,
];

/** `"GoVersion": "go1.6"`. */
function claimGodeps(reading: Reading, draft: Draft): void {
  if (!reading.tree.has(GODEPS)) return;
  const node = at(reading.json(GODEPS), "GoVersion");
  const version = textOf(node)?.replace(/^go/, "") ?? "";
  if (node === null || !/^\d/.test(version)) return;
  claim(
    draft,
    "runtimeVersion",
    version,
    "manifest",
    nodeEvidence(GODEPS, node),
  );
}

/** At most one: of the root, or of the one directory there is a program in. */
export function looseDrafts(reading: Reading): Draft[] {
  const { tree } = reading;
  const all = tree.withExtension("go").filter((path) =>
    !isForeign(directoryOf(path)) && !isAside(directoryOf(path))
  );
  const [first] = all;
  if (first === undefined) return [];
  const program = mainProgram(programsOf(reading, ".", all), []);
  const manifest = tree.first(".", MANIFESTS);
  const isOne = manifest === null && program !== null &&
    program.directory !== "." &&
    tree.filesIn(".").every((name) => !name.endsWith(".go"));
  const path = isOne ? program.directory : ".";
  const draft = draftOf({
    path,
    ecosystem: "go",
    role: program === null ? "library" : "application",
    weight: manifest === null ? 1 : 2,
  });
  claim(
    draft,
    "language",
    "go",
    "source",
    fileEvidence(program?.evidence.file ?? first),
  );
  // The go command builds files without a module too.
  claim(draft, "packageManager", "go", "convention", fileEvidence(first));
  claimPins(draft, reading, PINNING);
  claimGodeps(reading, draft);
  claimImports(reading, draft, all);
  if (program !== null) {
    // Without a module there is no `.` to build; named files are one package.
    const prefix = isOne || program.directory === "."
      ? ""
      : `${program.directory}/`;
    const files = program.files.map((file) => shellWord(`${prefix}${file}`))
      .join(" ");
    claim(
      draft,
      "build",
      `go build -o app ${files}`,
      "convention",
      program.evidence,
    );
    claim(draft, "start", "./app", "source", program.evidence);
  }
  // Without a module `./...` means something in a workspace of old alone.
  if (manifest !== null) claimTests(draft, path, all);
  const own = ownSources(path, all);
  claimMentions(reading, draft, own, GO);
  claimCgo(reading, draft, own);
  return [draft];
}
