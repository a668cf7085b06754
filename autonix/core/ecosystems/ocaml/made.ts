/**
 * OCaml without dune and opam: a Makefile that calls a compiler, as it was done
 * before them; or a source alone.
 *
 * @module
 */
import { claim, type Draft, draftOf } from "../../draft.ts";
import { directoryOf } from "../../file_tree.ts";
import { fileEvidence, type Reading } from "../../reading.ts";
import { shellWord } from "../../shell_word.ts";
import { isAside, isForeign } from "../shared/places.ts";

const COMPILERS =
  /^(?!#).{0,300}\b(?:ocamlbuild|ocamlfind|ocamlopt|ocamlc)(?:\.opt)?\b/;
/** `ocamlbuild src/main.native` leaves a link beside it; `-o NAME` is a compiler's. */
const PROGRAM =
  /^(?!#).{0,300}(?:\s-o\s{1,4}|\s(?:[\w./-]{1,100}\/)?(?=\w{1,60}\.native\b))([\w./-]{1,100})/;

function draftAt(path: string, weight: 1 | 2): Draft {
  return draftOf({ path, ecosystem: "ocaml", role: "application", weight });
}

function readMakefile(reading: Reading, file: string): Draft | null {
  const compiler = reading.match(file, COMPILERS);
  if (compiler === null) return null;
  const draft = draftAt(directoryOf(file), 2);
  const { evidence } = compiler;
  claim(draft, "language", "ocaml", "manifest", evidence);
  claim(draft, "packageManager", "make", "manifest", fileEvidence(file));
  claim(draft, "build", "make", "convention", fileEvidence(file));
  const program = reading.match(file, PROGRAM);
  const name = program?.value ?? null;
  const isProgram = name !== null && !/\.(?:cm\w{1,3}|o|a|so)$/.test(name);
  claim(
    draft,
    "start",
    isProgram ? shellWord(`./${name}`) : null,
    "source",
    program?.evidence ?? null,
  );
  return draft;
}

/** Projects with a Makefile for OCaml, else the one source of the root. */
export function madeDrafts(reading: Reading): Draft[] {
  const { tree } = reading;
  const sources = tree.withExtension("ml");
  if (sources.length === 0) return [];
  const made = tree.named("Makefile").filter((file) => {
    const directory = directoryOf(file);
    return !isForeign(directory) && !isAside(directory) &&
      tree.below(directory).some((one) => one.endsWith(".ml"));
  }).flatMap((file) => readMakefile(reading, file) ?? []);
  if (made.length > 0) return made;
  const own = tree.filesIn(".").filter((name) => name.endsWith(".ml"));
  const main = own.includes("main.ml") ? "main.ml" : own[0];
  if (main === undefined) return [];
  const draft = draftAt(".", 1);
  claim(draft, "language", "ocaml", "source", fileEvidence(main));
  claim(
    draft,
    "start",
    own.length === 1 ? `ocaml ${shellWord(main)}` : null,
    "convention",
    fileEvidence(main),
  );
  return [draft];
}
