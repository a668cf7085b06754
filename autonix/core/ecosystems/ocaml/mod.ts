/**
 * OCaml: a project is what a dune-project or an .opam file describes; its
 * programs are the `executable` stanzas of the dune files below it.
 *
 * | file      | what                                     |
 * | --------- | ---------------------------------------- |
 * | `sexp.ts` | the syntax of dune                       |
 * | `opam.ts` | dependencies, of dune-project and .opam  |
 * | `made.ts` | what a Makefile builds, as before dune   |
 *
 * @module
 */
import type { EcosystemDetector } from "../../detector.ts";
import { claim, type Draft, draftOf } from "../../draft.ts";
import {
  basenameOf,
  comparePaths,
  directoryOf,
  isWithin,
  joinPath,
} from "../../file_tree.ts";
import { fileEvidence, type Found, type Reading } from "../../reading.ts";
import { shellWord } from "../../shell_word.ts";
import { nearest, relativeTo } from "../shared/owners.ts";
import { claimPins, PIN_FILES } from "../shared/pins.ts";
import {
  isAside,
  type Place,
  placesOf,
  type Sources,
  sourcesOf,
} from "../shared/places.ts";
import {
  claimFound,
  claimFrameworks,
  claimManager,
  claimNative,
  type FrameworkTable,
  type NativeTable,
  weightOf,
} from "../shared/project.ts";
import { scanFiles, type Syntax } from "../shared/source_scan.ts";
import { madeDrafts } from "./made.ts";
import { type Declared, fromDuneProject, fromOpam } from "./opam.ts";
import { atomsOf, parseSexp, type Sexp, stanzas } from "./sexp.ts";

const FRAMEWORKS: FrameworkTable = [
  ["dream", "dream"],
  ["opium", "opium"],
  ["eliom", "eliom"],
  ["ocsigenserver", "ocsigenserver"],
  ["cohttp", "cohttp-lwt-unix", "cohttp-eio", "cohttp-async"],
  ["tiny_httpd", "tiny_httpd"],
  ["yocaml", "yocaml", "yocaml_unix"],
];
const PORTS: ReadonlyMap<string, number> = new Map([["dream", 8080], [
  "opium",
  3000,
]]);
const NATIVE: NativeTable = new Map([
  ["caqti-driver-postgresql", ["postgresql"]],
  ["postgresql", ["postgresql"]],
  ["caqti-driver-sqlite3", ["sqlite"]],
  ["sqlite3", ["sqlite"]],
  ["caqti-driver-mariadb", ["mariadb-connector-c"]],
  ["mariadb", ["mariadb-connector-c"]],
  ["ssl", ["openssl"]],
  ["lwt_ssl", ["openssl"]],
  ["zarith", ["gmp"]],
  ["dream", ["libev", "openssl"]],
  ["conf-libev", ["libev"]],
  ["conf-libssl", ["openssl"]],
  ["conf-libpq", ["postgresql"]],
  ["conf-postgresql", ["postgresql"]],
  ["conf-sqlite3", ["sqlite"]],
  ["conf-gmp", ["gmp"]],
  ["conf-zlib", ["zlib"]],
  ["conf-libcurl", ["curl"]],
  ["conf-libffi", ["libffi"]],
  ["conf-pcre", ["pcre"]],
  ["conf-sdl2", ["SDL2"]],
  ["ocurl", ["curl"]],
  ["camlzip", ["zlib"]],
  ["cairo2", ["cairo"]],
  ["tsdl", ["SDL2"]],
  ["pcre", ["pcre"]],
]);

const OCAML: Syntax = {
  comments: ["(*", "*"],
  hints: ["getenv", "port", "Dream"],
  mentions: [
    { pattern: /\b(?:Sys|Unix)\.getenv\s{1,4}"(\w{1,100})"/g, isNeeded: true },
    {
      pattern: /\b(?:Sys|Unix)\.getenv_opt\s{1,4}"(\w{1,100})"/g,
      isNeeded: false,
    },
    { pattern: /\bSys\.getenv_exn\s{1,4}"(\w{1,100})"/g, isNeeded: true },
  ],
  defaults: [
    /^\s{0,20}\|>\s{0,4}Option\.value\s{1,4}~default:\s{0,4}"([^"\n]{0,200})"/,
    /^\s{1,8}with\s{1,8}Not_found\s{0,4}->\s{0,8}"([^"\n]{0,200})"/,
    /^\s{1,8}with\s{0,20}\|?\s{0,4}Some\s{1,4}\w{1,40}\s{0,4}->[^|]{1,120}\|\s{0,4}None\s{0,4}->\s{0,8}(?:"([^"\n]{0,200})"|(\d{1,12}))/,
  ],
  asking: /\btry\s{1,4}(?:int_of_string\s{0,4}\(?)?$/,
  ports: [
    /~port:\s{0,4}(\d{2,5})\b/,
    /(?:\bApp\.|\|>\s{0,4})port\s{1,4}(\d{2,5})\b/,
    /`Port\s{1,4}(\d{2,5})\b/,
  ],
};

interface Program {
  /** Path of what dune builds, below the project. */
  output: string;
  found: Found;
}

/** Programs that a rule runs: `./gen.exe`, `%{exe:gen.exe}`. */
function calledIn({ atom, items }: Sexp): string[] {
  const name = /^(?:%\{exe:)?([\w./-]{1,200}\.exe)\}?$/.exec(atom ?? "")
    ?.[1];
  return [...name === undefined ? [] : [name], ...items.flatMap(calledIn)];
}

/** Programs of the dune files that belong to a project, those of `bin` first. */
function programsOf(
  reading: Reading,
  path: string,
  places: ReadonlySet<string>,
): { programs: Program[]; tests: Found | null } {
  const programs: Program[] = [];
  const helpers = new Set<string>();
  let tests: Found | null = null;
  for (const file of reading.tree.named("dune")) {
    const directory = directoryOf(file);
    if (!isWithin(directory, path) || nearest(directory, places) !== path) {
      continue;
    }
    const root = parseSexp(reading.tree.text(file) ?? "") ?? [];
    const test = [...stanzas(root, "test"), ...stanzas(root, "tests")][0];
    if (test !== undefined) {
      tests ??= { value: "test", evidence: { file, line: test.line } };
    }
    for (const rule of stanzas(root, "rule")) {
      for (const name of calledIn(rule)) {
        // From the rule's own directory, or from the workspace's by `chdir`.
        for (const from of [directory, path]) {
          helpers.add(joinPath(from, name) ?? name);
        }
      }
    }
    if (isAside(relativeTo(path, directory))) continue;
    for (
      const { items, line } of [
        ...stanzas(root, "executable"),
        ...stanzas(root, "executables"),
      ]
    ) {
      const name = atomsOf(items, "name")[0] ?? atomsOf(items, "names")[0];
      if (name === undefined) continue;
      const within = relativeTo(path, directory);
      programs.push({
        output: `${within === "." ? "" : `${within}/`}${name}.exe`,
        found: { value: name, evidence: { file, line } },
      });
    }
  }
  const rank = ({ output }: Program) =>
    output.startsWith("bin/") ? 0 : output.includes("/") ? 2 : 1;
  // What only writes sources while others are built.
  const own = programs.filter(({ output }) =>
    !helpers.has(joinPath(path, output) ?? output)
  );
  return { programs: own.sort((a, b) => rank(a) - rank(b)), tests };
}

/** `dream` of `dream-httpaf`, `dream-pure`, `dream`: the others are its parts. */
function shortest(names: readonly string[]): string | null {
  return names.toSorted((a, b) =>
    a.length - b.length || comparePaths(a, b)
  )[0] ?? null;
}

function readDuneProject(reading: Reading, file: string): readonly Sexp[] {
  const root = parseSexp(reading.tree.text(file) ?? "");
  if (root === null) {
    reading.report({
      path: file,
      what: "this file",
      why: "its parentheses do not fit",
    });
  }
  return root ?? [];
}

function claimCommands(
  draft: Draft,
  reading: Reading,
  of: { manifest: string; places: ReadonlySet<string> },
): void {
  const manifest = fileEvidence(of.manifest);
  const { programs, tests } = programsOf(reading, draft.path, of.places);
  claim(draft, "install", "opam install . --deps-only", "convention", manifest);
  claim(draft, "build", "dune build", "convention", manifest);
  claim(draft, "test", "dune test", "convention", tests?.evidence ?? null);
  const [program] = programs;
  claim(
    draft,
    "start",
    program === undefined
      ? null
      : shellWord(`./_build/default/${program.output}`),
    "convention",
    program?.found.evidence ?? null,
  );
  if (program === undefined) draft.role = "library";
}

function readProject(
  reading: Reading,
  place: Place,
  of: { sources: Sources; places: ReadonlySet<string> },
): Draft {
  const { path } = place;
  const draft = draftOf({
    path,
    ecosystem: "ocaml",
    role: "application",
    weight: 2,
  });
  const dune = reading.tree.first(path, ["dune-project"]);
  const opams = reading.tree.filesIn(path)
    .filter((name) => name.endsWith(".opam"))
    .flatMap((name) => joinPath(path, name) ?? []);
  const declared: Declared = { dependencies: [], ocaml: null, names: [] };
  const root = dune === null ? [] : readDuneProject(reading, dune);
  if (dune !== null) fromDuneProject(declared, dune, root);
  for (const opam of opams) {
    fromOpam(declared, reading, opam);
    const name = basenameOf(opam).slice(0, -".opam".length);
    if (name !== "" && !declared.names.includes(name)) {
      declared.names.push(name);
    }
  }
  draft.dependencies.push(
    ...declared.dependencies.filter(({ name }) =>
      !declared.names.includes(name)
    ),
  );
  draft.provides.push(...declared.names);
  const manifest = dune ?? opams[0] ?? path;
  const evidence = fileEvidence(manifest);
  const name = atomsOf(root, "name")[0] ?? shortest(declared.names);
  claim(draft, "language", "ocaml", "manifest", evidence);
  claim(draft, "name", name, "manifest", evidence);
  const lock = reading.tree.filesIn(path).find((one) =>
    one.endsWith(".opam.locked")
  );
  claimManager(draft, {
    manager: "opam",
    manifest: fileEvidence(opams[0] ?? manifest),
    lock: lock === undefined ? null : joinPath(path, lock),
  });
  claimPins(draft, reading, { files: [".ocaml-version"], tools: ["ocaml"] });
  claimFound(draft, "runtimeVersion", declared.ocaml);
  const frameworks = claimFrameworks(draft, FRAMEWORKS);
  claimNative(draft, NATIVE);
  claimCommands(draft, reading, { manifest, places: of.places });
  const isWeb = frameworks.length > 0 && draft.role === "application";
  const [framework = ""] = frameworks;
  const used = draft.dependencies.find((one) => one.name === framework);
  claim(
    draft,
    "port",
    isWeb ? PORTS.get(framework) ?? null : null,
    "framework",
    used?.evidence ?? null,
  );
  draft.weight = weightOf(draft, place);
  scanFiles(draft, reading, of.sources.own, { syntax: OCAML });
  return draft;
}

export const ocaml: EcosystemDetector = {
  ecosystem: "ocaml",
  reads: {
    manifests: [
      "dune-project",
      "dune",
      "*.opam",
      ".ocaml-version",
      "Makefile",
      ...PIN_FILES,
    ],
    sources: ["*.ml"],
  },
  detect(reading) {
    const { tree } = reading;
    const dune = tree.named("dune-project");
    if (dune.length === 0 && tree.withExtension("opam").length === 0) {
      return madeDrafts(reading);
    }
    const places = placesOf(
      reading,
      dune.length > 0 ? dune : tree.withExtension("opam"),
    );
    const paths = new Set(places.map(({ path }) => path));
    const sources = sourcesOf(reading, places, {
      extensions: ["ml"],
      isTest: /^test_[\w-]{1,80}\.ml$|_test\.ml$/,
    });
    const drafts = places.map((place) =>
      readProject(reading, place, {
        sources: sources(place.path),
        places: paths,
      })
    );
    // A part of a workspace without packages of its own is no project.
    return drafts.filter(({ path, role, provides }) =>
      role === "application" || provides.length > 0 || path === "." ||
      nearest(directoryOf(path), paths) === null
    );
  },
};
