/**
 * Packages of Gleam, Haskell and OCaml: nixpkgs has them, or their manifest has
 * their checksums. Nothing is left to hash.
 *
 * @module
 */
import { directoryOf, joinPath } from "../../file_tree.ts";
import { type Declared, fromDuneProject } from "../../ecosystems/ocaml/opam.ts";
import { parseSexp } from "../../ecosystems/ocaml/sexp.ts";
import { because, fileEvidence, nearest } from "../facts.ts";
import { nixList, nixPath, nixString } from "../nix_text.ts";
import { type Asked, type Builder, plan } from "./plan.ts";

export const gleam: Builder = ({ application, facts }) => {
  const tools = ["erlang", "rebar3"];
  const lock = nearest(facts, application.path, ["manifest.toml"]);
  if (lock === null) return plan(application.path, { tools });
  const root = directoryOf(lock);
  if (!/^[ \t]{0,80}\{\s{0,80}name\b/m.test(facts.text(lock) ?? "")) {
    return plan(application.path, { tools });
  }
  return plan(root, {
    tools,
    lines: [{
      text:
        `dependencies = procurator.gleamPackages { inherit pkgs; manifest = ${
          nixPath(lock)
        }; };`,
      because: because("Gleam's packages by their checksums", [
        fileEvidence(lock),
      ]),
    }],
  });
};

/** `cabal run notes`, `cabal run exe:notes -- --port 80`, `stack exec ledger-exe`. */
const RUN =
  /^(?:cabal (?:v2-)?(?:run|exec)|stack (?:exec|run))(?: (?:[\w.-]{1,100}:){0,2}([\w.-]{1,100}))?(?: --)?( .{1,500})?$/;

function packagesOf(runtime: string): string {
  return runtime.startsWith("pkgs.haskell.compiler.")
    ? runtime.replace(".compiler.", ".packages.")
    : "pkgs.haskellPackages";
}

/** cabal2nix reads the package; its dependencies are those of nixpkgs. */
export const haskell: Builder = ({ application, runtime, name }: Asked) => {
  const manager = application.packageManager;
  const why = because(
    "nixpkgs' Haskell packages, and the application as one of them",
    manager?.evidence ?? [],
  );
  const made = `(${packagesOf(runtime)}.callCabal2nix ${
    nixString(name)
  } source { })`;
  return plan(application.path, {
    packages: [{
      text: `(pkgs.haskell.lib.compose.dontCheck ${made})`,
      because: why,
    }],
    // Building it with its tests is what runs them.
    testInputs: [made],
    build: () => null,
    test: () => "true",
    start: (command) => {
      const [, program, rest = ""] = RUN.exec(command) ?? [];
      return program === undefined ? command : `${program}${rest}`;
    },
  });
};

/** Of the compiler, of dune, or only told to the solver. */
const NO_PACKAGES = /^(?:ocaml|dune|odoc|conf-.{1,60}|ocamlformat)$/;
const OPAM_NAME = /"([A-Za-z][\w+-]{0,80})"(?=\s{0,9}(?:\{|"|\]|$))/gm;
const MAX_PACKAGES = 200;

function ocamlNames({ application, facts }: Asked): {
  names: string[];
  file: string | null;
} {
  const path = nearest(facts, application.path, ["dune-project"]);
  const declared: Declared = { dependencies: [], ocaml: null, names: [] };
  const root = path === null ? null : parseSexp(facts.text(path) ?? "");
  if (path !== null && root !== null) fromDuneProject(declared, path, root);
  const names = new Set(declared.dependencies.map(({ name }) => name));
  let file = path;
  for (const { file: told } of application.packageManager?.evidence ?? []) {
    if (!told.endsWith(".opam") || names.size > 0) continue;
    const depends = /^depends:\s{0,9}\[([^\]]{0,20000})/m
      .exec(facts.text(told) ?? "")?.[1] ?? "";
    for (const [, name = ""] of depends.matchAll(OPAM_NAME)) names.add(name);
    file = told;
  }
  const own = new Set(declared.names);
  return {
    names: [...names].filter((name) =>
      !own.has(name) && !NO_PACKAGES.test(name)
    ).sort().slice(0, MAX_PACKAGES),
    file,
  };
}

export const opam: Builder = (asked) => {
  const { names, file } = ocamlNames(asked);
  const lock = nearest(asked.facts, asked.application.path, ["dune-project"]);
  const why = because(
    "its dependencies by name, in the versions that nixpkgs has",
    file === null ? [] : [fileEvidence(file)],
  );
  const root = lock === null ? asked.application.path : directoryOf(lock);
  return plan(joinPath(root, ".") ?? root, {
    tools: ["dune_3", "ocamlPackages.findlib"],
    arguments: names.length === 0 ? [] : [{
      text: `buildInputs = procurator.named "OCaml" pkgs.ocamlPackages ${
        nixList(names.map(nixString))
      };`,
      because: why,
    }],
  });
};
